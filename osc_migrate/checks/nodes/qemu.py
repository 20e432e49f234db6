"""Checks of QEMU: its ports for migrations, its version, what it knows."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.nodes.scope import (
    LIVE,
    of_cluster,
    of_node,
    of_pair,
)
from osc_migrate.checks.nodes.transport import inbound, mend
from osc_migrate.model.findings import Fix
from osc_migrate.model.node import ClusterFacts, NodeFacts, PairFacts
from osc_migrate.model.node.libvirt import Libvirt, Listener
from osc_migrate.words import command, paste

# Two a move that copies disks: memory, and the disks (NBD). A host that is
# emptied sends several at once.
ENOUGH = 8
# The range of Nova's own page on live migration.
USUAL = (49152, 49261)


def runs(libvirt: Libvirt) -> bool:
    """Itself, or systemd waits for somebody to speak to it."""
    socket = libvirt.unit(f"{libvirt.daemon}.socket")
    return libvirt.daemon in libvirt.processes or socket.active == "active"


def _answers(*nodes: NodeFacts) -> None:
    """
    :raises Skip: libvirt of one of them is silent, as libvirt-answers says.
    """
    for node in nodes:
        libvirt = node.libvirt
        if libvirt.trouble or not libvirt.daemon:
            raise Skip(f"libvirt on {node.name} does not answer")


def trouble_of_ports(libvirt: Libvirt) -> str:
    """Why QEMU's driver refuses qemu.conf (qemu_conf.c); empty if not."""
    try:
        first, last = libvirt.ports
    except ValueError:
        return "migration_port_min or migration_port_max is no number"
    if first > last:
        return f"migration_port_min {first} is above _max {last}"
    if not 0 < first <= last < 65536:
        return f"{first}-{last} are no ports"
    return ""


@of_node(LIVE)
def migration_ports_are_sane(node: NodeFacts) -> str:
    """QEMU has enough ports to take guests in."""
    libvirt = node.libvirt
    trouble = trouble_of_ports(libvirt)
    file = libvirt.qemu_file
    lines = [
        command("conf_set", file, f"migration_port_{end}", value)
        for end, value in zip(("min", "max"), USUAL, strict=True)
    ]
    if trouble:
        said = f"{trouble}: libvirt runs no QEMU with that"
        raise mend(Problem, said, node, lines, (libvirt.daemon,))
    first, last = libvirt.ports
    count = last - first + 1
    if count < ENOUGH:
        said = f"only {count} of them: {first}-{last}, as {file} has it"
        raise mend(Concern, said, node, lines, (libvirt.daemon,))
    return f"{first}-{last}"


@of_node(LIVE)
def migration_ports_are_free(node: NodeFacts) -> str:
    """Others hold few of the ports for migrations.

    GlusterFS starts at 49152, too (its base-port).
    """
    libvirt = node.libvirt
    if trouble_of_ports(libvirt):
        raise Skip("migration-ports-are-sane says what is wrong")
    first, last = libvirt.ports
    taken = {
        one.port: one.process
        for one in libvirt.listeners
        # Guests that arrive now.
        if first <= one.port <= last and not one.process.startswith("qemu")
    }
    count = last - first + 1
    free = count - len(taken)
    holders = Counter(name or "somebody" for name in taken.values())
    held = ", ".join(f"{name} {n}" for name, n in holders.most_common(3))
    if not taken:
        return f"all of {first}-{last}"
    said = f"{free} of {first}-{last} are free; held by {held}"
    if free >= min(ENOUGH, count):
        return said
    remedy = (
        f"let {next(iter(holders))} use other ports; or, on all nodes, choose"
        " another range for migration_port_min and migration_port_max in"
        f" {libvirt.qemu_file}, open it in the firewalls, and systemctl"
        f" restart {libvirt.daemon}"
    )
    raise (Concern if free else Problem)(said, remedy)


@of_node(LIVE)
def migration_address_is_reachable(node: NodeFacts) -> str:
    """QEMU takes guests in on the address that Nova names."""
    libvirt = node.libvirt
    address = libvirt.qemu.get("migration_address", "").strip("[]")
    if not address:
        return "on any address"
    wanted = inbound(node)
    port = Listener("*" if address == "::" else address, 0)
    if port.hears(wanted):
        return f"on {address}"
    raise mend(
        Problem,
        f"migration_address is {address}, and the others are told {wanted}",
        node,
        [
            command(
                *("line_drop", libvirt.qemu_file),
                "^[[:space:]]*migration_address[[:space:]]*=",
            )
        ],
        (libvirt.daemon,),
    )


@of_pair(LIVE)
def destination_has_as_new_a_qemu(pair: PairFacts) -> str:
    """The destination's QEMU is not older than the source's.

    Nova refuses it (nova/conductor/tasks/live_migrate.py,
    DestinationHypervisorTooOld), unless told not to.
    """
    _answers(pair.source, pair.destination)
    here = pair.source.libvirt.qemu_version
    there = pair.destination.libvirt.qemu_version
    said = f"QEMU {_dotted(here)} -> {_dotted(there)}"
    if here <= there:
        return said
    newer = f"bring {pair.destination.name} to QEMU {_dotted(here)} or newer"
    remedy = f"{newer}: {_upgrade(pair.destination)}"
    if pair.source.config.flag(
        "workarounds", "skip_hypervisor_version_check_on_lm"
    ):
        raise Concern(f"{said}; Nova is told not to look", remedy)
    raise Problem(said, remedy)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _upgrade(node: NodeFacts) -> str:
    if node.system.red_hat:
        return "dnf upgrade 'qemu-kvm*' 'libvirt*', there"
    return (
        "apt-get update; apt-get install --only-upgrade qemu-system-x86"
        " libvirt-daemon-system, there"
    )


@of_pair(LIVE)
def hosts_have_equal_qemu(pair: PairFacts) -> str:
    """Both hosts have the same QEMU, so that servers can go back, too."""
    _answers(pair.source, pair.destination)
    here = pair.source.libvirt.qemu_version
    there = pair.destination.libvirt.qemu_version
    if here > there:
        raise Skip("destination-has-as-new-a-qemu says what is wrong")
    if here == there:
        return f"QEMU {_dotted(here)}"
    raise Concern(
        f"QEMU {_dotted(here)} -> {_dotted(there)}: what goes there does not"
        " come back",
        f"bring {pair.source.name} to QEMU {_dotted(there)}:"
        f" {_upgrade(pair.source)}",
    )


@of_pair(LIVE)
def destination_has_as_new_a_libvirt(pair: PairFacts) -> str:
    """The destination's libvirt is not older than the source's.

    It may refuse what it does not know of a guest (libvirt, migration.html).
    """
    _answers(pair.source, pair.destination)
    here = pair.source.libvirt.version
    there = pair.destination.libvirt.version
    said = f"libvirt {_dotted(here)} -> {_dotted(there)}"
    if here <= there:
        return said
    raise Concern(
        said,
        f"bring {pair.destination.name} to libvirt {_dotted(here)} or newer:"
        f" {_upgrade(pair.destination)}",
    )


@of_pair(LIVE)
def destination_knows_machine_type(pair: PairFacts) -> str:
    """QEMU on the destination knows the machine types of the source.

    Those of guests that are there, and those that new ones get.
    """
    _answers(pair.source, pair.destination)
    here, there = pair.source.libvirt, pair.destination.libvirt
    used = here.machines_used - there.machines
    if used:
        raise Problem(
            f"servers on {pair.source.name} have {_some(used)}, which"
            f" {pair.destination.name} does not know",
            f"{_upgrade(pair.destination)}, or choose another host; set"
            " hw_machine_type to one that all know, for servers to come",
        )
    if here.qemu_version > there.qemu_version:
        raise Skip("destination-has-as-new-a-qemu says what is wrong")
    new = set(here.aliases.values()) - there.machines
    if new:
        raise Concern(
            f"new servers on {pair.source.name} get {_some(new)}, which"
            f" {pair.destination.name} does not know",
            "set [libvirt]hw_machine_type in nova.conf of all nodes to one"
            f" that all know; or on {pair.destination.name}:"
            f" {_upgrade(pair.destination)}",
        )
    return f"{len(here.machines_used)} in use, and the defaults"


def _some(names: set[str] | frozenset[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return ", ".join(shown[:3]) + more


@of_pair(LIVE)
def destination_has_the_security_driver(pair: PairFacts) -> str:
    """libvirt on the destination has the security driver of the source.

    A guest takes its model along: 'Unable to find security driver for
    model selinux' (libvirt, security_manager.c).
    """
    _answers(pair.source, pair.destination)
    here = pair.source.libvirt.security
    lacking = here - pair.destination.libvirt.security - {"dac"}
    if not lacking:
        return ", ".join(sorted(here)) or "none"
    model = _some(lacking)
    raise Problem(
        f"guests of {pair.source.name} are confined by {model}, which"
        f" {pair.destination.name} has not",
        f"on {pair.destination.name}: enable {model} in the kernel, then"
        f" systemctl restart {pair.destination.libvirt.daemon}",
    )


@of_cluster(LIVE)
def host_uuids_differ(cluster: ClusterFacts) -> str:
    """libvirt's UUID of each host is its own.

    'Attempt to migrate guest to the same host' otherwise (libvirt,
    qemu_migration_cookie.c).
    """
    twins = _twins(cluster, lambda node: node.libvirt.host_uuid)
    if not twins:
        return "all differ"
    fixes: list[Fix] = []
    words = []
    for node in twins:
        own = uuid.uuid5(uuid.NAMESPACE_DNS, node.name)
        line = command(
            "conf_set", node.libvirt.daemon_file, "host_uuid", f'"{own}"'
        )
        verdict = mend(Problem, "", node, [line], (node.libvirt.daemon,))
        fixes += verdict.fixes
        words.append(verdict.remedy)
    raise Problem(
        f"{', '.join(node.name for node in twins)}: the UUID of another host"
        f" ({twins[0].libvirt.host_uuid})",
        "; ".join(words),
        *fixes,
    )


def _twins(
    cluster: ClusterFacts, tell: Callable[[NodeFacts], str]
) -> list[NodeFacts]:
    """Nodes that tell what one before them told; the silent ones aside."""
    told = defaultdict(list)
    for node in cluster.computes:
        if node.libvirt.daemon and not node.libvirt.trouble and tell(node):
            told[tell(node)].append(node)
    return [node for nodes in told.values() for node in nodes[1:]]


@of_cluster(LIVE)
def machine_ids_differ(cluster: ClusterFacts) -> str:
    """The nodes are no copies of one another with one machine-id.

    libvirt makes its UUID of it where host_uuid_source says so, DHCP and
    the journal tell machines apart by it (machine-id(5)).
    """
    if _twins(cluster, lambda node: node.libvirt.host_uuid):
        raise Skip("host-uuids-differ says what is wrong")
    twins = _twins(cluster, lambda node: node.libvirt.machine_id)
    if not twins:
        return "all differ"
    names = ", ".join(paste(node.name) for node in twins)
    raise Concern(
        f"{names}: the /etc/machine-id of another node",
        f"on {names}: rm -f /etc/machine-id /var/lib/dbus/machine-id;"
        " systemd-machine-id-setup; then reboot when it is empty",
    )


@of_cluster(LIVE)
def migration_ports_agree(cluster: ClusterFacts) -> str:
    """All nodes take guests in on the same ports, as firewalls expect."""
    nodes = [node for node in cluster.computes if node.libvirt.daemon]
    if any(trouble_of_ports(node.libvirt) for node in nodes):
        raise Skip("migration-ports-are-sane says what is wrong")
    counted = Counter(node.libvirt.ports for node in nodes)
    if not counted:
        raise Skip("no node has libvirt")
    # Ranges that are too small are named by another check.
    usual = max(counted, key=lambda ports: (counted[ports], ports[1]))
    small = usual[1] - usual[0] + 1 < ENOUGH
    odd = [node for node in nodes if node.libvirt.ports != usual]
    if not odd:
        return f"{usual[0]}-{usual[1]}"
    if small or any(_few(node.libvirt) for node in odd):
        raise Skip("migration-ports-are-sane says what is wrong")
    fixes: list[Fix] = []
    words = []
    for node in odd:
        lines = [
            command(
                *("conf_set", node.libvirt.qemu_file),
                *(f"migration_port_{end}", value),
            )
            for end, value in zip(("min", "max"), usual, strict=True)
        ]
        verdict = mend(Concern, "", node, lines, (node.libvirt.daemon,))
        fixes += verdict.fixes
        words.append(verdict.remedy)
    raise Concern(
        ", ".join(
            f"{node.name} has {'-'.join(map(str, node.libvirt.ports))}"
            for node in odd
        )
        + f"; the others {usual[0]}-{usual[1]}",
        "; ".join(words),
        *fixes,
    )


def _few(libvirt: Libvirt) -> bool:
    first, last = libvirt.ports
    return last - first + 1 < ENOUGH


NODE: tuple[Check, ...] = (
    migration_ports_are_sane,
    migration_ports_are_free,
    migration_address_is_reachable,
)
PAIR: tuple[Check, ...] = (
    destination_has_as_new_a_qemu,
    hosts_have_equal_qemu,
    destination_has_as_new_a_libvirt,
    destination_knows_machine_type,
    destination_has_the_security_driver,
)
CLUSTER: tuple[Check, ...] = (
    host_uuids_differ,
    machine_ids_differ,
    migration_ports_agree,
)
