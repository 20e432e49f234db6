"""Faults of osc_migrate/nodes/storage"""

from functional_tests.node_faults import exports
from functional_tests.node_faults.fault import NodeFault

PATH = "/var/lib/nova/instances"
LOCAL = "/var/lib/nova/local"
CONF = "/etc/nova/nova.conf"
# Another place, which no node shares.
_MOVE = f"""
cp -p {CONF} /root/nova.conf
sed -i 's|^instances_path.*|instances_path = {LOCAL}|' {CONF}
"""
_MAKE = f"install -d -o nova -g nova -m 755 {LOCAL}\n"
_BACK = f"""
[ ! -e /root/nova.conf ] || cat /root/nova.conf >{CONF}
rm -f /root/nova.conf
umount {LOCAL} || :
sed -i '\\|{LOCAL}|d' /etc/fstab
rm -rf {LOCAL}
"""
_KEEP = "cp -p /etc/fstab /run/fstab.lab\n"
_RECALL = f"cat /run/fstab.lab >/etc/fstab; mount {PATH}"
_FORGET = f"sed -i '\\|{PATH}|d' /etc/fstab\n"


def _tmpfs(options):
    """Mounted there by a line of fstab."""
    return (
        f"echo 'tmpfs {LOCAL} tmpfs {options},uid=64060,gid=64060,mode=755"
        f" 0 0' >>/etc/fstab; mount {LOCAL}\n"
    )


def _run(lab, node, script):
    done = lab.run(node, script)
    if done.returncode:
        raise RuntimeError(f"{node}: {done.stderr}")


def local(here="", there=_MAKE):
    """Both compute nodes have their directory for themselves.

    :param here: what is done on HostC then.
    :param there: and on HostB.
    """

    def make(lab):
        _run(lab, "HostB", _MOVE + there)
        _run(lab, "HostC", _MOVE + here)

    return make


def back(lab):
    """Takes :func:`local` back."""
    for node in ("HostB", "HostC"):
        _run(lab, node, _BACK)


def _fault(check, topic, what, inject, **options):
    return NodeFault(check, topic, what, inject, **options)


DIRECTORY = (
    _fault(
        "instances-path-exists",
        "config",
        "instances_path does not exist",
        local(),
        undo=back,
    ),
    _fault(
        "instances-path-owner-is-nova",
        "permission",
        "the instances directory belongs to root",
        local(_MAKE + f"chown 0:0 {LOCAL}"),
        undo=back,
    ),
    _fault(
        "instances-path-is-writable",
        "permission",
        "nova owns the instances directory, and may not write there",
        local(_MAKE + f"chmod 555 {LOCAL}"),
        undo=back,
    ),
    _fault(
        "instances-path-is-passable",
        "permission",
        "a directory above it lacks the execute bit for others",
        "chmod o-x /var/lib/nova",
    ),
    _fault(
        "instances-path-is-passable",
        "permission",
        "the instances directory lacks the execute bit for others",
        local(_MAKE + f"chmod 750 {LOCAL}"),
        undo=back,
        name="instances-path-itself-is-passable",
    ),
    _fault(
        "instances-path-has-space",
        "space",
        "the filesystem of the instances directory is full",
        local(
            _MAKE
            + _tmpfs("size=8m")
            + f"dd if=/dev/zero of={LOCAL}/fill bs=64k || :"
        ),
        by_hand=f"rm {LOCAL}/fill",
        undo=back,
    ),
    _fault(
        "instances-path-has-space",
        "space",
        "the filesystem of the instances directory is nearly full",
        local(
            _MAKE
            + _tmpfs("size=600m")
            + f"dd if=/dev/zero of={LOCAL}/fill bs=1M count=575"
        ),
        status="WARN",
        by_hand=f"rm {LOCAL}/fill",
        undo=back,
        name="instances-path-is-nearly-full",
    ),
    _fault(
        "instances-path-has-space",
        "space",
        "the filesystem of the instances directory has no inodes left",
        local(
            _MAKE
            + _tmpfs("size=64m,nr_inodes=40")
            + f"i=0; while touch {LOCAL}/$i; do i=$((i + 1)); done || :"
        ),
        by_hand=f"rm {LOCAL}/[0-9]*",
        undo=back,
        name="instances-path-has-inodes",
    ),
)

MOUNTS = (
    _fault(
        "instances-path-is-mounted",
        "mount",
        "the shared directory is not mounted",
        f"umount {PATH}",
    ),
    _fault(
        "instances-path-is-mounted",
        "nfs",
        "the NFS directory is not mounted",
        f"umount {PATH}",
        lab="vm",
        name="instances-nfs-is-mounted",
    ),
    _fault(
        "instances-path-is-mounted",
        "mount",
        "it is not mounted, and servers were made in the directory below",
        f"umount {PATH}; install -d -o nova -g nova"
        f" {PATH}/11111111-2222-3333-4444-555555555555",
        by_hand=f"rmdir {PATH}/11111111-*; mount {PATH}",
        name="instances-path-is-mounted-over-servers",
    ),
    _fault(
        "instances-mount-is-read-write",
        "mount",
        "the shared directory is mounted read-only",
        f"mount -o remount,ro {PATH}",
    ),
    _fault(
        "instances-mount-is-read-write",
        "nfs",
        "fstab mounts the NFS directory read-only",
        f"sed -i '\\|{PATH}|s/_netdev/ro,_netdev/' /etc/fstab;"
        f" umount {PATH}; mount {PATH}",
        lab="vm",
        name="instances-nfs-is-read-write",
    ),
    _fault(
        "instances-mount-is-the-only-one",
        "mount",
        "something is mounted over the shared directory",
        f"mount --bind {PATH} {PATH}",
        status="WARN",
        by_hand=f"umount {PATH}",
    ),
    _fault(
        "instances-mount-is-persistent",
        "mount",
        "the shared directory is not in fstab",
        _FORGET + "systemctl daemon-reload",
        status="WARN",
    ),
    _fault(
        "instances-mount-is-persistent",
        "nfs",
        "the NFS directory is not in fstab",
        _FORGET + "systemctl daemon-reload",
        status="WARN",
        lab="vm",
        name="instances-nfs-is-persistent",
    ),
    _fault(
        "instances-mount-is-persistent",
        "mount",
        "fstab does not mount it at boot",
        f"sed -i '\\|{PATH}|s/_netdev/noauto,_netdev/' /etc/fstab;"
        " systemctl daemon-reload",
        status="WARN",
        name="instances-mount-is-automatic",
    ),
    _fault(
        "instances-mount-is-what-fstab-says",
        "mount",
        "fstab has another server than the one that is mounted",
        f"sed -i '\\|{PATH}|s/^HostA:/HostX:/' /etc/fstab",
        status="WARN",
    ),
    _fault(
        "instances-mount-is-what-fstab-says",
        "nfs",
        "fstab has another path than the one that is mounted",
        f"sed -i '\\|{PATH}|s|^HostA:/|HostA:/old|' /etc/fstab",
        status="WARN",
        lab="vm",
        name="instances-nfs-is-what-fstab-says",
    ),
    _fault(
        "instances-mount-is-safe",
        "nfs",
        "the NFS directory is mounted soft",
        f"umount {PATH}; mount -t nfs4 -o soft HostA:/ {PATH}",
        status="WARN",
        lab="vm",
    ),
    _fault(
        "instances-mount-is-safe",
        "nfs",
        "fstab mounts the NFS directory soft",
        f"sed -i '\\|{PATH}|s/_netdev/soft,_netdev/' /etc/fstab;"
        f" umount {PATH}; mount {PATH}",
        status="WARN",
        lab="vm",
        name="instances-mount-in-fstab-is-safe",
    ),
)

SHARING = (
    _fault(
        "instances-path-agrees",
        "config",
        "one node has another instances_path",
        _MOVE + _MAKE,
        undo=_BACK,
    ),
    _fault(
        "hosts-share-storage",
        "mount",
        "one node has the directory for itself",
        f"umount {PATH}; chown nova:nova {PATH}\n" + _KEEP + _FORGET,
        by_hand=_RECALL,
    ),
    _fault(
        "hosts-share-storage",
        "nfs",
        "one node has the directory for itself, others mount it by NFS",
        f"umount {PATH}; chown nova:nova {PATH}\n" + _KEEP + _FORGET,
        lab="vm",
        by_hand=_RECALL,
        name="hosts-share-storage-by-nfs",
    ),
    _fault(
        "hosts-share-storage",
        "nfs",
        "one node mounts another directory of the same server",
        f"install -d -o nova -g nova {PATH}/other\n"
        f"sed -i '\\|{PATH}|s|^HostA:/|HostA:/other|' /etc/fstab\n"
        f"umount {PATH}; mount {PATH}",
        lab="vm",
        by_hand=f"sed -i '\\|{PATH}|s|^HostA:/other|HostA:/|' /etc/fstab\n"
        f"umount {PATH}; mount {PATH}; rmdir {PATH}/other",
        name="hosts-share-the-same-storage",
    ),
    _fault(
        "shared-directory-is-novas",
        "permission",
        "the shared directory belongs to root",
        f"chown 0:0 {PATH}",
    ),
    _fault(
        "mount-options-agree",
        "nfs",
        "one node mounts it with another version of NFS",
        f"umount {PATH}; mount -t nfs4 -o vers=4.1 HostA:/ {PATH}",
        status="WARN",
        lab="vm",
        by_hand=f"umount {PATH}; mount {PATH}",
    ),
)

FAULTS: tuple[NodeFault, ...] = (
    *DIRECTORY,
    *MOUNTS,
    *SHARING,
    *exports.FAULTS,
)
