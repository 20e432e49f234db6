"""Checks of the ports for incoming migrations in qemu.conf."""

from collections import Counter

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.checks.script import PortArgument, by_type
from osc_migrate.nodes.libvirt.facts import Libvirt, Listener
from osc_migrate.nodes.libvirt.transport import (
    inbound,
    start,
    verdict_with_fix,
)
from osc_migrate.nodes.majority import majority
from osc_migrate.nodes.node import ClusterFacts, NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_cluster, of_node
from osc_migrate.text import command

# A block migration needs two: memory, and the disks (NBD). A host that is
# drained sends several guests at once.
ENOUGH = 8
# The range in Nova's documentation of live migration.
NOVA_PORT_RANGE = (49152, 49261)


def runs(libvirt: Libvirt) -> bool:
    """Return whether it runs, or systemd starts it through its socket."""
    socket = libvirt.unit(f"{libvirt.daemon}.socket")
    return libvirt.daemon in libvirt.processes or socket.active == "active"


def trouble_of_ports(libvirt: Libvirt) -> str:
    """Return why QEMU's driver refuses qemu.conf (qemu_conf.c), or ''."""
    try:
        first, last = libvirt.ports
    except ValueError:
        return "migration_port_min or migration_port_max is not a number"
    if first > last:
        return f"migration_port_min {first} is above _max {last}"
    if not 0 < first <= last < 65536:
        return f"{first}-{last} is not a range of ports"
    return ""


def refused(libvirt: Libvirt) -> str:
    """Return why libvirt does not start with its qemu.conf, or ''."""
    address = libvirt.qemu.get("migration_address", "")
    if address and _loopback(address):
        return f"migration_address {address}"
    return trouble_of_ports(libvirt)


def _loopback(address: str) -> bool:
    return address.startswith(("127.", "localhost")) or address == "::1"


def _restart_parts(
    node: NodeFacts, lines: list[str]
) -> tuple[list[str], tuple[str, ...]]:
    """Return lines and units for verdict_with_fix().

    A restart alone does not recover sockets that failed with the daemon.
    """
    libvirt = node.libvirt
    if libvirt.daemon in libvirt.processes:
        return lines, (libvirt.daemon,)
    return [*lines, *start(node)], ()


@of_node(LIVE)
def migration_ports_are_sane(node: NodeFacts) -> str:
    """QEMU has enough ports to take guests in."""
    libvirt = node.libvirt
    trouble = trouble_of_ports(libvirt)
    file = libvirt.qemu_file
    lines = [
        command("conf_set", file, f"migration_port_{end}", value)
        for end, value in zip(("min", "max"), NOVA_PORT_RANGE, strict=True)
    ]
    if trouble:
        detail = f"{trouble}: libvirt does not start with that"
        raise verdict_with_fix(
            Problem, detail, node, *_restart_parts(node, lines)
        )
    first, last = libvirt.ports
    count = last - first + 1
    if count < ENOUGH:
        detail = f"only {count} of them: {first}-{last}, as {file} has it"
        raise verdict_with_fix(Concern, detail, node, lines, (libvirt.daemon,))
    return f"{first}-{last}"


@of_node(LIVE)
def migration_ports_are_free(node: NodeFacts) -> str:
    """Others hold few of the ports for migrations.

    GlusterFS starts at 49152, too (its base-port).
    """
    libvirt = node.libvirt
    if trouble_of_ports(libvirt):
        raise Skip("reported by migration-ports-are-sane")
    first, last = libvirt.ports
    occupied = {
        listener.port: listener.process
        for listener in libvirt.listeners
        # Guests that are arriving.
        if first <= listener.port <= last
        and not listener.process.startswith("qemu")
    }
    count = last - first + 1
    free = count - len(occupied)
    holders = Counter(
        name or "an unnamed process" for name in occupied.values()
    )
    top_holders = ", ".join(
        f"{name} {n}" for name, n in holders.most_common(3)
    )
    if not occupied:
        return f"all of {first}-{last}"
    detail = f"{free} of {first}-{last} are free; held by {top_holders}"
    if free >= min(ENOUGH, count):
        return detail
    remedy = (
        f"let {next(iter(holders))} use other ports; or, on all nodes, choose"
        " another range for migration_port_min and migration_port_max in"
        f" {libvirt.qemu_file}, open it in the firewalls, and systemctl"
        f" restart {libvirt.daemon}"
    )
    raise (Concern if free else Problem)(detail, remedy)


@of_node(LIVE)
def migration_address_is_reachable(node: NodeFacts) -> str:
    """QEMU takes guests in on the address that Nova names."""
    libvirt = node.libvirt
    address = libvirt.qemu.get("migration_address", "").strip("[]")
    if not address:
        return "on any address"
    inbound_address = inbound(node)
    port = Listener("*" if address == "::" else address, 0)
    if port.hears(inbound_address):
        return f"on {address}"
    line = command(
        *("line_drop", libvirt.qemu_file),
        "^[[:space:]]*migration_address[[:space:]]*=",
    )
    raise verdict_with_fix(
        Problem,
        f"migration_address is {address}, but other nodes connect to"
        f" {inbound_address}",
        node,
        *_restart_parts(node, [line]),
    )


@of_cluster(LIVE)
def migration_ports_agree(cluster: ClusterFacts) -> str:
    """All nodes take guests in on the same ports, as firewalls expect."""
    nodes = [node for node in cluster.computes if node.libvirt.daemon]
    if any(trouble_of_ports(node.libvirt) for node in nodes):
        raise Skip("reported by migration-ports-are-sane")
    if not nodes:
        raise Skip("no node has libvirt")
    # Ranges that are too small are reported by another check.
    agreed_range = majority(
        {n.name: n.libvirt.ports for n in nodes}, usual=(NOVA_PORT_RANGE,)
    )
    small = agreed_range[1] - agreed_range[0] + 1 < ENOUGH
    deviating = [node for node in nodes if node.libvirt.ports != agreed_range]
    if not deviating:
        return f"{agreed_range[0]}-{agreed_range[1]}"
    if small or any(_has_few_ports(node.libvirt) for node in deviating):
        raise Skip("reported by migration-ports-are-sane")
    fixes: list[Fix] = []
    remedies = []
    for node in deviating:
        lines = [
            command(
                *("conf_set", node.libvirt.qemu_file),
                *(f"migration_port_{end}", PortArgument(value)),
            )
            for end, value in zip(("min", "max"), agreed_range, strict=True)
        ]
        verdict = verdict_with_fix(
            Concern, "", node, lines, (node.libvirt.daemon,)
        )
        fixes += [
            fix.resting_on(
                "other nodes",
                vouched=by_type(*map(PortArgument, agreed_range)),
            )
            for fix in verdict.fixes
        ]
        remedies.append(verdict.remedy)
    raise Concern(
        ", ".join(
            f"{node.name} has {'-'.join(map(str, node.libvirt.ports))}"
            for node in deviating
        )
        + f"; the others {agreed_range[0]}-{agreed_range[1]}",
        "; ".join(remedies),
        *fixes,
    )


def _has_few_ports(libvirt: Libvirt) -> bool:
    first, last = libvirt.ports
    return last - first + 1 < ENOUGH


NODE: tuple[Check, ...] = (
    migration_ports_are_sane,
    migration_ports_are_free,
    migration_address_is_reachable,
)
CLUSTER: tuple[Check, ...] = (migration_ports_agree,)
