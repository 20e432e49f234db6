"""Disks: where they are, and whether the destination can have them."""

from osc_migrate.explain.causes.cause import Cause, cause

_LIBVIRT = "nova/virt/libvirt/driver.py"

CAUSES: tuple[Cause, ...] = (
    cause(
        "shared-storage-missing",
        r"is not on shared storage|InvalidSharedStorage",
        "the hosts do not share the server's disks, and copying them was not"
        " allowed",
        "mount the shared storage on both hosts, or move it with 'openstack"
        " migrate block', which copies the disks",
        "hosts-share-storage",
        batch_remedy="mount the shared storage on both hosts, or replan"
        " with --block, which copies the disks",
        source=_LIBVIRT,
    ),
    cause(
        "shared-storage-copied",
        r"is not on local storage|InvalidLocalStorage",
        "a copy of the disks was asked for, but the hosts share them",
        "move it with 'openstack migrate live', which copies no disk",
        "hosts-share-storage",
        batch_remedy="replan without --block",
        source=_LIBVIRT,
    ),
    cause(
        "disk-too-large",
        r"Disk of instance is too large",
        "the destination has no room for the copy of the disks",
        "choose a host with more free disk, or free some there",
        "destination-has-space-for-the-copy",
        source=_LIBVIRT,
    ),
    cause(
        "disk-full",
        r"No space left on device|\[Errno 28\]"
        r"|Disk quota exceeded|\[Errno 122\]",
        "a filesystem is full: usually the destination's, while disks"
        " are copied",
        "df on both hosts, of instances_path; free some space, then try again",
        "destination-has-space-for-the-copy",
        source="Linux",
    ),
    cause(
        "leftover-on-destination",
        r"already exists, it is expected not to exist"
        r"|DestinationDiskExists",
        "an earlier move left the server's directory on the destination",
        "when the server surely does not run there: remove that directory"
        " on the destination",
        "destination-is-clean",
        source=_LIBVIRT,
    ),
    cause(
        "tunnelled-volumes",
        r"Selective block device migration is not supported with tunnelled"
        r"|Cannot block migrate instance .{1,64} with mapped volumes",
        "tunnelled migration cannot distinguish disks and volumes",
        "set live_migration_tunnelled=false, use native TLS",
        source=_LIBVIRT,
    ),
    cause(
        "storage-read-only",
        r"Read-only file system|\[Errno 30\]",
        "the instances directory is mounted read-only on a host",
        "on both hosts: findmnt of instances_path; remount it rw, then look"
        " at the file server's log",
        "instances-path-is-writable",
        source="Linux",
    ),
    cause(
        "storage-forbidden",
        r"\[Errno 13\]|\bPermissionError\b"
        r"|cannot (?:create|touch|remove) [^\n]{1,255}: Permission denied",
        "user nova cannot write to the instances directory: wrong owner or"
        " mode, or another uid on that host",
        "on both hosts: id nova, ls -ld instances_path; they must agree, on"
        " the file server too",
        "instances-path-is-writable",
        source="Linux; nova doc, node-down",
    ),
    cause(
        "mount-broken",
        r"Stale file handle|\[Errno 116\]"
        r"|Transport endpoint is not connected|\[Errno 107\]"
        r"|The volume mount at .{1,255} is unusable",
        "a mount on that host is dead: the file server lost it, or the client"
        " process ended",
        "on that host: findmnt and 'ls' of the path in the message; umount -l"
        " and mount it again, then try again",
        "instances-path-is-writable",
        source="Linux; nova/exception.py, StaleVolumeMount",
    ),
    cause(
        "too-many-open-files",
        r"Too many open files|\[Errno 24\]",
        "a process on that host has reached its limit of open files",
        "raise LimitNOFILE of nova-compute's (libvirtd's) unit, or max_files"
        " in qemu.conf where the guest's log has the message",
        source="Linux",
    ),
    cause(
        "image-gone",
        r"Image .{1,64} could not be found",
        "the server's image was deleted, and the destination has no copy",
        "copy the base file from the source, or allow nova to ssh there: it"
        " does so itself",
        "image-is-in-glance",
        source="nova/exception.py; launchpad bug 1829000",
    ),
    cause(
        "volume-not-connected",
        r"Volume .{1,64} could not be attached"
        r"|Volume (?:attachment )?.{1,64} could not be found"
        r"|Invalid volume: ",
        "a volume could not be connected to the destination",
        "openstack volume show; check the connector there (iscsid,"
        " multipathd, ceph.conf)",
        "volumes-can-be-attached",
        source="nova/exception.py",
    ),
    cause(
        "share-attached",
        r"instances that have shares|until computes have not been updated",
        "a server with a Manila share cannot move",
        "detach the share, move, attach it again",
        "server-has-no-share",
        source="nova/compute/api.py",
    ),
    cause(
        "storage-error",
        r"\bOSError\b",
        "a file could not be written on that host: usually in the"
        " instances directory",
        "see nova-compute's log there; findmnt and ls -ld of instances_path",
        "instances-path-is-writable",
        source="nova/compute/utils.py, exception_to_dict",
        general=True,
    ),
)
