"""Storage for the guests' disks: shared by the nodes, or local to each.

NFS is the kernel's and needs virtual machines, which mount it at boot.
GlusterFS is all userspace and real on any kernel: a volume with one brick on
HostA, mounted by the computes.  The plain shared directory only imitates it:
a bind mount through FUSE, which needs no server and no package.
"""

from testbed.joint import debs
from testbed.joint.nodes import do
from testbed.nodes import Lab
from testbed.nodes.cluster import ADDRESSES, COMPUTES, CONTROLLER, INSTANCES
from testbed.nodes.content import NSPAWN, VM
from testbed.nodes.people import NOVA

SHARED, LOCAL, GLUSTER, NFS = KINDS = ("shared", "local", "gluster", "nfs")
SHOWN = "/opt/gluster"  #: the unpacked packages, on the nodes
_PACKAGES = (
    "attr",
    "glusterfs-cli",
    "glusterfs-client",
    "glusterfs-common",
    "glusterfs-server",
    "libgfapi0",
    "libgfchangelog0",
    "libgfrpc0",
    "libgfxdr0",
    "libglusterd0",
    "libglusterfs0",
    "liburcu8",
)
# Mounted or not as an operator would do it, so that it survives a reboot.
_ENABLED = f"""\
! mountpoint -q {INSTANCES} || umount {INSTANCES}
sed -i 's,^#\\(.* {INSTANCES} \\),\\1,' /etc/fstab
"""
_DISABLED = f"""\
sed -i 's,^[^#].* {INSTANCES} ,#&,' /etc/fstab
! mountpoint -q {INSTANCES} || umount {INSTANCES}
"""
# Without mount(8)'s helper, as the plain shared directory has one with the
# same name.
_INSTALL = f"""\
set -e
if ! [ -e /usr/sbin/glusterfs ]; then
    tar -C {SHOWN} --exclude=./sbin -c . |
        tar -C / -x --keep-directory-symlink
    ldconfig
fi
"""
_SERVE = f"""\
{_INSTALL}
if ! pgrep -x glusterd >/dev/null; then
    mkdir -p /srv/brick
    glusterd
    until gluster --mode=script volume list >/dev/null 2>&1; do
        sleep 0.2
    done
    gluster --mode=script volume create instances \\
        {ADDRESSES[CONTROLLER]}:/srv/brick force
    gluster --mode=script volume set instances storage.owner-uid {NOVA.uid}
    gluster --mode=script volume set instances storage.owner-gid {NOVA.gid}
    gluster --mode=script volume start instances
fi
"""
_MOUNT = f"""\
{_INSTALL}
{_ENABLED}
glusterfs --process-name=fuse --volfile-server={CONTROLLER} \\
    --volfile-id=/instances {INSTANCES}
mountpoint -q {INSTANCES}
"""
_MOUNTED = f"""\
found=$(findmnt -n -o FSTYPE --mountpoint {INSTANCES})
[ "$found" = nfs4 ] || {{ echo "no NFS on {INSTANCES}" >&2; exit 1; }}
"""
_SCRIPTS = {
    SHARED: f"{_ENABLED}mount {INSTANCES}\n",
    LOCAL: _DISABLED,
    GLUSTER: _MOUNT,
    NFS: _MOUNTED,
}


def nodes(kind: str) -> str:
    """Return the kind of node that this storage needs."""
    return VM if kind == NFS else NSPAWN


def shown(kind: str) -> dict[str, str]:
    """Return the paths to mount on the nodes: path there, path here."""
    if kind == NFS:
        return {}
    return {SHOWN: str(debs.unpacked("gluster", *_PACKAGES))}


def use(lab: Lab, kind: str, *names: str) -> None:
    """Put the guests' disks of these nodes there; they have no guests."""
    if kind == GLUSTER:
        do(lab, CONTROLLER, _SERVE)
    for name in names or COMPUTES:
        do(lab, name, _SCRIPTS[kind])
