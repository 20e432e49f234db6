"""Whether the way from a node to another is worth a closer look."""

from osc_migrate.checks.check import Skip
from osc_migrate.facts import known
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.network import routes
from osc_migrate.nodes.network.address import is_own
from osc_migrate.nodes.network.facts import is_address, is_loopback
from osc_migrate.nodes.network.links import inbound_is_up
from osc_migrate.nodes.node import PairFacts
from osc_migrate.nodes.reach.facts import Outcome

_NOWHERE = (Outcome.SILENT, Outcome.UNREACHABLE)


def led(pair: PairFacts) -> None:
    """:raises Skip: what the source connects to is not the destination, as
    other checks say."""
    reach, destination = pair.reach, pair.destination
    # Without it, nobody knows where to try.
    config_of(pair.source), config_of(destination)
    words = {reach.connect, routes.libvirt_host(reach.uri)} - {""}
    for word in words:
        if is_address(word):
            if not is_own(destination, word):
                raise Skip(
                    f"{word} is not {destination.name}: see"
                    " inbound-address-is-local there"
                )
        else:
            found = reach.names.get(word, ())
            own = destination.network.own
            if not found or any(a not in own or is_loopback(a) for a in found):
                raise Skip("see destination-name-resolves")
    if not inbound_is_up(destination):
        raise Skip(f"see interface-is-up of {destination.name}")


def lost(pair: PairFacts) -> bool:
    """Nothing at all gets from the source to the destination."""
    reach = pair.reach
    if known(lambda: reach.packet) is not None:
        return False
    ports = [known(lambda: reach.libvirt), *(known(lambda: reach.data) or ())]
    tried = [port for port in ports if port]
    said = known(lambda: reach.nova_ssh.said) or ""
    silent = "connect to host" in said and "refused" not in said
    return bool(tried) and silent and all(p.outcome in _NOWHERE for p in tried)
