"""Where a node has the disks of its servers, or serves them to others."""

import dataclasses
import re
from collections.abc import Mapping

from osc_migrate.facts import Facts
from osc_migrate.nodes.storage.export_facts import NfsServer

# What libvirt takes for a filesystem of several hosts (src/util/virfile.c,
# virFileIsSharedFSType), and others that surely are.
SHARED = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "virtiofs"),
        *("gfs2", "ocfs2", "gpfs", "acfs", "lustre", "beegfs"),
        *("ceph", "fuse.ceph", "fuse.ceph-fuse"),
        *("fuse.glusterfs", "fuse.quobyte", "fuse.mfs"),
    }
)
NFS = frozenset({"nfs", "nfs4"})
# Any server of these may be named: what is behind it is the same.
_BY_PATH = frozenset({"ceph", "glusterfs", "fuse.glusterfs"})
_PATH = re.compile(r"[:=](?=/)")
_SERVER = re.compile(r"(\[[^]/]*\]|[^/:]+):(/.*)")


@dataclasses.dataclass(frozen=True)
class Place:
    """A file or directory as stat sees it, links followed."""

    path: str
    # The permission bits.
    mode: int
    uid: int
    gid: int
    # 'UNKNOWN' where the node knows no such user.
    owner: str
    group: str
    inode: int
    # 'directory', 'regular file' ...
    kind: str


@dataclasses.dataclass(frozen=True)
class Mount:
    """Of the mount table or of fstab."""

    # As in fstab or in the mount command: 'server:/path', '/dev/sdb1'.
    source: str
    target: str
    fstype: str
    options: tuple[str, ...]

    @property
    def shared(self) -> bool:
        """Several hosts see what is in it."""
        # fstab says 'glusterfs', the mount table 'fuse.glusterfs'.
        types = {self.fstype, f"fuse.{self.fstype}"}
        return bool(types & SHARED or _SERVER.fullmatch(self.source))

    @property
    def nfs(self) -> bool:
        return self.fstype in NFS

    def option(self, name: str) -> str:
        """Of 'vers=4.2'; '' without it."""
        for option in self.options:
            key, _, value = option.partition("=")
            if key == name:
                return value
        return ""

    @property
    def server(self) -> str:
        """As it is written there; '' of a local filesystem."""
        match = _SERVER.fullmatch(self.source)
        return match[1].strip("[]") if match else ""

    @property
    def path(self) -> str:
        """On the server, without a slash at the end."""
        match = _SERVER.fullmatch(self.source)
        return (match[2].rstrip("/") or "/") if match else ""

    def like(self, other: "Mount") -> bool:
        """Both are the same directory of the same server, as far as names
        show."""
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
    """Of a filesystem, in bytes and inodes; what root alone may use is not
    free space."""

    size: int
    free: int
    # 0 where it has no fixed number of them.
    inodes: int
    inodes_free: int


@dataclasses.dataclass(frozen=True, repr=False)
class Storage(Facts):
    """The instances directory as nova-compute sees it.

    Of a node that serves storage, only what it serves.
    """

    # instances_path of nova.conf.
    path: str
    # False where the node waited some seconds for it in vain.
    answers: bool
    # What stat said instead: 'Stale file handle'; '' where all is well.
    trouble: str
    # From '/' down to the path; those that there are.
    places: tuple[Place, ...]
    # What holds the path.
    mount: Mount
    # How often something is mounted at the mount's own place.
    stacked: int
    # The line of /etc/fstab for the path or the nearest directory above it,
    # '/' left out; None without one.
    entry: Mount | None
    # systemd mounts it at boot, by a unit that is not a line of fstab.
    unit: bool
    # nova-compute runs in a container, with separate mounts.
    contained: bool
    space: Space
    # '' where nova wrote a file there, else the error it got; None where
    # it was not tried.
    written: str | None
    # QEMU's user gets into the directory; None where untried.
    passable: bool | None
    # There are servers' directories in it.
    occupied: bool
    # 'Enforcing', 'Permissive' or 'Disabled'; '' without SELinux.
    selinux: str
    # The type of its label, and the one that the policy wants there.
    label: str
    label_wanted: str
    # Booleans of SELinux's policy -> on.
    booleans: Mapping[str, bool]
    # None on a compute node.
    serves: NfsServer | None = None

    @property
    def place(self) -> Place | None:
        """The directory; None where it is not there."""
        last = self.places[-1] if self.places else None
        return last if last and last.path == self.path else None

    @property
    def missing(self) -> Mount | None:
        """What fstab says to mount there, and is not mounted."""
        entry = self.entry
        if entry is None or self.contained:
            return None
        if len(entry.target) > len(self.mount.target):
            return entry
        return None
