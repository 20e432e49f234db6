"""libvirt to libvirt, and QEMU to QEMU: how the hosts talk during a move."""

from osc_migrate.explain.causes.cause import Cause, cause

_LOST_SSH = (
    r"(?:Host key verification failed|Permission denied"
    r"|ssh: connect to host|ssh: Could not resolve)"
)

CAUSES: tuple[Cause, ...] = (
    cause(
        "libvirt-over-ssh-failed",
        r"Cannot recv data: [^\n]{0,200}" + _LOST_SSH + r"|End of file while"
        r" reading data: [^\n]{0,200}" + _LOST_SSH,
        "libvirt on the source cannot log in over ssh (live_migration_uri is"
        " qemu+ssh), or may not use libvirt there",
        "on the source, as root: virsh -c the destination's URI list; add the"
        " host key and the key of that user",
        "destination-libvirt-answers",
        source="libvirt, virnetsocket.c",
    ),
    cause(
        "libvirt-not-running",
        r"Failed to connect socket to '[^'\n]{1,200}-sock(?:-ro)?'",
        "libvirt does not run on that host, or its socket is elsewhere",
        "on that host: systemctl status libvirtd (virtqemud) and its socket;"
        " in containers: is /var/run/libvirt mounted?",
        "libvirt-runs",
        source="libvirt, virnetsocket.c",
    ),
    cause(
        "tls-required",
        r"allows migration only with VIR_MIGRATE_TLS",
        "libvirt on a host insists on TLS for migrations, which nova.conf"
        " does not ask for",
        "set live_migration_with_native_tls=true on the source, or"
        " migrate_tls_force=0 in qemu.conf",
        "qemu-forces-no-tls",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "qemu-tls-refused",
        r"Cannot (?:read from|write to) TLS channel"
        r"|Certificate does not match the hostname",
        "QEMU refuses the other host's TLS certificate: another CA, another"
        " name, expired, or no client certificate",
        "on both hosts: openssl x509 -in /etc/pki/qemu/server-cert.pem -text;"
        " its names must include what Nova connects to",
        "hosts-trust-each-other",
        source="QEMU, crypto/tlssession.c, io/channel-tls.c",
    ),
    cause(
        "hostname-is-localhost",
        r"hostname on destination resolved to localhost",
        "the destination's own name leads to 127.0.0.1, so libvirt offers"
        " that address",
        "on the destination: fix its name in /etc/hosts; or set"
        " live_migration_inbound_addr",
        "host-name-is-not-loopback",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "inbound-address-wrong",
        r"Failed to bind socket: Cannot assign requested address",
        "the address that the guest is to arrive at is not one of the"
        " destination's",
        "compare live_migration_inbound_addr there, migration_address in its"
        " qemu.conf, and 'ip addr'",
        "inbound-address-is-local",
        source="QEMU, util/qemu-sockets.c",
    ),
    cause(
        "data-port-taken",
        r"Unable to find an unused port in range 'migration'"
        r"|Failed to reserve port \d"
        r"|Failed to bind socket: Address already in use",
        "the destination has no free data port for the guest",
        "on the destination: ss -tlnp for migration_port_min to _max of"
        " qemu.conf; widen the range or end what holds them",
        "migration-ports-are-free",
        source="libvirt, util/virportallocator.c",
    ),
    cause(
        "migration-runs-already",
        r"another migration job is already running for domain"
        r"|is being actively monitored by another thread"
        r"|QEMU reports migration is still running",
        "libvirt still moves this guest: an earlier move has not ended there",
        "on the source: virsh domjobinfo GUEST; wait, or virsh domjobabort"
        " GUEST; then try again",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "post-copy-broke",
        r"failed in post-copy phase|post-copy phase failed",
        "the connection broke during post-copy: the guest is paused, its"
        " memory divided between both hosts",
        "do not reboot it yet: virsh list --all on both hosts; once the"
        " network is back: virsh migrate --postcopy-resume",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "post-copy-with-device",
        r"VFIO migration is not supported with postcopy",
        "QEMU moves a guest with this device without post-copy only",
        "set live_migration_permit_post_copy=false on hosts with such devices",
        source="QEMU 8.2, hw/vfio/migration.c",
    ),
    cause(
        "disk-cannot-be-copied",
        r"Cannot migrate empty or read-only disk",
        "a disk of the guest is empty or read-only, such as a CD or a config"
        " drive; libvirt does not copy it",
        "detach it; or set config_drive_format=vfat for new servers; or"
        " migrate it cold",
        "config-drives-can-be-copied",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "disk-not-prepared",
        r"pre-creation of storage targets? [^\n]{0,255}is not supported",
        "the disk that libvirt is to copy into does not exist on the"
        " destination",
        "is instances_path the same on both hosts, and the disk where Nova"
        " expects it? nova-compute's log there says more",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "disk-sizes-differ",
        r"Source and target image have different sizes",
        "the disk that Nova prepared on the destination has another size than"
        " the source's",
        "qemu-img info of the disk on both hosts; does the flavor's disk still"
        " fit? migrate it cold",
        source="libvirt; QEMU, block/mirror.c",
    ),
    cause(
        "disk-cache-unsafe",
        r"Migration may lead to data corruption if disks use cache",
        "a disk is cached on the host, so that libvirt refuses a move on"
        " shared storage",
        "set disk_cachemodes to none (file=none, network=none where libvirt"
        " complains); hard reboot, then try again",
        source="libvirt, qemu_migration.c",
    ),
    cause(
        "tpm-storage-shared",
        r"swtpm does not support migration with shared storage",
        "swtpm on that host is too old to move a virtual TPM whose state both"
        " hosts share",
        "install swtpm 0.8 or newer on both hosts, restart the guest, then"
        " try again; or migrate it cold",
        source="libvirt, qemu_migration.c",
    ),
)
