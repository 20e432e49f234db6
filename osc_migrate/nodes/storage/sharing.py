"""Checks that nodes share the instances directory and agree on it."""

import contextlib
import functools
from collections.abc import Mapping

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import (
    DataPath,
    Uid,
    UnsafeText,
    Vouched,
    by_default,
    by_majority,
    by_type,
)
from osc_migrate.facts import Unread
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.majority import differences, differing, majority
from osc_migrate.nodes.node import ClusterFacts, NodeFacts, PairFacts
from osc_migrate.nodes.node_check import LIVE, of_cluster, of_pair
from osc_migrate.nodes.storage.export_facts import NfsServer
from osc_migrate.nodes.storage.facts import Mount, Storage
from osc_migrate.nodes.storage.mounts import FSTAB, usable
from osc_migrate.text import command, printable

_DEFAULT_PATH = "/var/lib/nova/instances"
# NFS options that should agree: the effect of locks and of a lost server
# depends on them.
_MEANING = ("hard", "soft", "softerr", "nolock", "noac", "ro")


@of_pair()
def hosts_share_storage(pair: PairFacts) -> str:
    """Both share the instances directory, or neither shares it.

    Nova tries it with a file. Where just one node lacks the mount, 'auto'
    silently copies the disks to its local directory, and block_migration=
    False is refused: 'is not on shared storage' (nova/virt/libvirt/
    driver.py, check_can_live_migrate_source).
    """
    source, destination = pair.source, pair.destination
    if _in_ceph(source) and _in_ceph(destination):
        raise Skip("images_type=rbd: disks are not in the directory")
    if _in_ceph(source) or _in_ceph(destination):
        raise Skip("two classes of storage: each server is judged by its own")
    if source.storage.path != destination.storage.path:
        raise Skip("their paths differ: instances-path-agrees")
    from_storage, to_storage = usable(source), usable(destination)
    if from_storage.mount.shared and to_storage.mount.shared:
        return _same_directory(pair, from_storage, to_storage)
    if not (from_storage.mount.shared or to_storage.mount.shared):
        return "local on both: Nova copies the disks (block migration)"
    shared, local = (
        (source, destination)
        if from_storage.mount.shared
        else (destination, source)
    )
    raise _mixed_problem(shared, local)


def _in_ceph(node: NodeFacts) -> bool:
    return config_of(node).get("libvirt", "images_type") == "rbd"


def _same_directory(
    pair: PairFacts, from_storage: Storage, to_storage: Storage
) -> str:
    source_mount, target_mount = from_storage.mount, to_storage.mount
    a, b = pair.source.name, pair.destination.name
    if source_mount.like(target_mount):
        if not (from_storage.place and to_storage.place) or (
            from_storage.place.inode == to_storage.place.inode
        ):
            return f"{source_mount.source} on both"
        # The same name, but two servers.
        raise Problem(
            f"both mount {source_mount.source}, but its inode is"
            f" {from_storage.place.inode} on {a} and"
            f" {to_storage.place.inode} on {b}: these are two directories",
            "on both: getent hosts"
            f" {command(source_mount.server or source_mount.source)};"
            f" findmnt {command(source_mount.target)}",
        )
    raise Problem(
        f"{a} mounts {source_mount}, and {b} {target_mount}",
        f"see which is right, fix the other node's line in {FSTAB} when no"
        f" server runs there, then: umount {command(target_mount.target)};"
        f" mount {command(target_mount.target)}",
    )


def _mixed_problem(shared: NodeFacts, local: NodeFacts) -> Problem:
    mount, path = shared.storage.mount, local.storage.path
    detail = (
        f"{path} is {mount} on {shared.name}, and local on {local.name}:"
        " with 'auto' Nova silently copies the disks"
    )
    if local.storage.occupied:
        return Problem(
            detail,
            f"{local.name} has servers in its local {path}: move them away"
            f" first; then mount {mount.source} there as on {shared.name}",
        )
    # A mount of one node is not copied to another: the operator knows the
    # file server.
    return Problem(
        detail,
        f"mount {printable(mount.source)} on {local.name} as {shared.name}"
        f" does, with its line in {FSTAB}: verify first that the file server"
        " is yours",
    )


@of_cluster()
def instances_path_agrees(cluster: ClusterFacts) -> str:
    """All compute nodes have the same instances_path.

    A server's files are looked for on the destination where they are on the
    source (doc/source/admin/configuring-migrations.rst).
    """
    paths = {node.name: node.storage.path for node in cluster.computes}
    if len(paths) < 2:
        raise Skip("there is one compute node")
    agreed = majority(paths, usual=(_DEFAULT_PATH,))
    outliers = differing(paths, agreed)
    if not outliers:
        return agreed
    fixes = [
        allowed(
            node.name,
            functools.partial(_same_path, node, agreed, paths),
        )
        for node in cluster.computes
        if node.name in outliers
    ]
    occupied = [
        node.name
        for node in cluster.computes
        if node.name in outliers and node.storage.occupied
    ]
    if occupied:
        raise Problem(
            f"instances_path: {differences(paths, agreed)}",
            f"{', '.join(occupied)} has servers in its own: move them away"
            f" first; then set [DEFAULT]instances_path = {agreed} in"
            " nova.conf there",
        )
    raise Problem(f"instances_path: {differences(paths, agreed)}", "", *fixes)


def _same_path(node: NodeFacts, agreed: str, paths: Mapping[str, str]) -> Fix:
    return Fix(
        node.name,
        (
            command(
                *("ini_set", config_of(node).file),
                *("DEFAULT", "instances_path", DataPath(agreed)),
            ),
        ),
        (node.accounts.nova_unit,) if node.accounts.nova_unit else (),
        rests_on=tuple(n for n, path in paths.items() if path == agreed),
        vouched=(
            by_default(agreed, _DEFAULT_PATH)
            if agreed == _DEFAULT_PATH
            else by_majority(paths, agreed)
        ),
    )


@of_cluster()
def shared_directory_is_novas(cluster: ClusterFacts) -> str:
    """The shared instances directory belongs to the user nova."""
    sharers = _sharers(cluster)
    users = {node.accounts.nova.uid for node in sharers if node.accounts.nova}
    if not users:
        raise Skip("no directory of servers is shared")
    foreign = [
        node
        for node in sharers
        if node.storage.place and node.storage.place.uid not in users
    ]
    if not foreign:
        return f"uid {', '.join(map(str, sorted(users)))}"
    if len(users) > 1:
        raise Skip("nova's uid is not the same on all: nova-uid-agrees")
    place, mount = foreign[0].storage.place, foreign[0].storage.mount
    nova = foreign[0].accounts.nova
    if place is None or nova is None:
        raise Skip("nova is not known")
    # On any of them, as they share it; but some servers only accept their
    # own root.
    raise Problem(
        f"{mount.source} belongs to {place.owner} (uid {place.uid}), and"
        f" nova is uid {nova.uid}",
        "",
        _chown_fix(cluster, foreign[0], nova.uid, nova.gid),
    )


def _chown_fix(
    cluster: ClusterFacts, node: NodeFacts, uid: int, gid: int
) -> Fix:
    """Return a fix on the file server if known, else on a node."""
    for storage in cluster.storages:
        with contextlib.suppress(Unread):
            serves, mount = storage.storage.serves, node.storage.mount
            if (
                mount.nfs
                and serves
                and serves.serves(mount.server, mount.option("addr"))
            ):
                return allowed(
                    storage.name,
                    functools.partial(
                        _chown_export,
                        *(cluster, storage.name, serves, mount.path, uid, gid),
                    ),
                )
    return allowed(
        node.name,
        functools.partial(
            _chown, cluster, node.name, node.storage.path, uid, gid
        ),
    )


def _chown(
    cluster: ClusterFacts,
    name: str,
    path: str,
    uid: int,
    gid: int,
    path_vouched: Vouched | None = None,
) -> Fix:
    """:param path_vouched: for a path that the node itself did not report."""
    vouched = by_type(Uid(uid), Uid(gid))
    return Fix(
        name,
        (
            command(
                *("chown", "-h", "--", f"{Uid(uid)}:{Uid(gid)}"),
                DataPath(path),
            ),
        ),
        rests_on=tuple(node.name for node in cluster.computes),
        vouched=vouched + path_vouched if path_vouched else vouched,
    )


def _chown_export(
    cluster: ClusterFacts,
    name: str,
    serves: NfsServer,
    path: str,
    uid: int,
    gid: int,
) -> Fix:
    """Return a fix on the file server; `path` is as seen by clients."""
    real = serves.real(path)
    _require_export(serves, real)
    return _chown(cluster, name, real, uid, gid, _most_mount(cluster, path))


def _require_export(serves: NfsServer, path: str) -> None:
    """:raises UnsafeText: the file server does not export it or a parent."""
    if not any(
        f"{path}/".startswith(f"{export.path.rstrip('/')}/")
        for export in serves.known
    ):
        raise UnsafeText("the file server does not export that directory")


def _most_mount(cluster: ClusterFacts, path: str) -> Vouched:
    """:raises UnsafeText: only a minority of nodes mounts it."""
    paths = {}
    for node in cluster.computes:
        with contextlib.suppress(Unread):
            paths[node.name] = node.storage.mount.path
    return by_majority(paths, path)


@of_cluster(LIVE)
def mount_options_agree(cluster: ClusterFacts) -> str:
    """Who shares the instances directory mounts it with like options."""
    values = {}
    for node in _sharers(cluster):
        mount = node.storage.mount
        if mount.nfs and "ro" not in mount.options:
            values[node.name] = _meaning(mount)
    if len(values) < 2:
        raise Skip("fewer than two nodes mount it by NFS")
    agreed = majority(values)
    outliers = differing(values, agreed)
    if not outliers:
        return agreed
    if any(
        "soft" in value or "nolock" in value for value in outliers.values()
    ):
        raise Skip("see instances-mount-is-safe")
    raise Concern(
        f"mount options: {differences(values, agreed)}",
        f"on {', '.join(outliers)}, when no server runs there: give the line"
        f" in {FSTAB} the options of the others, then umount and mount it",
    )


def _meaning(mount: Mount) -> str:
    version = mount.option("vers") or mount.option("nfsvers")
    options = [o for o in _MEANING if o in mount.options]
    return " ".join([f"vers={version}", *options])


def _sharers(cluster: ClusterFacts) -> list[NodeFacts]:
    """Return the compute nodes with a shared directory to judge."""
    sharers = []
    for node in cluster.computes:
        with contextlib.suppress(Skip, Unread):
            if usable(node).mount.shared:
                sharers.append(node)
    return sharers


NODE: tuple[Check, ...] = ()
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = (hosts_share_storage,)
CLUSTER: tuple[Check, ...] = (
    instances_path_agrees,
    shared_directory_is_novas,
    mount_options_agree,
)
