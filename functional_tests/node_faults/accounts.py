"""Faults of osc_migrate/nodes/accounts

Numbers are changed in the files, not by usermod: it would give away the
directory that all nodes share, too.
"""

from functional_tests.node_faults.fault import NodeFault

_SOCKET = "/run/libvirt/libvirt-sock"
_SHARED = "/var/lib/nova/instances"


def _nova_uid(new, old=64060):
    return f"""
sed -i 's/^nova:\\([^:]*\\):{old}:/nova:\\1:{new}:/' /etc/passwd
find /var/lib/nova -xdev -uid {old} ! -path {_SHARED} \\
    -exec chown -h {new} {{}} +
"""


def _qemu_uid(new):
    return (
        "sed -i 's/^libvirt-qemu:\\([^:]*\\):64055:/libvirt-qemu:\\1:"
        f"{new}:/' /etc/passwd\n"
        f"find /var/lib/libvirt /etc/pki/qemu -xdev -uid 64055"
        f" -exec chown -h {new} {{}} +\n"
    )


FAULTS: tuple[NodeFault, ...] = (
    NodeFault(
        "nova-user-exists",
        "uid",
        "there is no user nova",
        "cp -p /etc/passwd /root/passwd; sed -i '/^nova:/d' /etc/passwd",
        by_hand="cat /root/passwd >/etc/passwd",
    ),
    NodeFault(
        "nova-may-use-libvirt",
        "permission",
        "nova is not in the group of libvirt's socket",
        # As unix_sock_group and unix_sock_rw_perms would have it.
        f"gpasswd -d nova libvirt; chgrp libvirt {_SOCKET};"
        f" chmod 770 {_SOCKET}",
        undo=f"chgrp root {_SOCKET}; chmod 666 {_SOCKET}",
    ),
    NodeFault(
        "qemu-user-exists",
        "uid",
        "qemu.conf names a user who does not exist",
        "echo 'user = \"quemu\"' >>/etc/libvirt/qemu.conf",
    ),
    NodeFault(
        "nova-uid-agrees",
        "uid",
        "nova has another uid on one node",
        _nova_uid(64061),
    ),
    NodeFault(
        "nova-uid-agrees",
        "uid",
        "nova has another uid on one node, where its own is somebody else's",
        _nova_uid(64061) + "useradd -M -u 64060 squatter",
        by_hand="userdel squatter\n" + _nova_uid(64060, 64061),
        name="nova-uid-is-taken",
    ),
    NodeFault(
        "nova-gid-agrees",
        "uid",
        "nova's group has another gid on one node",
        "groupmod -g 64061 nova\n"
        f"find /var/lib/nova /etc/nova -xdev -gid 64060 ! -path {_SHARED}"
        " -exec chgrp -h 64061 {} +",
        status="WARN",
    ),
    NodeFault(
        "qemu-uid-agrees",
        "uid",
        "QEMU's user has another uid on one node",
        _qemu_uid(64056),
        status="WARN",
    ),
    NodeFault(
        "qemu-uid-agrees",
        "uid",
        "QEMU's user has another uid on one node, and disks are on NFS",
        _qemu_uid(64056),
        lab="vm",
        name="qemu-uid-agrees-on-nfs",
    ),
    NodeFault(
        "qemu-gid-agrees",
        "uid",
        "QEMU's group has another gid on one node",
        "groupmod -g 64056 libvirt-qemu\n"
        "find /var/lib/libvirt /etc/pki/qemu -xdev -gid 64055"
        " -exec chgrp -h 64056 {} +",
        status="WARN",
    ),
    NodeFault(
        "storage-knows-nova",
        "uid",
        "nova has another uid on the file server",
        _nova_uid(64061),
        node="HostA",
        status="WARN",
    ),
)
