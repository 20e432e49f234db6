"""Messages of osc_migrate/explain/causes/qemu.py."""

from osc_migrate.tests.unit.explain.cause_messages.source import DOC, UUID

MESSAGES = [
    (
        "disk-locked",
        DOC,
        "internal error: process exited while connecting to monitor: -blockdev"
        ' {}: Failed to get "write" lock',
    ),
    (
        "memory-not-allocated",
        DOC,
        "internal error: QEMU unexpectedly closed the monitor: cannot set up"
        " guest memory 'pc.ram': Cannot allocate memory",
    ),
    (
        "guest-there-already",
        DOC,
        "operation failed: domain 'instance-00000028' already exists with"
        f" uuid {UUID}",
    ),
    (
        "bridge-missing",
        DOC,
        "Cannot get interface MTU on 'br-int': No such device",
    ),
    (
        "device-cannot-move",
        DOC,
        "Requested operation is not valid: cannot migrate a domain with"
        " <hostdev mode='subsystem' type='pci'>",
    ),
    (
        "disk-not-there",
        DOC,
        f"Cannot access storage file '/var/lib/nova/instances/{UUID}/disk':"
        " No such file or directory",
    ),
    (
        "guest-ended",
        DOC,
        "Requested operation is not valid: domain is not running",
    ),
    (
        "copy-broke-off",
        DOC,
        "operation failed: job 'migration out' failed due to I/O error",
    ),
    (
        "copy-broke-off",
        DOC,
        "operation failed: migration out job: unexpectedly failed",
    ),
    ("copy-broke-off", DOC, "operation failed: job: unexpectedly failed"),
    (
        "migration-cut-off",
        DOC,
        "operation failed: Lost connection to destination host",
    ),
    ("migration-cut-off", DOC, "internal error: client socket is closed"),
    (
        "qemu-ended",
        DOC,
        "internal error: QEMU unexpectedly closed the monitor (vm="
        "'instance-00000028')",
    ),
]
