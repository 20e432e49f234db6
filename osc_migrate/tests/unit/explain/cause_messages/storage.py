"""Messages of osc_migrate/explain/causes/storage.py."""

from osc_migrate.tests.unit.explain.cause_messages.source import (
    DOC,
    NOVA,
    PRECHECK,
    SEEN,
    UUID,
)

SHARED = (
    "HostB is not on shared storage: Shared storage live-migration requires"
    " either shared storage or boot-from-volume with no local disks."
)

MESSAGES = [
    ("shared-storage-missing", SEEN, SHARED),
    (
        "shared-storage-missing",
        NOVA,
        "Error while check_can_live_migrate_source from HostB to host HostC:"
        f" InvalidSharedStorage_Remote {SHARED}",
    ),
    (
        "shared-storage-missing",
        SEEN,
        # The line of code, all that Nova shows before 2.84.
        "raise exception.InvalidSharedStorage(reason=reason, path=source)",
    ),
    (
        "shared-storage-copied",
        SEEN,
        "HostC is not on local storage: Block migration can not be used with"
        " shared storage.",
    ),
    (
        "disk-too-large",
        NOVA,
        f"{PRECHECK}Unable to migrate {UUID}: Disk of instance is too"
        " large(available on destination host:0 < need:1073741824)",
    ),
    (
        "disk-full",
        DOC,
        "Migration error: [Errno 28] No space left on device",
    ),
    (
        "leftover-on-destination",
        NOVA,
        f"The supplied disk path (/var/lib/nova/instances/{UUID}) already"
        " exists, it is expected not to exist.",
    ),
    (
        "tunnelled-volumes",
        NOVA,
        f"{PRECHECK}Cannot block migrate instance {UUID} with mapped volumes."
        " Selective block device migration is not supported with tunnelled"
        " block migrations.",
    ),
    (
        "storage-read-only",
        SEEN,
        "OSError\nMigration error: [Errno 30] Read-only file system",
    ),
    (
        "storage-forbidden",
        SEEN,
        "PermissionError\nMigration error: [Errno 13] Permission denied",
    ),
    ("image-gone", NOVA, f"Image {UUID} could not be found."),
    (
        "volume-not-connected",
        NOVA,
        f"Volume {UUID} could not be attached. Reason: no iscsid",
    ),
    (
        "share-attached",
        NOVA,
        "Feature not supported with instances that have shares.",
    ),
    ("storage-error", SEEN, "OSError"),
]
