"""Messages of osc_migrate/explain/causes/hypervisor.py."""

from osc_migrate.tests.unit.explain.cause_messages.source import (
    DOC,
    NOVA,
    SEEN,
    UUID,
)

CONNECT = "unable to connect to server at "

MESSAGES = [
    (
        "migration-aborted",
        SEEN,
        "operation aborted: job 'migration out' canceled by client",
    ),
    (
        "guest-never-converged",
        NOVA,
        "Live migration not completed after 1800 sec",
    ),
    ("post-copy-impossible", SEEN, "Postcopy is not supported"),
    (
        "guest-is-gone",
        SEEN,
        "Unexpected error during post live migration at destination host.:"
        f" nova.exception.InstanceNotFound: Instance {UUID} could not be"
        " found.",
    ),
    (
        "guest-moved-without-nova",
        SEEN,
        f"Instance {UUID} could not be found.",
    ),
    (
        "certificate-refused",
        SEEN,
        "The client certificate /etc/pki/libvirt/clientcert.pem has expired",
    ),
    (
        "destination-is-source",
        SEEN,
        "internal error: Attempt to migrate guest to the same host"
        " 22222222-bbbb-4222-8222-0000000000b2",
    ),
    (
        "destination-name-unknown",
        SEEN,
        "Unable to resolve address 'HostC' service '16509': Temporary"
        " failure in name resolution",
    ),
    (
        "destination-name-unknown",
        DOC,
        "Unable to resolve address 'newyork' service '49155': Name or"
        " service not known",
    ),
    (
        "data-port-closed",
        SEEN,
        f"{CONNECT}'192.0.2.13:49152': Connection refused",
    ),
    ("data-port-closed", DOC, f"{CONNECT}'host:49152': No route to host"),
    ("data-port-closed", DOC, f"{CONNECT}'h:61153': Connection timed out"),
    (
        "data-port-closed",
        DOC,
        "drive-mirror: Failed to connect socket: No route to host",
    ),
    (
        "data-port-silent",
        SEEN,
        "Timed out during operation: cannot acquire state change lock (held"
        " by monitor=remoteDispatchDomainMigratePerform3Params)",
    ),
    (
        "libvirt-refused",
        SEEN,
        f"{CONNECT}'192.0.2.13:16509': Connection refused",
    ),
    (
        "libvirt-unreachable",
        SEEN,
        f"{CONNECT}'192.0.2.13:16509': Connection timed out",
    ),
    (
        "libvirt-unreachable",
        SEEN,
        f"{CONNECT}'HostC:16509': No route to host",
    ),
    (
        "libvirt-connection-broke",
        DOC,
        "End of file while reading data: : Input/output error",
    ),
    (
        "certificate-refused",
        SEEN,
        "authentication failed: Failed to verify peer's certificate",
    ),
    (
        "certificate-refused",
        SEEN,
        "The server certificate /etc/pki/libvirt/servercert.pem has"
        " expired: certificate has expired",
    ),
    (
        "certificate-missing",
        SEEN,
        "Unable to read TLS confirmation: Input/output error",
    ),
    (
        "certificate-missing",
        DOC,
        "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file",
    ),
    (
        "certificate-too-late",
        DOC,
        "internal error: unable to execute QEMU command 'object-add': Unable"
        " to access credentials /etc/pki/qemu/ca-cert.pem: No such file",
    ),
    (
        "libvirt-login-refused",
        DOC,
        "authentication failed: authentication failed",
    ),
    (
        "ceph-secret-missing",
        DOC,
        f"Secret not found: rbd no secret matches uuid '{UUID}'",
    ),
    (
        "ceph-secret-missing",
        DOC,
        "internal error: could not get value of the secret for username",
    ),
    (
        "machine-type-unknown",
        DOC,
        "qemu-system-x86_64: unsupported machine type 'pc-i440fx-7.2'",
    ),
    (
        "device-state-refused",
        DOC,
        "error while loading state for instance 0x0 of device 'ram'",
    ),
    (
        "storage-not-shared-for-libvirt",
        SEEN,
        "Unsafe migration: Migration without shared storage is unsafe",
    ),
    ("shared-memory-refused", DOC, "failed to allocate shared memory"),
]
