"""Checks of what a node needs to connect Cinder volumes.

What connects volumes is checked where it is used: with a connection, or an
option of nova.conf that asks for it.
"""

import uuid
from collections.abc import Callable

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.node import ClusterFacts, NodeFacts
from osc_migrate.nodes.node_check import of_cluster, of_node
from osc_migrate.text import command, listed

_IQN = "/etc/iscsi/initiatorname.iscsi"
_NQN = "/etc/nvme/hostnqn"


@of_node()
def multipath_runs_where_nova_uses_it(node: NodeFacts) -> str:
    """multipathd runs where volume_use_multipath is set.

    os-brick takes one path then, or refuses to connect with
    volume_enforce_multipath.
    """
    config = config_of(node)
    if not config.flag("libvirt", "volume_use_multipath"):
        raise Skip("volume_use_multipath is not set")
    if "multipathd" in node.volumes.running:
        return "multipathd runs"
    enforced = config.flag("libvirt", "volume_enforce_multipath")
    verdict = Problem if enforced else Concern
    detail = "volume_use_multipath is set, and multipathd does not run: " + (
        "no volume can be connected"
        if enforced
        else "volumes are connected by one path"
    )
    if not node.volumes.units & {"multipathd", "multipath-tools"}:
        install = (
            "dnf install device-mapper-multipath"
            if node.system.red_hat
            else "apt-get install multipath-tools"
        )
        raise verdict(detail, f"on {node.name}: {install}")
    lines = [command("systemctl", "enable", "--now", "multipathd")]
    # Red Hat's unit does not start without it.
    if not node.volumes.multipath_conf and node.system.red_hat:
        lines.insert(0, command("mpathconf", "--enable"))
    raise verdict(detail, "", Fix(node.name, tuple(lines)))


@of_node()
def iscsid_runs_where_it_is_used(node: NodeFacts) -> str:
    """iscsid runs where volumes are connected by iSCSI."""
    if not node.volumes.iscsi_sessions:
        raise Skip("no iSCSI session is open")
    if "iscsid" in node.volumes.running:
        return f"iscsid runs, {node.volumes.iscsi_sessions} sessions"
    raise Problem(
        "iSCSI sessions are open, and iscsid does not run: no other volume"
        " can be connected, and a broken session is not repaired",
        "",
        Fix(node.name, (command("systemctl", "enable", "--now", "iscsid"),)),
    )


@of_cluster()
def iscsi_initiators_are_unique(cluster: ClusterFacts) -> str:
    """Each node has a distinct iSCSI initiator name.

    A target that knows two nodes by one name ends the one's session for the
    other, and gives both the same volumes.
    """
    return _unique(
        cluster,
        "iSCSI initiator name",
        lambda node: node.volumes.initiator,
        lambda node: node.volumes.iscsi_sessions,
        _rename,
    )


@of_cluster()
def nvme_hosts_are_unique(cluster: ClusterFacts) -> str:
    """Each node has a distinct NVMe host name."""
    return _unique(
        cluster,
        "NVMe host name",
        lambda node: node.volumes.hostnqn,
        lambda node: node.volumes.nvme_fabrics,
        _rename_host,
    )


# Names made of the old one and the node's: nothing that is random, for a
# second run to change it again.
def _rename(node: NodeFacts) -> Fix:
    new = f"InitiatorName={node.volumes.initiator}:{node.name.lower()}"
    restart = ("iscsid",) if "iscsid" in node.volumes.running else ()
    return Fix(node.name, _write(_IQN, new), restart)


def _rename_host(node: NodeFacts) -> Fix:
    """Linux refuses a new name with an old ID."""
    seed = f"{node.volumes.hostnqn} {node.name}"
    new = uuid.uuid5(uuid.NAMESPACE_OID, seed)
    return Fix(
        node.name,
        (
            *_write(_NQN, f"nqn.2014-08.org.nvmexpress:uuid:{new}"),
            *_write("/etc/nvme/hostid", str(new)),
        ),
    )


def _write(path: str, line: str) -> tuple[str, str]:
    content = command("printf", "%s\\n", line)
    return command("keep", path), f"{content} >{command(path)}"


def _unique(
    cluster: ClusterFacts,
    label: str,
    name: Callable[[NodeFacts], str],
    used: Callable[[NodeFacts], int],
    rename: Callable[[NodeFacts], Fix],
) -> str:
    groups: dict[str, list[NodeFacts]] = {}
    for node in cluster.computes:
        if name(node):
            groups.setdefault(name(node), []).append(node)
    same = [nodes for nodes in groups.values() if len(nodes) > 1]
    if not groups:
        raise Skip(f"no node has an {label}")
    if not same:
        return f"{len(groups)} nodes, each with a distinct {label}"
    nodes = same[0]
    named = listed([node.name for node in nodes])
    detail = f"{named} have one {label}: {name(nodes[0])}"
    if any(used(node) for nodes in same for node in nodes):
        raise Problem(
            f"{detail}, and are connected with it",
            f"move all servers with volumes away from"
            f" {', '.join(node.name for node in nodes[1:])}, then"
            f" {'; '.join(str(rename(node)) for node in nodes[1:])}",
        )
    fixes = [rename(node).resting_on() for nodes in same for node in nodes[1:]]
    raise Concern(f"{detail}; nothing is connected with it yet", "", *fixes)


@of_node()
def destination_has_ceph_secret(node: NodeFacts) -> str:
    """libvirt has the secret with which guests read their disks on Ceph."""
    config = config_of(node)
    secret = config.get("libvirt", "rbd_secret_uuid").lower()
    if not secret:
        raise Skip("rbd_secret_uuid is not set")
    values = node.volumes.with_value
    defined = secret in node.volumes.secrets
    if defined and (values is None or secret in values):
        return secret
    user = config.get("libvirt", "rbd_user") or "admin"
    xml = (
        f'<secret ephemeral="no" private="no"><uuid>{secret}</uuid>'
        f'<usage type="ceph"><name>client.{user} secret</name></usage>'
        "</secret>"
    )
    define = f"echo {command(xml)} | virsh secret-define /dev/stdin"
    raise Problem(
        f"libvirt has {'no value for' if defined else 'no'} secret {secret}: a"
        " guest with a disk on Ceph cannot be started here",
        f"on {node.name}: {define}; virsh secret-set-value --base64"
        f' "$(ceph auth get-key {command(f"client.{user}")})"'
        f" {command(secret)}",
    )


@of_node()
def ceph_files_are_readable(node: NodeFacts) -> str:
    """Nova can read ceph.conf, and its key where disks are on Ceph."""
    config = config_of(node)
    if config.get("libvirt", "images_type") != "rbd":
        raise Skip("images_type is not rbd")
    if config.contained:
        raise Skip("nova-compute uses the files in its container")
    paths = config.ceph_files
    for path in paths:
        file = node.volumes.ceph_files.get(path)
        if file is None:
            raise Problem(
                f"there is no {path}: Nova cannot reach the disks on Ceph",
                f"copy {path} to {node.name} from a node where it works",
            )
        if not file.by("nova", "nova"):
            raise Problem(
                f"nova may not read {path} ({file.owner}:{file.group},"
                f" mode {file.mode})",
                "",
                Fix(
                    node.name,
                    (
                        command("chgrp", "nova", path),
                        command("chmod", "g+r", path),
                    ),
                ),
            )
    return ", ".join(paths)


NODE: tuple[Check, ...] = (
    multipath_runs_where_nova_uses_it,
    iscsid_runs_where_it_is_used,
    destination_has_ceph_secret,
    ceph_files_are_readable,
)
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = ()
CLUSTER: tuple[Check, ...] = (
    iscsi_initiators_are_unique,
    nvme_hosts_are_unique,
)
