"""What a node serves by NFS."""

import dataclasses
import fnmatch
import ipaddress
from collections.abc import Mapping

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True)
class Export:
    """A directory, and one client or group of clients: exports(5)."""

    path: str
    # '10.0.0.0/24', 'host.example', '*.example', '@netgroup', '*'.
    client: str
    options: tuple[str, ...]
    # Where it is written; '' of what is in force.
    file: str = ""

    def admits(self, address: str, names: tuple[str, ...]) -> bool | None:
        """The client may mount it; None where that cannot be told.

        :param address: of the client.
        :param names: of it, as the server may see them.
        """
        if self.client in ("*", "<world>", ""):
            return True
        if self.client.startswith("@"):
            return None
        try:
            network = ipaddress.ip_network(self.client, strict=False)
        except ValueError:
            wanted = self.client.lower()
            # '*' of exports(5) passes dots, as fnmatch's does.
            return any(fnmatch.fnmatchcase(n.lower(), wanted) for n in names)
        try:
            return ipaddress.ip_address(address) in network
        except ValueError:
            return None


@dataclasses.dataclass(frozen=True)
class Served:
    """A directory that is exported."""

    path: str
    mode: int
    uid: int
    gid: int
    owner: str


@dataclasses.dataclass(frozen=True, repr=False)
class Server(Facts):
    # nfs-server, or nfs-kernel-server on older Debians; '' without one.
    unit: str
    # 'active', 'inactive', 'failed'; 'masked' where somebody wants none.
    state: str
    # What it serves now, the kernel's defaults included (exportfs -v).
    exports: tuple[Export, ...]
    # What /etc/exports and /etc/exports.d say.
    configured: tuple[Export, ...]
    # Path -> what is there, of each export.
    directories: Mapping[str, Served]
    addresses: frozenset[str]
    # Host names, short and full.
    names: frozenset[str]
    # Versions that it speaks: '4.2'; empty where it does not run.
    versions: frozenset[str]

    def serves(self, server: str, address: str) -> bool:
        """It is what a mount calls so, or reached at that address."""
        return (
            address in self.addresses
            or server in self.addresses
            or server.lower() in {name.lower() for name in self.names}
        )

    @property
    def known(self) -> tuple[Export, ...]:
        """What is in force, and what would be."""
        return (*self.exports, *self.configured)

    def real(self, path: str) -> str:
        """The directory that a client calls `path`: below the export with
        fsid=0, which clients of NFSv4 see as '/'."""
        if any(export.path == path for export in self.known):
            return path
        for export in self.known:
            if {"fsid=0", "fsid=root"} & {*export.options}:
                return f"{export.path}{path}".rstrip("/") or "/"
        return path

    def of(
        self, path: str, exports: tuple[Export, ...] | None = None
    ) -> list[Export]:
        """The exports that hold what a client calls `path`: those of the
        nearest directory at or above it.

        :param exports: among these, not those in force.
        """
        among = self.exports if exports is None else exports
        real = self.real(path)
        above = [
            export
            for export in among
            if f"{real}/".startswith(f"{export.path.rstrip('/')}/")
        ]
        nearest = max((len(export.path) for export in above), default=0)
        return [export for export in above if len(export.path) == nearest]
