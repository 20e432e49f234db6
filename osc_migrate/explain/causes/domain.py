"""The guest's domain: what libvirt and QEMU say of the guest itself.

Looked for first: a general message in the other modules often contains one of
these.
"""

from osc_migrate.explain.causes.cause import Cause, cause

_BUSY = r"cannot acquire state change lock \(held by (?:monitor|agent)="

CAUSES: tuple[Cause, ...] = (
    cause(
        "qemu-tls-files-unreadable",
        r"Unable to access credentials [^\n]{1,255}: Permission denied",
        "QEMU may not read its TLS certificate or key",
        "on that host: ls -lR /etc/pki/qemu; the key must be readable by the"
        " user that QEMU runs as",
        "qemu-tls-files-are-readable",
        source="QEMU, crypto/tlscreds.c",
    ),
    cause(
        "guest-has-a-backup-job",
        _BUSY
        + r"\w{0,40}(?:Backup|BlockCopy|BlockPull|BlockCommit|Checkpoint)"
        r"|domain has (?:an )?active block job"
        r"|block device is in use by block job",
        "a backup or block job holds the guest in libvirt",
        "wait until it has ended, or end it: virsh domjobinfo GUEST, virsh"
        " blockjob GUEST DISK --info; then try again",
        source="libvirt, qemu_domainjob.c, qemu_migration.c",
    ),
    cause(
        "guest-is-busy-in-libvirt",
        # The migration's own job: see data-port-silent.
        _BUSY + r"(?!\w{0,40}MigratePerform)\w",
        "another libvirt call holds the guest; the message names it after"
        " 'held by'",
        "a call for statistics hangs on storage that does not answer: check"
        " that storage, and exporters on the host; then try again",
        source="libvirt, qemu_domainjob.c",
    ),
    cause(
        "guest-has-snapshots",
        r"cannot migrate domain with \d{1,6} snapshots?",
        "the guest has snapshots in libvirt, which cannot move",
        "on the source: virsh snapshot-list GUEST; virsh snapshot-delete"
        " those that are left over, or migrate it cold",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "guest-has-io-error",
        r"cannot migrate domain with I/O error",
        "the guest is paused because a disk failed it (I/O error)",
        "repair the storage, virsh resume GUEST on the source; then try again",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "cpu-map-too-old",
        r"Unknown CPU feature",
        "libvirt on one host does not know a CPU feature that the other"
        " reports: the older of the two has the older CPU map",
        "update libvirt on the host that logged it; or set cpu_mode=custom"
        " with a model that both know",
        source="libvirt, cpu_x86.c",
    ),
    cause(
        "disk-secret-missing",
        r"Secret not found: no secret with matching uuid",
        "libvirt on the destination lacks a secret of a disk: of Ceph, or of"
        " an encrypted volume",
        "on the destination: virsh secret-list; for Ceph define the secret of"
        " rbd_secret_uuid; for an encrypted volume migrate cold",
        "destination-has-ceph-secret",
        source="libvirt, virsecretobj.c",
    ),
    cause(
        "virtio-features-differ",
        r"Features 0x[0-9a-f]{1,16} unsupported\. Allowed features",
        "the destination's kernel or QEMU offers fewer virtio features than"
        " the guest uses",
        "compare 'uname -r' and the QEMU package of both hosts; move to a"
        " host with as new a kernel",
        "hosts-have-equal-qemu",
        source="QEMU, hw/virtio/virtio.c",
    ),
    cause(
        "mtu-differs",
        r"Target network card MTU \d{1,6} does not match source \d{1,6}",
        "the guest's network interface and Neutron's network have different"
        " MTUs",
        "openstack network show NETWORK -c mtu; a hard reboot gives the guest"
        " the new value; then try again",
        source="libvirt, qemu_domain.c",
    ),
    cause(
        "copy-complete-but-lost",
        r"migration was active, but no RAM info was set",
        "QEMU had completed the copy when libvirt asked; Nova lost the result",
        "virsh list --all on both hosts before anything else: the guest may"
        " run on the destination",
        source="libvirt, qemu_monitor_json.c",
    ),
    cause(
        "service-token-missing",
        r"ConflictNovaUsingAttachment"
        r"|Detach volume from instance [^\n]{1,64} using the Compute API",
        "Cinder refuses Nova's detach: Nova sends no service token"
        " (CVE-2023-2088)",
        "set [service_user]send_service_user_token=true in nova.conf and the"
        " service role for that user",
        source="cinder/volume/api.py; OSSA-2023-003",
    ),
    cause(
        "sftp-missing",
        r"subsystem request failed on channel",
        "sshd on the destination has no sftp subsystem, which scp needs",
        "on the destination: add 'Subsystem sftp internal-sftp' to"
        " sshd_config and reload sshd",
        source="OpenSSH 9.0 release notes",
    ),
    cause(
        "vfio-cannot-migrate",
        r"VFIO migration is not supported in kernel"
        r"|VFIO device doesn't support migration",
        "a passed-through device, or its kernel driver, cannot migrate",
        "detach the device, or migrate it cold",
        "pci-devices-can-move",
        source="QEMU, hw/vfio/migration.c",
    ),
    cause(
        "invariant-tsc",
        r"non-migratable CPU device \(invtsc flag\)"
        r"|domain has 'invtsc' CPU feature",
        "the guest sees an invariant TSC (CPU flag invtsc), which QEMU does"
        " not migrate",
        "migrate it cold; for its next start leave invtsc out of"
        " [libvirt]cpu_model_extra_flags",
        source="QEMU, target/i386/kvm/kvm.c",
    ),
    cause(
        "virtiofs-attached",
        r"migration with virtiofs device is not supported",
        "the guest has a virtiofs share, which this libvirt does not migrate",
        "detach the share, move the server, attach it again",
        "server-has-no-share",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "cpu-shares-out-of-range",
        r"Value specified in CPUWeight is out of range",
        "the guest has more CPU shares than cgroup v2 on the destination"
        " takes (10000: more than 9 vCPUs)",
        "migrate it cold, or hard reboot it on a host with cgroup v2: that"
        " gives it shares in range",
        source="systemd; launchpad bug 1978489",
    ),
)
