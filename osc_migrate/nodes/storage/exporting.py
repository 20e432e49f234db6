"""How compute nodes use exports, and lines of exports(5) for them.

A line for a file server is based on its clients: the directory is the one that
most of them mount, and other nodes must confirm their addresses.
"""

import contextlib
import dataclasses
import ipaddress
from collections.abc import Callable, Iterator

from osc_migrate.checks.check import Skip
from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import (
    DataPath,
    ExportOptions,
    HostAddress,
    HostName,
    UnsafeText,
    Vouched,
    by_majority,
    by_type,
)
from osc_migrate.facts import Unread, or_none
from osc_migrate.nodes.node import ClusterFacts, NodeFacts
from osc_migrate.nodes.storage.export_facts import Export, NfsServer
from osc_migrate.nodes.storage.facts import NFS, Mount
from osc_migrate.nodes.storage.mounts import grep_escape
from osc_migrate.text import command

FILE = "/etc/exports"
OPTIONS = ("rw", "sync", "no_root_squash", "no_subtree_check")
_READ_ONLY = "Read-only file system"


@dataclasses.dataclass(frozen=True)
class Use:
    """A compute node that mounts from a node, or should."""

    compute: NodeFacts
    mount: Mount
    server: NodeFacts
    serves: NfsServer

    @property
    def address(self) -> str:
        """The client address that the server sees."""
        return (
            self.mount.option("clientaddr")
            or or_none(lambda: self.compute.config.get("DEFAULT", "my_ip"))
            or ""
        )

    @property
    def export(self) -> Export | None:
        """The most specific export for this client.

        :raises Unread: it depends on a netgroup or on an unknown address.
        """
        admitting = []
        for export in self.serves.of(self.mount.path):
            admits = export.admits(self.address, (self.compute.name,))
            if admits is None:
                raise Unread(
                    f"whether {export.client} means {self.compute.name} is"
                    f" known on {self.server.name} only"
                )
            if admits:
                admitting.append(export)
        return max(admitting, key=_specificity, default=None)


def _specificity(export: Export) -> int:
    try:
        return ipaddress.ip_network(export.client, strict=False).prefixlen
    except ValueError:
        return 0 if "*" in export.client else 128


def server_of(node: NodeFacts) -> NfsServer:
    serves = node.storage.serves
    if serves is None:
        raise Skip("it serves nothing")
    return serves


def uses_of(cluster: ClusterFacts) -> Iterator[Use]:
    """Yield uses of running NFS servers in the survey.

    Another check reports the others.
    """
    for compute in cluster.computes:
        mount = None
        with contextlib.suppress(Unread):
            mount = nfs_mount(compute)
        if mount is None:
            continue
        for server in cluster.storages:
            serves = server_of(server)
            if serves.configured and serves.state not in ("active", "masked"):
                continue
            if serves.serves(mount.server, mount.option("addr")):
                yield Use(compute, mount, server, serves)


def nfs_mount(node: NodeFacts) -> Mount | None:
    """Return what it mounts by NFS, or should."""
    mount = node.storage.missing or node.storage.mount
    return mount if mount.fstype in NFS else None


def clients_of(cluster: ClusterFacts, use: Use) -> str:
    """Return the compute nodes of a server, in the syntax of exports(5).

    :raises UnsafeText: a client address may not belong to its node.
    """
    options = ",".join(OPTIONS)
    return " ".join(
        f"{client_of(cluster, same_export)}({options})"
        for same_export in _same_uses(cluster, use)
    )


def shown_clients(cluster: ClusterFacts, use: Use) -> str:
    """Return the same clients for people, by node name."""
    try:
        return clients_of(cluster, use).replace(")", ",fsid=0)")
    except UnsafeText:
        return f"CLIENT({','.join(OPTIONS)},fsid=0)"


def client_of(cluster: ClusterFacts, use: Use) -> HostAddress | HostName:
    """Return the client address of a compute node, or its name.

    :raises UnsafeText: too few other nodes confirm it.
    """
    if not use.address:
        return HostName(use.compute.name)
    address = HostAddress(use.address)
    known_as = {
        node.name: address if _confirms(node, use, address) else ""
        for node in cluster.computes
    }
    by_majority(known_as, address)
    return address


def _confirms(node: NodeFacts, use: Use, address: str) -> bool:
    """Return whether a node resolves the other one's name to the address.

    Only the name known to the cloud counts: a node could announce any name,
    such as that of another machine.
    """
    if node is use.compute:
        return True
    name = use.compute.name
    with contextlib.suppress(Unread, KeyError):
        return address in node.reach[name].names.get(name, ())
    return False


def new_line(cluster: ClusterFacts, use: Use) -> Fix:
    path, clients = DataPath(use.mount.path), clients_of(cluster, use)
    written = by_type(
        *(
            client_of(cluster, same_export)
            for same_export in _same_uses(cluster, use)
        )
    )
    return Fix(
        use.server.name,
        (command("line_add", FILE, f"{path} {clients}"), "exportfs -ra"),
        rests_on=_computes(cluster),
        vouched=_agreed(cluster, use) + written,
    )


def _same_uses(cluster: ClusterFacts, use: Use) -> list[Use]:
    """Return the uses of the same directory of that server."""
    return [
        candidate
        for candidate in uses_of(cluster)
        if candidate.server is use.server
        and candidate.mount.path == use.mount.path
    ]


def _computes(cluster: ClusterFacts) -> tuple[str, ...]:
    return tuple(node.name for node in cluster.computes)


def _agreed(cluster: ClusterFacts, use: Use) -> Vouched:
    """Vouch for a directory that most compute nodes mount, or should.

    :raises UnsafeText: only a minority does.
    """
    paths = {}
    for node in cluster.computes:
        with contextlib.suppress(Unread):
            mount = nfs_mount(node)
            paths[node.name] = mount.path if mount else ""
    return by_majority(paths, use.mount.path)


def written_options(options: tuple[str, ...]) -> tuple[str, ...]:
    """Return the options without the kernel's defaults."""
    shown = ("wdelay", "hide", "sec=sys", "secure", "no_all_squash")
    return tuple(o for o in dict.fromkeys(options) if o not in shown)


def rewritten(
    cluster: ClusterFacts,
    use: Use,
    change: Callable[[Export], Export],
    added: tuple[Export, ...] = (),
) -> Fix:
    return allowed(
        use.server.name,
        lambda: _line_of(
            use, change, added, _computes(cluster), _agreed(cluster, use)
        ),
    )


def _line_of(
    use: Use,
    change: Callable[[Export], Export],
    added: tuple[Export, ...],
    rests_on: tuple[str, ...],
    vouched: Vouched,
) -> Fix:
    """Return a fix for the line of an export in its file."""
    exports = use.serves.of(use.mount.path, use.serves.configured)
    if not exports:  # exported manually
        exports = use.serves.of(use.mount.path)
    exports = [*map(change, exports), *added]
    path, file = DataPath(exports[0].path), exports[0].file or FILE
    clients = " ".join(
        f"{export.client}({','.join(ExportOptions(written_options(export.options)))})"
        for export in exports
    )
    return Fix(
        use.server.name,
        (
            command("line_drop", file, f"^{grep_escape(path)}[[:space:]]"),
            command("line_add", file, f"{path} {clients}"),
            "exportfs -ra",
        ),
        rests_on=rests_on,
        vouched=vouched,
    )
