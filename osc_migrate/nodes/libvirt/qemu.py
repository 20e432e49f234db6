"""Checks of QEMU on two hosts: version, machine types, host identity."""

import uuid
from collections import defaultdict
from collections.abc import Callable

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.libvirt.transport import verdict_with_fix
from osc_migrate.nodes.node import ClusterFacts, NodeFacts, PairFacts
from osc_migrate.nodes.node_check import LIVE, of_cluster, of_pair
from osc_migrate.text import command, listed, paste


def _answers(*nodes: NodeFacts) -> None:
    """Require an answer of libvirt on both nodes.

    :raises Skip: one does not answer, which libvirt-answers reports.
    """
    for node in nodes:
        libvirt = node.libvirt
        if libvirt.trouble or not libvirt.daemon:
            raise Skip(f"libvirt on {node.name} does not answer")


@of_pair(LIVE)
def destination_has_as_new_a_qemu(pair: PairFacts) -> str:
    """The destination's QEMU is not older than the source's.

    Nova refuses it (nova/conductor/tasks/live_migrate.py,
    DestinationHypervisorTooOld), unless that check is switched off.
    """
    _answers(pair.source, pair.destination)
    source_version = pair.source.libvirt.qemu_version
    destination_version = pair.destination.libvirt.qemu_version
    versions = (
        f"QEMU {_dotted(source_version)} -> {_dotted(destination_version)}"
    )
    if source_version <= destination_version:
        return versions
    newer = (
        f"bring {pair.destination.name} to QEMU {_dotted(source_version)}"
        " or newer"
    )
    remedy = f"{newer}: {_upgrade(pair.destination)}"
    if config_of(pair.source).flag(
        "workarounds", "skip_hypervisor_version_check_on_lm"
    ):
        raise Concern(f"{versions}; Nova's own check is disabled", remedy)
    raise Problem(versions, remedy)


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
    source_version = pair.source.libvirt.qemu_version
    destination_version = pair.destination.libvirt.qemu_version
    if source_version > destination_version:
        raise Skip("reported by destination-has-as-new-a-qemu")
    if source_version == destination_version:
        return f"QEMU {_dotted(source_version)}"
    raise Concern(
        f"QEMU {_dotted(source_version)} -> {_dotted(destination_version)}:"
        " guests that move there cannot move back",
        f"bring {pair.source.name} to QEMU {_dotted(destination_version)}:"
        f" {_upgrade(pair.source)}",
    )


@of_pair(LIVE)
def destination_has_as_new_a_libvirt(pair: PairFacts) -> str:
    """The destination's libvirt is not older than the source's.

    It may refuse what it does not know of a guest (libvirt, migration.html).
    """
    _answers(pair.source, pair.destination)
    source_version = pair.source.libvirt.version
    destination_version = pair.destination.libvirt.version
    versions = (
        f"libvirt {_dotted(source_version)} -> {_dotted(destination_version)}"
    )
    if source_version <= destination_version:
        return versions
    raise Concern(
        versions,
        f"bring {pair.destination.name} to libvirt {_dotted(source_version)}"
        f" or newer: {_upgrade(pair.destination)}",
    )


@of_pair(LIVE)
def destination_knows_machine_type(pair: PairFacts) -> str:
    """QEMU on the destination knows the machine types of the source.

    Those of guests that are there, and those that new ones get.
    """
    _answers(pair.source, pair.destination)
    source, destination = pair.source.libvirt, pair.destination.libvirt
    used = source.machines_used - destination.machines
    if used:
        raise Problem(
            f"servers on {pair.source.name} have {_shortened(used)}, which"
            f" {pair.destination.name} does not know",
            f"{_upgrade(pair.destination)}, or choose another host; set"
            " hw_machine_type to one that all know, for servers to come",
        )
    if source.qemu_version > destination.qemu_version:
        raise Skip("reported by destination-has-as-new-a-qemu")
    new = set(source.aliases.values()) - destination.machines
    if new:
        raise Concern(
            f"new servers on {pair.source.name} get {_shortened(new)}, which"
            f" {pair.destination.name} does not know",
            "set [libvirt]hw_machine_type in nova.conf of all nodes to one"
            f" that all know; or on {pair.destination.name}:"
            f" {_upgrade(pair.destination)}",
        )
    return f"{len(source.machines_used)} in use, and the defaults"


def _shortened(names: set[str] | frozenset[str]) -> str:
    return listed(sorted(names), 3)


@of_pair(LIVE)
def destination_has_the_security_driver(pair: PairFacts) -> str:
    """libvirt on the destination has the security driver of the source.

    A guest takes its model along: 'Unable to find security driver for
    model selinux' (libvirt, security_manager.c).
    """
    _answers(pair.source, pair.destination)
    models = pair.source.libvirt.security
    lacking = models - pair.destination.libvirt.security - {"dac"}
    if not lacking:
        return ", ".join(sorted(models)) or "none"
    model = _shortened(lacking)
    raise Problem(
        f"guests of {pair.source.name} are confined by {model}, which is not"
        f" available on {pair.destination.name}",
        f"on {pair.destination.name}: enable {model} in the kernel, then"
        f" systemctl restart {pair.destination.libvirt.daemon}",
    )


@of_cluster(LIVE)
def host_uuids_differ(cluster: ClusterFacts) -> str:
    """libvirt's UUID of each host is its own.

    'Attempt to migrate guest to the same host' otherwise (libvirt,
    qemu_migration_cookie.c).
    """
    twins = _duplicates(cluster, lambda node: node.libvirt.host_uuid)
    if not twins:
        return "all differ"
    fixes: list[Fix] = []
    remedies = []
    for node in twins:
        derived_uuid = uuid.uuid5(uuid.NAMESPACE_DNS, node.name)
        line = command(
            "conf_set",
            node.libvirt.daemon_file,
            "host_uuid",
            f'"{derived_uuid}"',
        )
        verdict = verdict_with_fix(
            Problem, "", node, [line], (node.libvirt.daemon,)
        )
        # Derived from the node's name, given by the cloud or the operator.
        fixes += [fix.resting_on() for fix in verdict.fixes]
        remedies.append(verdict.remedy)
    raise Problem(
        f"{', '.join(node.name for node in twins)}: the UUID of another host"
        f" ({twins[0].libvirt.host_uuid})",
        "; ".join(remedies),
        *fixes,
    )


def _duplicates(
    cluster: ClusterFacts, id_of: Callable[[NodeFacts], str]
) -> list[NodeFacts]:
    """Return nodes with the same ID as a node before them.

    :raises Skip: there are none, and libvirt of a node does not answer (see
        libvirt-answers) or too few nodes report an ID.
    """
    nodes_by_id = defaultdict(list)
    silent = []
    for node in cluster.computes:
        if not node.libvirt.daemon:
            continue
        if node.libvirt.trouble:
            silent.append(node.name)
        elif value := id_of(node):
            nodes_by_id[value].append(node)
    twins = [node for nodes in nodes_by_id.values() for node in nodes[1:]]
    if not twins and silent:
        raise Skip(f"libvirt on {silent[0]} does not answer")
    if not twins and len(nodes_by_id) < 2:
        raise Skip("fewer than two nodes have one")
    return twins


@of_cluster(LIVE)
def machine_ids_differ(cluster: ClusterFacts) -> str:
    """The nodes are not copies of one another with one machine-id.

    libvirt derives its UUID from it if host_uuid_source = machine-id. DHCP
    and the journal distinguish machines by it (machine-id(5)).
    """
    if _duplicates(cluster, lambda node: node.libvirt.host_uuid):
        raise Skip("reported by host-uuids-differ")
    twins = _duplicates(cluster, lambda node: node.libvirt.machine_id)
    if not twins:
        return "all differ"
    names = ", ".join(paste(node.name) for node in twins)
    raise Concern(
        f"{names}: the /etc/machine-id of another node",
        f"on {names}: rm -f /etc/machine-id /var/lib/dbus/machine-id;"
        " systemd-machine-id-setup; then reboot when it is empty",
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
)
