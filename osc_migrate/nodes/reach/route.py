"""Whether checks of a connection between two nodes apply."""

from osc_migrate.checks.check import Skip
from osc_migrate.facts import or_none
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.network import routes
from osc_migrate.nodes.network.address import is_own
from osc_migrate.nodes.network.facts import is_address, is_loopback
from osc_migrate.nodes.network.links import inbound_is_up
from osc_migrate.nodes.node import PairFacts
from osc_migrate.nodes.reach.facts import ConnectOutcome

_NO_ANSWER = (ConnectOutcome.SILENT, ConnectOutcome.UNREACHABLE)


def require_route(pair: PairFacts) -> None:
    """Require that the source connects to the destination.

    :raises Skip: it does not, which other checks report.
    """
    reach, destination = pair.reach, pair.destination
    # Without the configuration, the address to try is unknown.
    config_of(pair.source), config_of(destination)
    targets = {reach.connect, routes.libvirt_host(reach.uri)} - {""}
    for target in targets:
        if is_address(target):
            if not is_own(destination, target):
                raise Skip(
                    f"{target} is not {destination.name}: see"
                    " inbound-address-is-local there"
                )
        else:
            addresses = reach.names.get(target, ())
            destination_addresses = destination.network.own
            if not addresses or any(
                a not in destination_addresses or is_loopback(a)
                for a in addresses
            ):
                raise Skip("see destination-name-resolves")
    if not inbound_is_up(destination):
        raise Skip(f"see interface-is-up of {destination.name}")


def is_unreachable(pair: PairFacts) -> bool:
    """Return whether nothing at all reaches the destination."""
    reach = pair.reach
    if or_none(lambda: reach.packet) is not None:
        return False
    ports = [
        or_none(lambda: reach.libvirt),
        *(or_none(lambda: reach.data) or ()),
    ]
    tried_ports = [port for port in ports if port]
    ssh_output = or_none(lambda: reach.nova_ssh.output) or ""
    silent = "connect to host" in ssh_output and "refused" not in ssh_output
    return (
        bool(tried_ports)
        and silent
        and all(p.outcome in _NO_ANSWER for p in tried_ports)
    )
