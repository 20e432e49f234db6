"""The layer of one node: its identity, trusted keys and services."""

from testbed.nodes import compute_files, memory
from testbed.nodes.cluster import (
    ADDRESSES,
    BACKING,
    CONTROLLER,
    EXPORTED,
    INSTANCES,
    NETWORK,
)
from testbed.nodes.layer import Layer, Owner
from testbed.nodes.people import GUESTS, NOVA
from testbed.nodes.secrets import Secrets

NSPAWN, VM = KINDS = ("nspawn", "vm")

_UNITS = "/etc/systemd/system"
#: units that run at odd times, or wait for something that nodes lack
_UNWANTED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "iscsid.service",
    "iscsid.socket",
    "nfs-blkmap.service",
    "open-iscsi.service",
    "systemd-networkd-wait-online.service",
    "systemd-networkd.service",
    "systemd-networkd.socket",
    "systemd-resolved.service",
    "systemd-timesyncd.service",
    "user@.service",  # one for each user who logs in
)
#: units that need kernel support for NFS, or a kernel of the node alone
_NOT_IN_CONTAINERS = (
    "nfs-idmapd.service",
    "nfs-mountd.service",
    "nfs-server.service",
    "nfsdcld.service",
    "proc-fs-nfsd.mount",
    "rpc-gssd.service",
    "run-rpc_pipefs.mount",
    "systemd-udev-trigger.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udevd.service",
)
_NFS_SERVER = (
    "nfs-idmapd.service",
    "nfs-mountd.service",
    "nfs-server.service",
    "nfsdcld.service",
)

#: `mount -t glusterfs` in containers mounts the shared directory so that it
#: looks like GlusterFS, which libvirt treats as shared storage.
_MOUNT_GLUSTERFS = f"""\
#!/bin/sh
# mount.glusterfs SOURCE DIRECTORY [-o OPTIONS]
source=$1 directory=$2 options=rw
shift 2
while getopts o:nsvf letter; do
    [ "$letter" = o ] && options=$OPTARG
done
case ,$options, in
*,remount,*)
    exec mount -i -o "$options" "$source" "$directory" ;;
esac
mode=rw
case ,$options, in
*,ro,*) mode=ro ;;
esac
options=$mode,nosuid,nodev,nonempty,subtype=glusterfs,fsname=$source
# What another node has deleted is gone here too, at once.
options=$options,entry_timeout=0,negative_timeout=0,attr_timeout=0
exec bindfs -o "$options" {BACKING} "$directory"
"""

#: longer timeouts, for emulated nodes on a busy machine
_SLOW = """\
[Manager]
DefaultTimeoutStartSec=600s
DefaultDeviceTimeoutSec=600s
"""
_USERFAULTFD = "vm.unprivileged_userfaultfd = 1\n"  # post-copy needs it


def write(layer: Layer, name: str, kind: str, secrets: Secrets) -> None:
    """Fill the layer of a node.

    :param kind: 'nspawn' or 'vm', which differ in kernel features
    """
    _identity(layer, name, secrets)
    _accounts(layer, secrets)
    _units(layer, name, kind)
    _storage(layer, name, kind)
    _clock(layer, name, kind)
    compute_files.write(layer, name, secrets)


def _identity(layer: Layer, name: str, secrets: Secrets) -> None:
    own = secrets.nodes[name]
    hosts = ["127.0.0.1 localhost"]
    hosts += [
        f"{address} {other} {other.lower()}"
        for other, address in ADDRESSES.items()
    ]
    layer.write("/etc/hostname", f"{name}\n")
    layer.write("/etc/hosts", "\n".join(hosts) + "\n")
    layer.write("/etc/resolv.conf", "")
    layer.write("/etc/machine-id", f"{own.machine_id}\n", 0o444)
    layer.write(
        "/etc/iscsi/initiatorname.iscsi",
        f"InitiatorName=iqn.1993-08.org.debian:01:{own.machine_id[:12]}\n",
        0o600,
    )
    key = "/etc/ssh/ssh_host_ed25519_key"
    layer.write(key, own.host_key.private, 0o600)
    layer.write(f"{key}.pub", own.host_key.public)


def _accounts(layer: Layer, secrets: Secrets) -> None:
    known = secrets.known_hosts(ADDRESSES)
    opens = secrets.lab.public
    layer.directory("/root", 0o700)
    layer.directory(NOVA.home, owner=(NOVA.uid, NOVA.gid))
    for home, owner, pair in (
        ("/root", (0, 0), secrets.root),
        (NOVA.home, (NOVA.uid, NOVA.gid), secrets.nova),
    ):
        _ssh(layer, home, owner, pair.public + opens)
        for file, text in (
            ("id_ed25519", pair.private),
            ("id_ed25519.pub", pair.public),
            ("known_hosts", known),
        ):
            layer.write(f"{home}/.ssh/{file}", text, 0o600, owner)
    rules = ""
    for one in GUESTS:
        layer.directory(one.home, owner=(one.uid, one.gid))
        _ssh(layer, one.home, (one.uid, one.gid), opens)
        if one.sudo:
            rules += f"{one.name} ALL=(ALL:ALL) NOPASSWD: ALL\n"
    layer.write("/etc/sudoers.d/lab", rules, 0o440)


def _ssh(layer: Layer, home: str, owner: Owner, authorized: str) -> None:
    layer.directory(f"{home}/.ssh", 0o700, owner)
    layer.write(f"{home}/.ssh/authorized_keys", authorized, 0o600, owner)


def _units(layer: Layer, name: str, kind: str) -> None:
    masked = set(_UNWANTED)
    if kind == NSPAWN:
        masked.update(_NOT_IN_CONTAINERS)
    elif name != CONTROLLER:
        masked.update(_NFS_SERVER)
    for unit in sorted(masked):
        layer.link(f"{_UNITS}/{unit}", "/dev/null")
    for socket in ("tcp", "tls"):
        unit = f"libvirtd-{socket}.socket"
        layer.link(
            f"{_UNITS}/sockets.target.wants/{unit}",
            f"/lib/systemd/system/{unit}",
        )
    if kind == VM:
        layer.write("/etc/systemd/system.conf.d/slow.conf", _SLOW)
    else:
        memory.write(layer)
    # libvirtd exits after two minutes without clients; the lab's keeps
    # running, as on a host with guests.
    layer.write("/etc/default/libvirtd", 'LIBVIRTD_ARGS=""\n')


def _storage(layer: Layer, name: str, kind: str) -> None:
    owner = (NOVA.uid, NOVA.gid)
    layer.directory(INSTANCES, owner=owner)
    table = []
    if kind == NSPAWN:
        layer.directory(BACKING, owner=owner)
        layer.write("/usr/sbin/mount.glusterfs", _MOUNT_GLUSTERFS, 0o755)
        table.append(f"HostA:/instances {INSTANCES} glusterfs _netdev 0 0")
    else:
        layer.write("/etc/sysctl.d/60-migration.conf", _USERFAULTFD)
        table.append("/dev/vda / ext4 noatime 0 0")
        if name == CONTROLLER:
            table.append(f"{EXPORTED} {INSTANCES} none bind 0 0")
        else:
            table.append(
                f"{CONTROLLER}:/ {INSTANCES} nfs4 "
                "_netdev,nofail,x-systemd.mount-timeout=600 0 0"
            )
    if name == CONTROLLER:
        layer.directory(EXPORTED, owner=owner)
        options = "rw,sync,no_root_squash,no_subtree_check,fsid=0"
        layer.write("/etc/exports", f"{EXPORTED} {NETWORK}({options})\n")
    layer.write("/etc/fstab", "\n".join(table) + "\n")


def _clock(layer: Layer, name: str, kind: str) -> None:
    """HostA serves its local clock as the time; the others follow it."""
    if name == CONTROLLER:
        source = f"local stratum 8\nallow {NETWORK}\n"
    else:
        source = f"server {CONTROLLER} iburst minpoll 2 maxpoll 4\n"
    layer.write(
        "/etc/chrony/chrony.conf",
        f"{source}driftfile /var/lib/chrony/chrony.drift\n"
        "makestep 1 -1\n"
        "cmdport 323\n",
    )
    # A container uses this machine's clock: measured, but never set.
    options = "-F 1 -x" if kind == NSPAWN else "-F 1"
    layer.write("/etc/default/chrony", f'DAEMON_OPTS="{options}"\n')
