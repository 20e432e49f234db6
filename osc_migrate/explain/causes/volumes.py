"""Volumes and Ceph: iSCSI, Fibre Channel, Cinder, RBD, keys of encryption."""

from osc_migrate.explain.causes.cause import Cause, cause

_RBD = "QEMU, block/rbd.c"
_BRICK = "os_brick/exception.py"

CAUSES: tuple[Cause, ...] = (
    cause(
        "ceph-key-refused",
        r"error connecting: (?:Permission denied|Operation not permitted)"
        r"|RADOS permission (?:denied|error)",
        "Ceph refuses the key: the secret in libvirt, or the keyring, has"
        " another key than Ceph has for that user",
        "on that host: compare 'virsh secret-get-value' of the disk's secret"
        " with 'ceph auth get-key client.USER'",
        "destination-has-ceph-secret",
        source=f"{_RBD}; seen with Ceph 16.2",
    ),
    cause(
        "ceph-rights-missing",
        r"error reading header from [^\n]{1,255}:"
        r" (?:Operation not permitted|Permission denied)",
        "Ceph's user may log in, but not use the pool of the disk",
        "ceph auth get client.USER; its caps must include the pool: profile"
        " rbd pool=POOL",
        source=f"{_RBD}; seen with Ceph 16.2",
    ),
    cause(
        "ceph-image-missing",
        r"error reading header from [^\n]{1,255}: No such file or directory",
        "Ceph has no image of that name in the pool that the disk names",
        "rbd ls POOL; compare images_rbd_pool in nova.conf of both hosts, and"
        " the pool in 'virsh dumpxml' on the source",
        source=_RBD,
    ),
    cause(
        "ceph-unreachable",
        r"error connecting: (?:Connection timed out|Operation timed out)"
        r"|RADOS timed out",
        "that host cannot reach Ceph's monitors or OSDs",
        "on that host: ceph -s with Nova's user; check route and firewall to"
        " ports 3300, 6789 and 6800-7300",
        source=f"{_RBD}; seen with Ceph 16.2",
    ),
    cause(
        "ceph-files-missing",
        r"error reading conf file"
        r"|error connecting: No such file or directory"
        r"|RADOS object not found \(error connecting",
        "ceph.conf or the keyring is missing on that host",
        "on that host: ls -l /etc/ceph; copy ceph.conf and the user's keyring"
        " from a host that works (0640, group nova)",
        source=f"{_RBD}; rados",
    ),
    cause(
        "iscsi-target-silent",
        r"Unable to find target portal"
        r"|Unable to login to iSCSI Target Portal"
        r"|login retries \(reopen_max\) \d{1,4} exceeded"
        r"|connection login retries exceeded",
        "that host cannot log in to the iSCSI target of a volume",
        "on that host: systemctl status iscsid; check route and firewall to"
        " the target's port 3260, and its list of initiators",
        "volumes-can-be-attached",
        source=f"{_BRICK}; open-iscsi",
    ),
    cause(
        "volume-device-missing",
        r"Volume device not found at"
        r"|Could not find any paths for the volume"
        r"|Unable to find a Fibre Channel volume device"
        r"|unable to locate any Fibre Channel devices",
        "the storage exported the volume, but no device appeared on that host",
        "on that host: multipath -ll, lsscsi; check zoning or masking for its"
        " initiator, and rescan the bus",
        "volumes-can-be-attached",
        source=_BRICK,
    ),
    cause(
        "cinder-refused-the-attachment",
        r"Unable to (?:create|update) attachment",
        "Cinder could not export the volume to that host; cinder-volume is"
        " down, or its storage refused",
        "openstack volume service list; then cinder-volume's log; openstack"
        " --os-volume-api-version 3.27 volume attachment list",
        source="cinder/volume/manager.py; seen",
    ),
    cause(
        "disk-key-forbidden",
        r"Secret (?:payload )?retrieval attempt not allowed"
        r"|Key manager error: Forbidden",
        "Barbican does not give this user the key of an encrypted volume:"
        " it belongs to another project",
        "openstack acl user add on the secret for the user that moves it; or"
        " its owner shelves and unshelves the server",
        source="castellan; barbican",
    ),
)
