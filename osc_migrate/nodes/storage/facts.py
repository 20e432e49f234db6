"""Facts about the storage for disks of servers, local, mounted or exported."""

import dataclasses
import re
from collections.abc import Mapping

from osc_migrate.facts import Facts
from osc_migrate.nodes.storage.export_facts import NfsServer

# Filesystems that libvirt treats as shared (src/util/virfile.c,
# virFileIsSharedFSType), and others that certainly are.
SHARED = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "virtiofs"),
        *("gfs2", "ocfs2", "gpfs", "acfs", "lustre", "beegfs"),
        *("ceph", "fuse.ceph", "fuse.ceph-fuse"),
        *("fuse.glusterfs", "fuse.quobyte", "fuse.mfs"),
    }
)
NFS = frozenset({"nfs", "nfs4"})
# For these, any server may be named: the contents are the same.
_BY_PATH = frozenset({"ceph", "glusterfs", "fuse.glusterfs"})
_PATH = re.compile(r"[:=](?=/)")
_SERVER = re.compile(r"(\[[^]/]*\]|[^/:]+):(/.*)")


@dataclasses.dataclass(frozen=True)
class Place:
    """A file or directory, from stat, with links followed."""

    path: str
    # The permission bits.
    mode: int
    uid: int
    gid: int
    # 'UNKNOWN' if the node has no such user.
    owner: str
    group: str
    inode: int
    # 'directory', 'regular file' ...
    kind: str


@dataclasses.dataclass(frozen=True)
class Mount:
    """An entry of the mount table or of fstab."""

    # As in fstab: 'server:/path', '/dev/sdb1'.
    source: str
    target: str
    fstype: str
    options: tuple[str, ...]

    @property
    def shared(self) -> bool:
        """Whether it can be shared by several hosts."""
        # 'glusterfs' in fstab is 'fuse.glusterfs' in the mount table.
        types = {self.fstype, f"fuse.{self.fstype}"}
        return bool(types & SHARED or _SERVER.fullmatch(self.source))

    @property
    def nfs(self) -> bool:
        return self.fstype in NFS

    def option(self, name: str) -> str:
        """Return the value of an option such as 'vers=4.2', or ''."""
        for option in self.options:
            key, _, value = option.partition("=")
            if key == name:
                return value
        return ""

    @property
    def server(self) -> str:
        """The server, as written; '' for a local filesystem."""
        match = _SERVER.fullmatch(self.source)
        return match[1].strip("[]") if match else ""

    @property
    def path(self) -> str:
        """The path on the server, without a trailing slash."""
        match = _SERVER.fullmatch(self.source)
        return (match[2].rstrip("/") or "/") if match else ""

    def like(self, other: "Mount") -> bool:
        """Return whether both are the same directory, by their names."""
        if {self.fstype, other.fstype} <= _BY_PATH:
            return (
                _PATH.split(self.source)[-1] == _PATH.split(other.source)[-1]
            )
        if self.server and other.server:
            own_address, other_address = (
                self.option("addr"),
                other.option("addr"),
            )
            return self.path == other.path and (
                self.server.lower() == other.server.lower()
                or (bool(own_address) and own_address == other_address)
            )
        return self.source == other.source

    def __str__(self) -> str:
        return f"{self.source} ({self.fstype})"


@dataclasses.dataclass(frozen=True)
class Space:
    """Space of a filesystem in bytes and inodes.

    Free space excludes the reserve for root.
    """

    size: int
    free: int
    # 0 if the filesystem has no fixed number.
    inodes: int
    inodes_free: int


@dataclasses.dataclass(frozen=True, repr=False)
class Storage(Facts):
    """The instances directory as seen by nova-compute.

    For a file server, only its exports.
    """

    # instances_path of nova.conf.
    path: str
    # False if it did not answer within some seconds.
    answers: bool
    # stat's error, such as 'Stale file handle', or ''.
    trouble: str
    # Existing directories from '/' down to the path.
    places: tuple[Place, ...]
    # The mount that contains the path.
    mount: Mount
    # Number of mounts on the same mount point.
    stacked: int
    # The line of /etc/fstab for the path or the nearest directory above it,
    # except '/'; None without one.
    entry: Mount | None
    # Whether a systemd unit other than a line of fstab mounts it at boot.
    unit: bool
    # Whether nova-compute runs in a container with separate mounts.
    contained: bool
    space: Space
    # '' if nova could write a file there, otherwise its error; None if it was
    # not tried.
    written: str | None
    # Whether QEMU's user can enter the directory; None if not tried.
    passable: bool | None
    # Whether it contains directories of servers.
    occupied: bool
    # 'Enforcing', 'Permissive' or 'Disabled'; '' without SELinux.
    selinux: str
    # The type of its label, and the one required by the policy.
    label: str
    label_wanted: str
    # SELinux boolean -> whether it is on.
    booleans: Mapping[str, bool]
    # None on a compute node.
    serves: NfsServer | None = None

    @property
    def place(self) -> Place | None:
        """The directory; None if it does not exist."""
        last = self.places[-1] if self.places else None
        return last if last and last.path == self.path else None

    @property
    def missing(self) -> Mount | None:
        """The mount in fstab, if it is not mounted."""
        entry = self.entry
        if entry is None or self.contained:
            return None
        if len(entry.target) > len(self.mount.target):
            return entry
        return None
