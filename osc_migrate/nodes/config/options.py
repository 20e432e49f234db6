"""Options of nova.conf that should be the same on all compute nodes.

Not included: paths of the instances directory (see storage), and addresses and
names of a node, which differ by nature.
"""

from collections.abc import Collection, Iterable, Sequence

from osc_migrate.checks.check import Check, Concern, Problem, Skip, Verdict
from osc_migrate.checks.findings import Fix, Status
from osc_migrate.checks.script import (
    UnsafeText,
    Vouched,
    by_default,
    by_majority,
)
from osc_migrate.facts import or_none
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.config.nova_conf import Set, change, in_container
from osc_migrate.nodes.majority import most_common
from osc_migrate.nodes.node import ClusterFacts, NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_cluster
from osc_migrate.text import listed, printable

Key = tuple[str, str]

# (section, option) -> Nova's default (nova/conf/*.py, 2026).
#: a difference breaks a move
MUST: dict[Key, str] = {
    ("libvirt", "virt_type"): "kvm",
    ("libvirt", "images_type"): "qcow2",
    ("libvirt", "images_rbd_pool"): "rbd",
    ("libvirt", "rbd_user"): "",
    ("libvirt", "rbd_secret_uuid"): "",
    ("libvirt", "live_migration_scheme"): "tcp",
    ("libvirt", "live_migration_with_native_tls"): "false",
    ("libvirt", "live_migration_tunnelled"): "false",
    ("serial_console", "enabled"): "false",
}
#: a difference makes moves behave differently by direction
SHOULD: dict[Key, str] = {
    ("libvirt", "cpu_mode"): "host-model",
    ("libvirt", "cpu_models"): "",
    ("libvirt", "cpu_model_extra_flags"): "",
    ("libvirt", "hw_machine_type"): "",
    ("libvirt", "num_pcie_ports"): "0",
    ("libvirt", "swtpm_enabled"): "false",
    ("libvirt", "volume_use_multipath"): "false",
    ("libvirt", "volume_enforce_multipath"): "false",
    ("libvirt", "remote_filesystem_transport"): "ssh",
    ("libvirt", "live_migration_bandwidth"): "0",
    ("libvirt", "live_migration_downtime"): "500",
    ("libvirt", "live_migration_downtime_steps"): "10",
    ("libvirt", "live_migration_downtime_delay"): "75",
    ("libvirt", "live_migration_completion_timeout"): "800",
    ("libvirt", "live_migration_timeout_action"): "abort",
    ("libvirt", "live_migration_permit_post_copy"): "false",
    ("libvirt", "live_migration_permit_auto_converge"): "false",
    ("libvirt", "live_migration_parallel_connections"): "1",
    ("compute", "live_migration_wait_for_vif_plug"): "true",
    ("DEFAULT", "vif_plugging_timeout"): "300",
    ("DEFAULT", "vif_plugging_is_fatal"): "true",
    ("DEFAULT", "force_config_drive"): "false",
    ("DEFAULT", "config_drive_format"): "iso9660",
    ("DEFAULT", "max_concurrent_live_migrations"): "1",
    ("service_user", "send_service_user_token"): "false",
    ("upgrade_levels", "compute"): "",
    ("vnc", "enabled"): "true",
    ("spice", "enabled"): "false",
    ("workarounds", "skip_cpu_compare_on_dest"): "false",
    ("workarounds", "enable_qemu_monitor_announce_self"): "false",
}
_IMAGES = ("libvirt", "images_type")
# Options for disks in Ceph; hosts with other disks do not need them.
_CEPH = {
    ("libvirt", "images_rbd_pool"),
    ("libvirt", "rbd_user"),
    ("libvirt", "rbd_secret_uuid"),
}
# Options that locate disks: no script may change them on a node with servers.
_HOMES = {"images_type", "images_rbd_pool", "virt_type"}
_SHOWN = 5

Judged = Iterable[tuple[Check, Collection[Key]]]


def value(config: Config, key: Key, default: str) -> str:
    """Return a normalized value, equal for all spellings of it."""
    text = config.get(*key).strip()
    if default in ("true", "false") and text:
        return str(config.flag(*key)).lower()
    if key == ("libvirt", "images_type") and text == "default":
        return default
    if key == ("libvirt", "cpu_mode") and not text:
        emulated = config.get("libvirt", "virt_type", "kvm") == "parallels"
        return "none" if emulated else default
    return ",".join(text.replace(",", " ").split()) or default


class _Split:
    """The values of one option on all nodes."""

    def __init__(
        self, key: Key, default: str, nodes: Sequence[NodeFacts]
    ) -> None:
        self.key = key
        self.default = default
        self.values = {
            node.name: value(node.config, key, default) for node in nodes
        }
        self.differs = len(set(self.values.values())) > 1
        best = most_common(self.values)
        self.agreed: str | None = best[0]
        if len(best) > 1:
            # No majority: Nova's default, if a node has it.
            self.agreed = default if default and default in best else None

    @property
    def name(self) -> str:
        return f"[{self.key[0]}] {self.key[1]}"

    @property
    def vouched(self) -> Vouched | None:
        """Why a script may set it: Nova's default, or a majority."""
        if not self.agreed:
            return None
        if self.agreed == self.default:
            return by_default(self.agreed, self.default)
        try:
            return by_majority(self.values, self.agreed)
        except UnsafeText:
            return None

    def outliers(self) -> list[str]:
        """The nodes to change."""
        return [n for n, text in self.values.items() if text != self.agreed]

    def __str__(self) -> str:
        groups: dict[str, list[str]] = {}
        for node, text in self.values.items():
            if text != self.agreed:
                groups.setdefault(text, []).append(node)
        parts = [
            f"{printable(text, 60) or 'unset'} on {listed(names, _SHOWN)}"
            for text, names in groups.items()
        ]
        if self.agreed is not None:
            parts.append(f"{printable(self.agreed, 60) or 'unset'} elsewhere")
        return f"{self.name} is {', '.join(parts)}"


def _readable(node: NodeFacts) -> bool:
    return or_none(lambda: node.config) is not None


def _compare(
    cluster: ClusterFacts,
    keys: dict[Key, str],
    judged: Judged,
    verdict: type[Verdict],
) -> str:
    nodes = [node for node in cluster.computes if _readable(node)]
    if len(nodes) < 2:
        raise Skip("fewer than two compute nodes with a nova.conf to compare")
    judged_keys = _judged_keys(nodes, judged)
    splits = [
        split
        for key, default in keys.items()
        if key not in judged_keys
        for alike in _of_one_kind(key, nodes)
        if (split := _Split(key, default, alike)).differs
    ]
    if not splits:
        return f"{len(keys)} options are equal on {len(nodes)} nodes"
    detail = "; ".join(map(str, splits))
    fixes, instructions = _remedies(nodes, splits)
    raise verdict(
        detail,
        "; ".join([*map(str, fixes), *instructions]) if instructions else "",
        *fixes,
    )


def _of_one_kind(
    key: Key, nodes: Sequence[NodeFacts]
) -> list[list[NodeFacts]]:
    """Return groups of nodes that must agree on an option.

    Nodes are grouped by class of storage: disks in files, and disks in each
    Ceph cluster (such as one for each site, with its own ceph.conf). What a
    server needs is judged with the server:
    disks-are-where-the-move-needs-them.
    """
    if key == _IMAGES:
        local = [node for node in nodes if not in_ceph(node)]
        return [local] if local else []
    if key not in _CEPH:
        return [list(nodes)]
    clusters: dict[str, list[NodeFacts]] = {}
    for node in nodes:
        if in_ceph(node) or node.config.get(*key).strip():
            clusters.setdefault(ceph_conf(node), []).append(node)
    return list(clusters.values())


def ceph_conf(node: NodeFacts) -> str:
    """Return the file that identifies the Ceph cluster."""
    return node.config.ceph_files[0]


def in_ceph(node: NodeFacts) -> bool:
    """Return whether the disks of its servers are in Ceph."""
    return node.config.get(*_IMAGES) == "rbd"


def _remedies(
    nodes: Sequence[NodeFacts], splits: Sequence[_Split]
) -> tuple[list[Fix], list[str]]:
    """Return the fixes, and what is left to operators."""
    by_node: dict[str, list[tuple[Set, Vouched]]] = {}
    instructions = []
    for split in splits:
        if not (vouched := split.vouched) or split.key[1] in _HOMES:
            instructions.append(_manual_fix(split))
            continue
        for name in split.outliers():
            setting = Set(*split.key, split.agreed or "")
            by_node.setdefault(name, []).append((setting, vouched))
    fixes: list[Fix] = []
    for node in nodes:
        if node.name not in by_node:
            continue
        settings = [setting for setting, _ in by_node[node.name]]
        first, *remaining = (vouched for _, vouched in by_node[node.name])
        node_fixes = [
            fix.resting_on("other nodes", vouched=sum(remaining, first))
            for fix in change(node, *settings)
        ]
        fixes += node_fixes
        if not node_fixes:
            instructions.append(in_container(node, settings))
    return fixes, instructions


def _manual_fix(split: _Split) -> str:
    if split.agreed is None:
        return (
            f"choose one value of {split.name}, set it on each node and"
            " restart nova-compute"
        )
    return (
        f"set {split.name} = {split.agreed or '(unset)'} on"
        f" {listed(split.outliers(), _SHOWN)}, with no server left there, and"
        " restart nova-compute"
    )


def _judged_keys(nodes: Sequence[NodeFacts], judged: Judged) -> set[Key]:
    """Return options that a check of one node already reports."""
    return {
        key
        for check, keys in judged
        if keys
        for node in nodes
        if check.run(node).status in (Status.WARN, Status.FAIL)
        for key in keys
    }


def agreement(judged: Judged) -> tuple[Check, ...]:
    """Return the checks that compare options of all nodes.

    :param judged: the checks of one node, and the options they judge.
    """

    @of_cluster()
    def options_that_must_agree_do(cluster: ClusterFacts) -> str:
        """Options of nova.conf that break a move where they differ agree."""
        return _compare(cluster, MUST, judged, Problem)

    @of_cluster(LIVE)
    def options_that_should_agree_do(cluster: ClusterFacts) -> str:
        """Options of nova.conf that should be equal on all nodes are."""
        return _compare(cluster, SHOULD, judged, Concern)

    return (options_that_must_agree_do, options_that_should_agree_do)
