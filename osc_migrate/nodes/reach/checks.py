"""Checks of connections from one node to another."""

from osc_migrate.checks.check import (
    Check,
    Concern,
    NotChecked,
    Problem,
    Skip,
    judge,
)
from osc_migrate.checks.findings import Fix, Gap, Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread, or_none
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.libvirt import checks as libvirt
from osc_migrate.nodes.libvirt.data_ports import trouble_of_ports
from osc_migrate.nodes.network import routes
from osc_migrate.nodes.network.address import is_own
from osc_migrate.nodes.network.facts import is_address, is_loopback
from osc_migrate.nodes.network.firewall import Ports, open_ports
from osc_migrate.nodes.network.hosts_file import right_name
from osc_migrate.nodes.network.links import mtu_differs
from osc_migrate.nodes.node import PairFacts
from osc_migrate.nodes.node_check import LIVE, of_pair
from osc_migrate.nodes.reach import sftp, ssh
from osc_migrate.nodes.reach.facts import ConnectOutcome, TriedPort
from osc_migrate.nodes.reach.route import is_unreachable, require_route
from osc_migrate.nodes.tls import checks as tls
from osc_migrate.text import paste, printable


@of_pair()
def destination_name_resolves(pair: PairFacts) -> str:
    """The source finds the destination's own addresses under its name.

    Only names that Nova uses: the destination's live_migration_inbound_addr,
    or else its host name (nova/virt/libvirt/driver.py,
    _live_migration_operation), and what files are copied to.
    """
    config_of(pair.source), config_of(pair.destination)
    reach = pair.reach
    targets = [reach.connect, routes.libvirt_host(reach.uri), reach.copy]
    names = [w for w in dict.fromkeys(targets) if w and not is_address(w)]
    for name in names:
        problem = _name_problem(pair, name)
        if problem:
            raise Problem(
                problem, *right_name(pair.source, pair.destination, name)
            )
    if not names:
        return f"it is an address: {reach.connect}"
    return "; ".join(f"{n}: {', '.join(reach.names[n])}" for n in names)


def _name_problem(pair: PairFacts, name: str) -> str:
    """Return what is wrong with a name on the source, or ''.

    :raises Skip: the destination's own checks report it.
    """
    source, destination = pair.source, pair.destination
    resolved = pair.reach.names.get(name)
    if resolved is None:
        raise Unread(f"{name} was not looked up on {source.name}")
    if not resolved:
        return f"{name} does not resolve on {source.name}"
    destination_addresses = destination.network.own
    wrong_addresses = [
        a for a in resolved if a not in destination_addresses or is_loopback(a)
    ]
    if not wrong_addresses:
        return ""
    resolved_there = or_none(lambda: destination.network.names.get(name)) or ()
    if set(resolved) == set(resolved_there) and not is_own(destination, name):
        raise Skip(f"it is the same on {destination.name}: see its checks")
    shown = ", ".join(resolved)
    if any(map(is_loopback, wrong_addresses)):
        return f"{name} is {shown} on {source.name}: that is itself"
    if set(wrong_addresses) & source.network.own:
        return f"{name} is {shown} on {source.name}: that is its own address"
    return (
        f"{name} is {shown} on {source.name}, but"
        f" {', '.join(wrong_addresses)} is not an address of"
        f" {destination.name}"
    )


@of_pair()
def destination_is_reachable(pair: PairFacts) -> str:
    """Packets get from the source to the destination.

    Where no port answers and no ping, the cause is not one rule but a route,
    a cable or a VLAN.
    """
    require_route(pair)
    if not is_unreachable(pair):
        return pair.reach.connect
    connect = pair.reach.connect
    raise Problem(
        f"{pair.source.name} cannot reach {connect}: no ping, no"
        " port of libvirt, QEMU or ssh",
        f"on {pair.source.name}: ip route get {paste(connect)}; ping -c1"
        f" {paste(connect)}; look for a route that is blackhole or leads"
        " elsewhere (ip route del), then for switch, VLAN and cable",
    )


@of_pair(LIVE)
def destination_libvirt_port_is_open(pair: PairFacts) -> str:
    """The source reaches the port of the destination's libvirt."""
    require_route(pair)
    port = pair.reach.libvirt
    if port is None:
        raise Skip(f"{routes.transport(pair.reach.uri)} needs no port")
    if port.outcome is ConnectOutcome.OPEN:
        return str(port)
    _skip_if_explained(pair)
    # If both are closed, open them together: it is the same firewall.
    ports: list[Ports] = [port.port]
    data = or_none(lambda: pair.reach.data) or ()
    closed = [p for p in data if p.outcome is not ConnectOutcome.OPEN]
    if closed and pair.reach.listened:
        ports.append(pair.reach.data_range)
    raise Problem(
        str(port) + ("; so are those of the data" if len(ports) > 1 else ""),
        *_firewall_fix(pair, port, ports),
    )


def _skip_if_explained(pair: PairFacts) -> None:
    """:raises Skip: another check reports why the port is closed."""
    if is_unreachable(pair):
        raise Skip("see destination-is-reachable")
    port = pair.reach.libvirt
    if (
        port
        and port.outcome is ConnectOutcome.REFUSED
        and _not_listening(pair, port)
    ):
        raise Skip(f"see libvirt-listens of {pair.destination.name}")


def _not_listening(pair: PairFacts, port: TriedPort) -> bool:
    """Nothing on the destination listens there, as its checks report."""
    listeners = or_none(lambda: pair.destination.libvirt.listeners)
    if listeners is None:
        return False
    address = _resolved_address(pair, port)
    return not any(
        listener.port == port.port and listener.hears(address)
        for listener in listeners
    )


def _skip_if_daemon_or_tls_fails(pair: PairFacts) -> None:
    """:raises Skip: a check of libvirt or TLS reports the cause."""
    findings = judge((*libvirt.NODE, *tls.NODE), pair.destination, Kind.LIVE)
    all_findings = [*findings, *judge(tls.NODE, pair.source, Kind.LIVE)]
    all_findings += judge(tls.PAIR, pair, Kind.LIVE)
    for finding in all_findings:
        if finding.status is Status.FAIL:
            raise Skip(f"see {finding.check} of {finding.subject}")


def _resolved_address(pair: PairFacts, port: TriedPort) -> str:
    """Where it is, as the source resolves it."""
    addresses = pair.reach.names.get(port.host, ())
    return addresses[0] if addresses else port.host


def _firewall_fix(
    pair: PairFacts, port: TriedPort, ports: list[Ports]
) -> tuple[str, *tuple[Fix, ...]]:
    to = _resolved_address(pair, port)
    return open_ports(pair.source, pair.destination, to, ports)


@of_pair(LIVE)
def destination_data_ports_are_open(pair: PairFacts) -> str:
    """The source reaches the ports where guests arrive at the destination.

    QEMU listens on one of qemu.conf's migration_port_min to _max for the
    memory, and on another for each disk that is copied; here a listener was
    opened on the lowest and the highest that are free, and on three between.
    """
    reach = pair.reach
    if config_of(pair.source).flag("libvirt", "live_migration_tunnelled"):
        raise Skip("the data go through libvirt (live_migration_tunnelled)")
    require_route(pair)
    if reach.libvirt and reach.libvirt.outcome is not ConnectOutcome.OPEN:
        raise Skip("see destination-libvirt-port-is-open")
    if is_unreachable(pair):
        raise Skip("see destination-is-reachable")
    if trouble_of_ports(pair.destination.libvirt):
        raise Skip(f"see migration-ports-are-sane of {pair.destination.name}")
    if not reach.data:
        raise Unread("no data port was tried")
    low, *others = (*reach.data, reach.data[-1])
    closed = [
        port for port in others if port.outcome is not ConnectOutcome.OPEN
    ]
    span = reach.data_range
    shown = f"{span[0]}-{span[1]}"
    if low.outcome is ConnectOutcome.REFUSED and not reach.listened:
        raise NotChecked(
            "not tried with a listener: read-only was requested",
            Gap("data ports", "--nodes without --read-only checks them"),
        )
    if low.outcome is not ConnectOutcome.OPEN:
        raise Problem(
            f"{low}, of the range {shown}", *_firewall_fix(pair, low, [span])
        )
    if closed:
        raise Concern(
            f"{low}, but {closed[0]}, of the range {shown}: a move that gets a"
            " port beyond what is open fails",
            *_firewall_fix(pair, closed[0], [span]),
        )
    return f"{low.port} and {others[-1].port} of {shown}"


@of_pair(LIVE)
def destination_libvirt_answers(pair: PairFacts) -> str:
    """The destination's libvirt answers the source, by the URI of Nova.

    The source's libvirt opens that connection (VIR_MIGRATE_PEER2PEER), as
    root: nova/virt/libvirt/guest.py, migrate.
    """
    require_route(pair)
    reach = pair.reach
    uri, port = reach.uri, reach.libvirt
    if port and port.outcome is not ConnectOutcome.OPEN:
        raise Skip("see destination-libvirt-port-is-open")
    if is_unreachable(pair):
        raise Skip("see destination-is-reachable")
    attempt = reach.virsh
    if attempt is None:
        raise Unread(f"{uri} was not tried")
    if attempt.status == 0:
        return f"{uri}: {printable(attempt.output, 80)}"
    if attempt.status in (126, 127):
        raise Unread(f"{pair.source.name} itself has no virsh to try {uri}")
    _skip_if_daemon_or_tls_fails(pair)
    message = printable(attempt.output.removeprefix("error: "), 300)
    by_hand = f"on {pair.source.name} as root: virsh -c '{uri}' hostname"
    if attempt.status in (124, 137):
        raise Problem(
            f"{uri} accepts the connection but does not answer within 20 s",
            f"on {pair.destination.name}: systemctl status libvirtd"
            f" virtproxyd virtqemud; then {by_hand}",
        )
    if routes.transport(uri) == "ssh":
        raise Problem(
            f"{uri}: {message}",
            f"let root of {pair.source.name} log in there over SSH"
            " non-interactively (key in authorized_keys, host key in"
            f" /root/.ssh/known_hosts); then {by_hand}",
        )
    raise Problem(
        f"{uri}: {message}",
        f"see libvirt's log on {pair.destination.name} (journalctl -u"
        f" libvirtd -u virtproxyd); then {by_hand}",
    )


@of_pair()
def migration_path_carries_full_packets(pair: PairFacts) -> str:
    """Packets as large as the source sends them arrive unbroken.

    Where larger ones vanish without a word on the way, a connection opens
    and then stands still: the copy never ends.
    """
    require_route(pair)
    if is_unreachable(pair):
        raise Skip("see destination-is-reachable")
    packet = pair.reach.packet
    if packet is None:
        raise NotChecked(
            "the destination does not answer pings",
            Gap("packet size", "permit pings to the destination, then repeat"),
        )
    size, arrived = packet
    packet_size = size + (48 if ":" in pair.reach.connect else 28)
    if arrived:
        return f"{packet_size} bytes"
    if mtu_differs(pair.source, pair.destination):
        raise Skip("see mtu-agrees")
    raise Problem(
        f"a ping of {packet_size} bytes from {pair.source.name} to"
        f" {pair.reach.connect} is lost, a small one is not",
        "find the device between them with a lower MTU (tracepath -n"
        f" {paste(pair.reach.connect)}), and raise it, or lower both"
        " interfaces' (ip link set DEV mtu N)",
    )


NODE: tuple[Check, ...] = ()
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = (
    destination_name_resolves,
    destination_is_reachable,
    destination_libvirt_port_is_open,
    destination_libvirt_answers,
    destination_data_ports_are_open,
    ssh.nova_can_ssh,
    sftp.nova_can_copy_by_sftp,
    migration_path_carries_full_packets,
)
CLUSTER: tuple[Check, ...] = ()
