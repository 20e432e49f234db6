"""Checks of the exports of file servers: exports(5).

They are judged together with the compute nodes, which determine the export of
the instances directory. Nova's guide requires rw,sync,no_root_squash for each
of them (doc/source/admin/configuring-migrations.rst).
"""

import contextlib
import dataclasses
import functools

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.facts import Unread
from osc_migrate.nodes.node import ClusterFacts, NodeFacts
from osc_migrate.nodes.node_check import of_cluster, of_node
from osc_migrate.nodes.storage.export_facts import Export
from osc_migrate.nodes.storage.exporting import (
    FILE,
    Use,
    client_of,
    new_line,
    rewritten,
    server_of,
    shown_clients,
    uses_of,
    written_options,
)
from osc_migrate.nodes.storage.mounts import usable
from osc_migrate.text import command

_READ_ONLY = "Read-only file system"


@of_node()
def nfs_server_runs(node: NodeFacts) -> str:
    """The NFS server runs, if the node is to export anything."""
    serves = server_of(node)
    if not serves.configured:
        raise Skip(f"{FILE} exports nothing")
    if serves.state == "masked":
        raise Skip(f"{serves.unit} is masked: so it exports nothing")
    if serves.state == "active":
        return f"{serves.unit}"
    if not serves.unit:
        raise Problem(
            f"{FILE} exports directories, but no NFS server is installed",
            f"on {node.name}: "
            + (
                "dnf install nfs-utils"
                if node.system.red_hat
                else "apt-get install nfs-kernel-server"
            ),
        )
    raise Problem(
        f"{serves.unit} is {serves.state}: clients that use its mounts hang",
        "",
        Fix(
            node.name,
            (command("systemctl", "enable", "--now", serves.unit),),
        ),
    )


@of_cluster()
def exports_instances(cluster: ClusterFacts) -> str:
    """What compute nodes mount is exported."""
    for use in uses_of(cluster):
        if use.serves.of(use.mount.path):
            continue
        detail = (
            f"{use.server.name} does not export {use.mount.path}, which"
            f" {use.compute.name} mounts"
        )
        if use.serves.state != "active":
            raise Problem(
                f"{detail}: its NFS server is {use.serves.state or 'missing'}",
                f"on {use.server.name}: systemctl unmask"
                f" {use.serves.unit or 'nfs-server'}; systemctl enable --now"
                f" {use.serves.unit or 'nfs-server'}",
            )
        if use.serves.of(use.mount.path, use.serves.configured):
            raise Problem(
                f"{detail}, though it is in {FILE}",
                "",
                Fix(use.server.name, ("exportfs -ra",), rests_on=()),
            )
        if use.mount.path == "/":
            raise Problem(
                detail,
                f"on {use.server.name}: add to {FILE} a line for the"
                f" directory: /DIRECTORY {shown_clients(cluster, use)};"
                " then exportfs -ra",
            )
        raise Problem(
            detail,
            "",
            allowed(
                use.server.name, functools.partial(new_line, cluster, use)
            ),
        )
    return _nfs_server_host(cluster)


@of_cluster()
def export_names_every_compute(cluster: ClusterFacts) -> str:
    """Every compute node may mount what is exported."""
    left = [use for use in _exported(cluster) if use.export is None]
    if not left:
        return _nfs_server_host(cluster)
    use = left[0]
    path = use.serves.of(use.mount.path)[0].path
    like = written_options(use.serves.of(use.mount.path)[0].options)

    def fix() -> Fix:
        added = tuple(
            Export(path, client_of(cluster, missing), like)
            for missing in left
            if missing.server is use.server
        )
        return rewritten(cluster, use, lambda export: export, added)

    raise Problem(
        f"{use.server.name} exports {path}, but not to "
        + ", ".join(f"{u.compute.name} ({u.address})" for u in left),
        "",
        allowed(use.server.name, fix),
    )


@of_cluster()
def export_is_read_write(cluster: ClusterFacts) -> str:
    """Compute nodes may write to what is exported."""
    uses = [use for use in _exported(cluster) if use.export]
    for use in uses:
        if use.export and "rw" not in use.export.options:
            raise Problem(
                f"{use.server.name} exports {use.export.path} read-only to"
                f" {use.export.client}",
                "",
                rewritten(
                    cluster,
                    use,
                    lambda entry: _change_options(entry, "rw", "ro"),
                ),
            )
    refused = [node for node in cluster.computes if _refused(node)]
    if refused:
        mount = refused[0].storage.mount
        raise Problem(
            f"{mount.source} lets {', '.join(n.name for n in refused)} write"
            f" nothing: {_READ_ONLY}",
            f"on {mount.server}: export it with rw; see that its own"
            " filesystem is not read-only",
        )
    return _nfs_server_host(cluster)


@of_cluster()
def export_is_synchronous(cluster: ClusterFacts) -> str:
    """The file server says 'written' of what is on its disk.

    With async a crash of it corrupts the disks of running servers.
    """
    for use in _exported(cluster):
        if use.export and "async" in use.export.options:
            raise Concern(
                f"{use.server.name} exports {use.export.path} async: a"
                " crash loses what servers wrote",
                "",
                rewritten(
                    cluster,
                    use,
                    lambda entry: _change_options(entry, "sync", "async"),
                ),
            )
    return _nfs_server_host(cluster)


@of_cluster()
def export_keeps_root(cluster: ClusterFacts) -> str:
    """The file server lets root of compute nodes be root.

    libvirt's root gives disks to QEMU's user, on the destination too;
    with root_squash that is 'Operation not permitted'.
    """
    for use in _exported(cluster):
        export = use.export
        if export is None:
            continue
        squashing = {"root_squash", "all_squash"} & {*export.options}
        if squashing or "no_root_squash" not in export.options:
            raise Problem(
                f"{use.server.name} exports {export.path} to {export.client}"
                f" with {', '.join(sorted(squashing)) or 'root_squash'}:"
                " libvirt may not give disks to QEMU's user",
                "",
                rewritten(
                    cluster,
                    use,
                    lambda entry: _change_options(
                        entry, "no_root_squash", "root_squash", "all_squash"
                    ),
                ),
            )
    return _nfs_server_host(cluster)


@of_cluster()
def exports_are_written_down(cluster: ClusterFacts) -> str:
    """What is exported is in a file, and comes back after a boot."""
    for use in _exported(cluster):
        if not use.serves.of(use.mount.path, use.serves.configured):
            path = use.serves.of(use.mount.path)[0].path
            raise Concern(
                f"{use.server.name} exports {path}, but no file lists it",
                "",
                rewritten(cluster, use, lambda export: export),
            )
    return _nfs_server_host(cluster)


def _exported(cluster: ClusterFacts) -> list[Use]:
    """Return the uses for which there is an export."""
    return [use for use in uses_of(cluster) if use.serves.of(use.mount.path)]


def _nfs_server_host(cluster: ClusterFacts) -> str:
    uses = _exported(cluster)
    if not uses:
        raise Skip("no node that was asked serves a compute node by NFS")
    return ", ".join(
        dict.fromkeys(f"{u.server.name}:{u.mount.path}" for u in uses)
    )


def _refused(node: NodeFacts) -> bool:
    """Return whether it is mounted rw but the server refuses writes."""
    with contextlib.suppress(Skip, Unread):
        storage = usable(node)
        return (
            storage.written == _READ_ONLY
            and storage.mount.nfs
            and "ro" not in storage.mount.options
        )
    return False


def _change_options(export: Export, added: str, *removed: str) -> Export:
    remaining = [o for o in export.options if o not in (*removed, added)]
    return dataclasses.replace(export, options=(added, *remaining))


NODE: tuple[Check, ...] = ()
STORAGE: tuple[Check, ...] = (nfs_server_runs,)
PAIR: tuple[Check, ...] = ()
CLUSTER: tuple[Check, ...] = (
    exports_instances,
    export_names_every_compute,
    export_is_read_write,
    export_is_synchronous,
    export_keeps_root,
    exports_are_written_down,
)
