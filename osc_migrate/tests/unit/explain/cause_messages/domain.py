"""Messages of osc_migrate/explain/causes/domain.py."""

from osc_migrate.tests.unit.explain.cause_messages.source import DOC, UUID

LOCK = "Timed out during operation: cannot acquire state change lock (held by "
BY = "monitor=remoteDispatch"

MESSAGES = [
    (
        "qemu-tls-files-unreadable",
        DOC,
        "internal error: unable to execute QEMU command 'object-add': Unable"
        " to access credentials /etc/pki/qemu/server-key.pem: Permission"
        " denied",
    ),
    ("guest-has-a-backup-job", DOC, f"{LOCK}{BY}DomainBackupBegin)"),
    ("guest-has-a-backup-job", DOC, f"{LOCK}{BY}DomainBlockCopy)"),
    (
        "guest-has-a-backup-job",
        DOC,
        "block copy still active: domain has active block job",
    ),
    ("guest-is-busy-in-libvirt", DOC, f"{LOCK}{BY}DomainBlockStats)"),
    (
        "guest-is-busy-in-libvirt",
        DOC,
        f"{LOCK}{BY}DomainMigratePrepare3Params)",
    ),
    (
        "guest-is-busy-in-libvirt",
        DOC,
        f"{LOCK}{BY}ConnectGetAllDomainStats)",
    ),
    (
        "guest-has-snapshots",
        DOC,
        "Requested operation is not valid: cannot migrate domain with 1"
        " snapshots",
    ),
    (
        "guest-has-io-error",
        DOC,
        "Requested operation is not valid: cannot migrate domain with I/O"
        " error",
    ),
    (
        "cpu-map-too-old",
        DOC,
        "internal error: Unknown CPU feature ssbd",
    ),
    (
        "disk-secret-missing",
        DOC,
        f"Secret not found: no secret with matching uuid '{UUID}'",
    ),
    (
        "vfio-cannot-migrate",
        DOC,
        "Requested operation is not valid: cannot migrate domain: 0000:3b:"
        "00.2: VFIO migration is not supported in kernel",
    ),
    (
        "invariant-tsc",
        DOC,
        "internal error: unable to execute QEMU command 'migrate': State"
        " blocked by non-migratable CPU device (invtsc flag)",
    ),
    (
        "virtiofs-attached",
        DOC,
        "Operation not supported: migration with virtiofs device is not"
        " supported",
    ),
    (
        "virtio-features-differ",
        DOC,
        "qemu-system-x86_64: Features 0x130afffa7 unsupported. Allowed"
        " features: 0x179bfffe7",
    ),
    (
        "mtu-differs",
        DOC,
        "unsupported configuration: Target network card MTU 0 does not match"
        " source 1450",
    ),
    (
        "cpu-shares-out-of-range",
        DOC,
        "error from service: GDBus.Error:org.freedesktop.DBus.Error."
        "InvalidArgs: Value specified in CPUWeight is out of range",
    ),
    (
        "copy-complete-but-lost",
        DOC,
        "internal error: migration was active, but no RAM info was set",
    ),
    (
        "service-token-missing",
        DOC,
        "Failed to delete volume attachment: ConflictNovaUsingAttachment:"
        f" Detach volume from instance {UUID} using the Compute API",
    ),
    (
        "sftp-missing",
        DOC,
        "subsystem request failed on channel 0\nscp: Connection closed",
    ),
]
