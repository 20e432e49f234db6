"""Mount options: which ones leave a node, and which ones a script may write.

Some options are secrets (``secret=`` of CephFS, ``password=`` and
``password2=`` of CIFS), and other file systems have more. Therefore the needed
names are listed, and the node replaces all others.
"""

import re

from osc_migrate.checks.script import DataPath, HostName, UnsafeText

# Replacement for options that a node does not report.
WITHHELD = "..."
# In the mount table but useless in fstab: the kernel determines them.
DETERMINED = frozenset(
    {
        *("addr", "clientaddr", "mountaddr", "mountport", "mountproto"),
        *("mountvers", "namlen", "rsize", "wsize", "timeo", "retrans"),
        *("local_lock", "fd", "rootmode", "user_id", "group_id"),
        *("relatime", "seclabel", "blksize"),
        # Added by FUSE; mount.glusterfs would reject them.
        *("allow_other", "default_permissions", "max_read"),
        *("nosuid", "nodev"),
    }
)
# Allowed in a line that a script adds to fstab: nfs(5), mount(8), xfs(5),
# btrfs(5).
WRITABLE = frozenset(
    {
        *("rw", "ro", "sync", "async", "dirsync", "noexec", "_netdev"),
        *("noatime", "nodiratime", "strictatime", "lazytime", "nofail"),
        *("vers", "nfsvers", "minorversion", "proto", "port", "sec"),
        *("hard", "soft", "softerr", "softreval", "lock", "nolock", "noac"),
        *("bg", "fg", "retry", "nconnect", "max_connect", "trunkdiscovery"),
        *("actimeo", "acregmin", "acregmax", "acdirmin", "acdirmax"),
        *("lookupcache", "fsc", "nofsc", "noresvport", "resvport"),
        *("rdirplus", "nordirplus", "nosharecache", "sharecache"),
        *("acl", "noacl", "user_xattr", "nouser_xattr", "discard"),
        *("attr2", "inode64", "inode32", "logbufs", "logbsize", "noquota"),
        *("usrquota", "prjquota", "grpquota", "errors", "data", "stripe"),
        *("ssd", "space_cache", "compress", "subvol", "subvolid"),
    }
)
REPORTED = DETERMINED | WRITABLE | {"auto", "noauto"}
# Allowed types in such a line. FUSE mounts belong to the user who mounted
# them, so only those of cluster filesystems.
_TYPES = frozenset(
    {
        *("nfs", "nfs4", "glusterfs", "gfs2", "ocfs2", "gpfs", "lustre"),
        *("beegfs", "virtiofs", "9p", "ext4", "xfs", "btrfs"),
    }
)
_DEVICE = re.compile(r"/dev/[A-Za-z0-9/_.:+-]{1,200}")
_VOLUME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_VALUE = re.compile(r"[A-Za-z0-9_.:/@+-]{0,200}")

# Functions of a POSIX awk program. kept() keeps the reported options of a
# list; source() hides user and password in a source.
AWK = (
    (
        r"""
function kept(list,    count, i, option, name, found, hidden) {
    count = split(list, option, ",")
    for (i = 1; i <= count; i++) {
        name = option[i]
        sub(/=.*/, "", name)
        if (name != "" && index("@NAMES@", " " name " ") &&
            option[i] !~ "[^A-Za-z0-9_.:/@+=-]")
            found = found "," option[i]
        else if (option[i] != "" && option[i] != "defaults")
            hidden = ",@WITHHELD@"
    }
    found = found hidden
    return found == "" ? "defaults" : substr(found, 2)
}
function source(text) {
    sub(/\?.*/, "?***", text)
    if (text ~ "^[^/]*//.*@") sub("//.*@", "//***@", text)
    else sub("^[^/]*:[^/]*@", "***@", text)
    return text
}
"""
    )
    .replace("@NAMES@", f" {' '.join(sorted(REPORTED))} ")
    .replace("@WITHHELD@", WITHHELD)
)


def option_list(options: tuple[str, ...]) -> str:
    """Check the options of a line that a script adds to fstab.

    :raises UnsafeText: one is withheld, or not known to be harmless.
    """
    if WITHHELD in options:
        raise UnsafeText("some of its mount options are not reported")
    for option in options:
        name, _, value = option.partition("=")
        if name not in WRITABLE or not _VALUE.fullmatch(value):
            raise UnsafeText("a mount option is not a known one")
    return ",".join(options) or "defaults"


def file_system(fstype: str) -> str:
    """Return the type for fstab: 'glusterfs' for 'fuse.glusterfs'.

    :raises UnsafeText: scripts do not mount that type.
    """
    name = fstype.removeprefix("fuse.")
    if name not in _TYPES:
        raise UnsafeText("a file system type is not a known one")
    return name


def source(text: str) -> str:
    """Check a device, 'SERVER:/PATH' or volume name.

    :raises UnsafeText: it is none of these.
    """
    server, colon, path = text.rpartition(":/")
    if colon:
        HostName(server.removeprefix("[").removesuffix("]"))
        if path:
            # The path as seen by NFSv4 clients, not a directory of the node.
            DataPath(f"/srv/exported/{path}")
    elif ".." in text or not (
        _DEVICE.fullmatch(text) or _VOLUME.fullmatch(text)
    ):
        raise UnsafeText(
            "a mount source is not a device or a server's directory"
        )
    return text
