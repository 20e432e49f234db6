"""QEMU on the destination, which does not take the guest in.

libvirt passes on what it said last, so that these are looked for when no
cause is known that says more.
"""

from osc_migrate.explain.causes.cause import Cause, cause

CAUSES: tuple[Cause, ...] = (
    cause(
        "disk-locked",
        r"Failed to get (?:shared )?\"[a-z ]{1,20}\" lock"
        r"|Failed to acquire lock|resource busy: .{0,80}lock",
        "something else holds the lock of a disk: another QEMU process, or a"
        " file server that has lost track",
        "see 'virsh list --all' on both hosts: the guest must run on one"
        " alone; then the locks of the file server",
        source="QEMU; libvirt",
    ),
    cause(
        "memory-not-allocated",
        r"[Cc]annot allocate memory|unable to map backing store"
        r"|Insufficient free host memory pages"
        r"|Unable to find any usable hugetlbfs mount",
        "the destination cannot give the guest its memory, or huge pages",
        "on the destination: free -m, and HugePages_Free in /proc/meminfo;"
        " choose a host that has more",
        source="QEMU",
    ),
    cause(
        "guest-there-already",
        r"domain '.{1,80}' (?:already exists with uuid"
        r"|is already (?:active|defined|being))"
        r"|domain is already active as '",
        "libvirt on the destination has a guest of that name or UUID",
        "see 'virsh list --all' on both hosts; where it is only left over,"
        " and surely shut off: virsh undefine",
        "destination-is-clean",
        source="libvirt",
    ),
    cause(
        "bridge-missing",
        r"Cannot get interface MTU on '"
        r"|Unable to add .{1,64} port |[Nn]o network with matching name",
        "a bridge that the guest is plugged into is missing on the"
        " destination",
        "on the destination: ovs-vsctl show (or ip link); compare the bridges"
        " with the source's",
        "destination-reaches-the-physical-networks",
        source="libvirt",
    ),
    cause(
        "device-cannot-move",
        r"cannot migrate a? ?domain with"
        r"|State blocked by non-migratable device"
        r"|Migration disabled: ",
        "the guest has a device that QEMU cannot move",
        "look which one the message names; detach it, or migrate cold",
        source="libvirt; QEMU",
        general=True,
    ),
    cause(
        "disk-not-there",
        r"[Cc]annot access storage file"
        r"|[Cc]ould not open '[^'\n]{1,400}': No such file or directory"
        r"|Unable to stat [^\n]{1,400}: No such file or directory",
        "the destination cannot open one of the guest's disks",
        "on the destination: findmnt of instances_path, and ls -l of the"
        " file that the message names",
        "instances-path-is-writable",
        source="libvirt",
    ),
    cause(
        "guest-ended",
        r"domain is not running|domain is no longer running",
        "the guest ended on the source while it was copied",
        "openstack server show; see the guest's log in /var/log/libvirt/qemu"
        " on the source",
        source="libvirt",
    ),
    cause(
        "migration-cut-off",
        r"[Ll]ost connection to destination"
        r"|client socket is closed"
        r"|connection closed due to keepalive timeout"
        r"|Unable to (?:read from|write to) socket"
        r"|Channel error: Input/output error"
        r"|Not a migration stream|Read section footer failed"
        r"|load of migration failed: Input/output error",
        "the connection between the hosts broke while the guest was copied",
        "see both hosts' libvirtd logs and /var/log/libvirt/qemu; look for"
        " a network failure, or a QEMU that exited",
        source="libvirt; QEMU, migration/savevm.c",
        general=True,
    ),
    cause(
        "device-state-refused",
        r"error while loading state for instance"
        r"|load of migration failed"
        r"|Unknown savevm section|Unknown ramblock"
        r"|Missing section footer|Machine type received is"
        r"|Length mismatch: [^\n]{1,100} in != ",
        "the destination's QEMU, firmware or option ROMs differ from those"
        " that the guest was started with",
        "compare the QEMU and firmware packages of both hosts; the log of"
        " the guest in /var/log/libvirt/qemu on the destination says more",
        "hosts-have-equal-qemu",
        source="QEMU wiki, Features/Migration/Troubleshooting",
        general=True,
    ),
    cause(
        "qemu-ended",
        r"[Uu]nexpectedly closed the monitor"
        r"|process exited while connecting to monitor"
        r"|End of file from qemu monitor"
        r"|Unable to read from monitor",
        "QEMU ended on a host while the guest was moved",
        "the log of the guest in /var/log/libvirt/qemu on both hosts has"
        " QEMU's last words",
        source="libvirt",
        general=True,
    ),
    cause(
        "copy-broke-off",
        r"job '?migration (?:out|in)'? (?:unexpectedly failed|failed)"
        r"|migration (?:out|in) job: "
        r"|operation failed: job: unexpectedly failed",
        "QEMU ended the copy; the reason is in its log on the destination",
        "on the destination: the end of /var/log/libvirt/qemu/GUEST.log; then"
        " libvirtd's logs on both hosts",
        source="libvirt, qemu_migration.c",
        general=True,
    ),
)
