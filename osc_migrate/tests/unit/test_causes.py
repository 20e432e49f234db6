"""Every known cause, shown by a message that somebody really got."""

import re
import time

import pytest

from osc_migrate import causes, checks

# Where a message comes from: seen on a cloud of Nova 34 with libvirt 9.0
# and QEMU 7.2; or Nova's own text, filled in; or a document.
SEEN, NOVA, DOC = "seen", "nova", "document"
UUID = "31f0d531-570e-4951-9e74-d56ab200d422"
CONNECT = "unable to connect to server at "
SSH = (
    "Resize error: not able to execute ssh command: Unexpected error while"
    " running command.\nCommand: ssh -o BatchMode=yes 192.0.2.13 mkdir -p"
    f" /var/lib/nova/instances/{UUID}\nExit code: 255\nStdout: ''\nStderr: "
)
VIF_TIMEOUT = (
    "Migration error: Timed out waiting for events: [('network-vif-plugged',"
    f" '{UUID}')]. If these timeouts are a persistent issue it could mean the"
    " networking backend on host HostC does not support sending these"
)
TO_SELF = f"Unable to migrate instance ({UUID}) to current host (HostB)."
SHARED = (
    "HostB is not on shared storage: Shared storage live-migration requires"
    " either shared storage or boot-from-volume with no local disks."
)
PRECHECK = "Migration pre-check error: "

MESSAGES = [
    # hypervisor
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
        "libvirt-unreachable",
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
    # cold
    ("ssh-host-key-unknown", SEEN, f"{SSH}'Host key verification "),
    ("ssh-key-refused", SEEN, f"{SSH}'nova@192.0.2.13: Permi"),
    ("ssh-key-refused", DOC, "nova@h: Permission denied (publickey)."),
    ("ssh-account-closed", DOC, "This account is currently not available."),
    ("ssh-unreachable", SEEN, f"{SSH}'ssh: connect to host 1"),
    ("ssh-failed", NOVA, f"{SSH}''"),
    (
        "lvm-cold",
        NOVA,
        f"{PRECHECK}Migration is not supported for LVM backed instances",
    ),
    ("resize-down", NOVA, "Resize error: Unable to resize disk down."),
    (
        "guest-would-not-stop",
        NOVA,
        "Failed to power off instance: Domain not found",
    ),
    ("server-on-that-host", NOVA, TO_SELF),
    (
        "server-on-that-host",
        NOVA,
        "Cannot migrate to the host where the server exists.",
    ),
    # hardware
    (
        "cpu-incompatible",
        NOVA,
        f"{PRECHECK}Unacceptable CPU info: CPU doesn't have"
        " compatibility.\n\n0\n\nRefer to http://libvirt.org/html/",
    ),
    (
        "cpu-incompatible",
        DOC,
        "operation failed: guest CPU doesn't match specification: missing"
        " features: pcid",
    ),
    (
        "cpu-incompatible",
        DOC,
        "internal error: Unknown CPU feature ssbd",
    ),
    (
        "hypervisor-too-old",
        NOVA,
        "The instance requires a newer hypervisor version than has been"
        " provided.",
    ),
    (
        "hypervisor-differs",
        NOVA,
        "The supplied hypervisor type of is invalid.",
    ),
    (
        "numa-before-train",
        NOVA,
        f"{PRECHECK}Instance has an associated NUMA topology, cell contains"
        " compute nodes older than train",
    ),
    (
        "numa-does-not-fit",
        NOVA,
        "Insufficient compute resources: Requested instance NUMA topology"
        " cannot fit the given host NUMA topology.",
    ),
    (
        "pci-not-migratable",
        NOVA,
        f"{PRECHECK}This request does not explicitly request live-migratable"
        " devices.",
    ),
    (
        "pci-port",
        NOVA,
        f"{PRECHECK}Cannot live migrate VIF with related PCI, Neutron does"
        " not support required port binding extension.",
    ),
    ("pci-none-free", NOVA, "PCI device request [{'id': 1}] failed"),
    (
        "vpmem",
        NOVA,
        f"{PRECHECK}Cannot live migrate with virtual persistent memory, the"
        " operation is not supported.",
    ),
    (
        "vgpu-type",
        NOVA,
        f"{PRECHECK}Unable to migrate {UUID}: Source mdev types ['nvidia-35']"
        " are not supported by this compute : ['nvidia-36'] ",
    ),
    (
        "vgpu-too-old",
        NOVA,
        f"{PRECHECK}Unable to migrate {UUID}: Either libvirt or QEMU version"
        " for compute service target are too old than the supported ones",
    ),
    (
        "tpm-secret-lost",
        NOVA,
        "TPM secret was not found. Try hard-rebooting the instance to"
        " recover.",
    ),
    (
        "tpm",
        NOVA,
        "Operation 'live-migration' not supported for vTPM-enabled instance"
        f" ({UUID}).",
    ),
    (
        "memory-encrypted",
        NOVA,
        "Operation 'live-migration' not supported for mem encryption enabled"
        f" instance ({UUID}).",
    ),
    (
        "memory-encrypted",
        DOC,
        "Operation 'live-migration' not supported for SEV-enabled instance",
    ),
    (
        "accelerator",
        NOVA,
        "Feature not supported with instances that have accelerators.",
    ),
    (
        "vdpa",
        NOVA,
        "Operation 'live_migration' not supported for instance with vDPA"
        " ports ((instance_uuid)s).",
    ),
    (
        "serial-console",
        NOVA,
        "Migration error: Your destination node does not support retrieving"
        " listen addresses. In order for live migration to work properly you"
        " must disable serial console.",
    ),
    # network
    (
        "port-not-bound",
        NOVA,
        f"{PRECHECK}Binding failed for port {UUID}, please check neutron logs"
        " for more information.",
    ),
    ("port-not-bound", DOC, "Unexpected vif_type=binding_failed"),
    (
        "port-binding-left-over",
        NOVA,
        f"Failed to delete binding for port(s) {UUID} on host HostC; please"
        " check neutron logs for more information",
    ),
    ("port-not-plugged", NOVA, VIF_TIMEOUT),
    ("port-plug-failed", NOVA, "Virtual interface plugin failed"),
    (
        "port-plug-failed",
        NOVA,
        "Neutron reported failure during live migration with"
        f" network-vif-plugged for instance {UUID}",
    ),
    (
        "remote-managed-port",
        NOVA,
        "This feature is not supported when remote-managed ports are in use.",
    ),
    # storage
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
    # qemu
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
        "migration-cut-off",
        DOC,
        "operation failed: job 'migration out' failed due to I/O error",
    ),
    (
        "migration-cut-off",
        DOC,
        "operation failed: migration out job: unexpectedly failed",
    ),
    (
        "qemu-ended",
        DOC,
        "internal error: QEMU unexpectedly closed the monitor (vm="
        "'instance-00000028')",
    ),
    # control
    (
        "server-group",
        NOVA,
        f"{PRECHECK}Failed to validate instance group policy due to: Build of"
        f" instance {UUID} was re-scheduled: Anti-affinity instance group"
        " policy was violated",
    ),
    (
        "memory-too-small",
        NOVA,
        f"{PRECHECK}Unable to migrate {UUID} to HostC: Lack of memory(host:64"
        " <= instance:512)",
    ),
    (
        "room-too-small",
        NOVA,
        f"No valid host was found. Unable to move instance {UUID} to host"
        " HostC. There is not enough capacity on the host for the instance.",
    ),
    (
        "allocations-complex",
        NOVA,
        f"No valid host was found. Unable to move instance {UUID} to host"
        " HostC. The instance has complex allocations on the source host so"
        " move cannot be forced.",
    ),
    (
        "allocations-inconsistent",
        NOVA,
        f"Failed to update allocations for consumer {UUID}. Error: conflict",
    ),
    (
        "placement-down",
        NOVA,
        "Unable to communicate with the Placement API.",
    ),
    (
        "other-cell",
        NOVA,
        f"{PRECHECK}Unable to force live migrate instance {UUID} across"
        " cells.",
    ),
    ("other-cell", NOVA, "Host 'HostC' is not mapped to any cell"),
    ("host-unknown", NOVA, "Compute host HostX could not be found."),
    (
        "service-down",
        NOVA,
        "Compute service of HostC is unavailable at this time.",
    ),
    ("libvirt-lost", SEEN, "AUTO: Connection to libvirt lost: 1"),
    (
        "destination-silent",
        NOVA,
        f"{PRECHECK}Timeout while checking if we can live migrate to host:"
        " HostC",
    ),
    (
        "service-stopping",
        NOVA,
        f"Failed to submit live migration {UUID} for instance {UUID} for"
        " processing.",
    ),
    (
        "no-migration-uri",
        NOVA,
        "No live migration URI configured and no default available for"
        ' "lxc" hypervisor virtualization type.',
    ),
    (
        "scheduler-failed",
        NOVA,
        "Migration select destinations error: Remote error: DBError",
    ),
    (
        "token-expired",
        DOC,
        "The request you have made requires authentication. (HTTP 401)",
    ),
    (
        "service-unreachable",
        DOC,
        "Unable to establish connection to http://192.0.2.1:9696/v2.0/ports",
    ),
    ("server-locked", NOVA, f"Instance {UUID} is locked"),
    (
        "server-busy",
        SEEN,
        f"Cannot 'os-migrateLive' instance {UUID} while it is in task_state"
        " migrating",
    ),
    (
        "server-not-running",
        SEEN,
        f"Cannot 'os-migrateLive' instance {UUID} while it is in vm_state"
        " error",
    ),
    (
        "server-not-running",
        NOVA,
        f"Instance {UUID} in power_state shutdown. Cannot live migrate while"
        " the instance is in this state.",
    ),
    (
        "retries-exceeded",
        NOVA,
        "Exceeded maximum number of retries. Exceeded max scheduling retries"
        f" 2 for instance {UUID} during live migration",
    ),
    (
        "no-valid-host",
        SEEN,
        "No valid host was found. There are not enough hosts available.",
    ),
    ("no-valid-host", SEEN, "No valid host was found. "),
]


@pytest.mark.parametrize(
    "id, message", [(i, m) for i, _, m in MESSAGES], ids=lambda v: v[:40]
)
def test_a_message_shows_its_cause_and_none_before(id, message):
    assert causes.find([message]).id == id
    # As explain has it: on one line.
    assert causes.find([" ".join(message.split())]).id == id


def test_every_cause_has_a_message():
    shown = [id for id, _, _ in MESSAGES]
    assert {cause.id for cause in causes.CAUSES} == set(shown)
    assert len({cause.id for cause in causes.CAUSES}) == len(causes.CAUSES)


def test_checks_that_are_named_are_real():
    real = {check.id for check in checks.everything()}
    named = {cause.check for cause in causes.CAUSES if cause.check}
    assert named - real == set()


@pytest.mark.parametrize("cause", causes.CAUSES, ids=lambda c: c.id)
def test_a_cause_says_what_and_what_to_do(cause):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cause.id)
    assert 10 < len(cause.meaning) <= 130
    assert 10 < len(cause.remedy) <= 150
    assert not cause.meaning.endswith(".") and cause.source


SUMMARY = "No valid host was found. There are not enough hosts available."


@pytest.mark.parametrize(
    "id, message",
    [(i, m) for i, _, m in MESSAGES if not causes.named(i).summary],
    ids=lambda v: v[:40],
)
def test_a_summary_is_never_the_cause(id, message):
    assert causes.find([SUMMARY, message]).id == id


def test_summaries_are_last():
    flags = [cause.summary for cause in causes.CAUSES]
    assert flags == sorted(flags) and any(flags)


def test_what_nobody_knows_has_no_cause():
    assert causes.find([]) is None
    assert causes.find(["", "injected failure"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        " " * 1_000_000,
        "Stderr: '" * 110_000,
        "Compute host " * 77_000,
        f"{CONNECT}'" * 32_000,
        "PCI device request " * 52_000,
    ],
    ids=lambda v: v[:10],
)
def test_a_megabyte_takes_no_time(text):
    begun = time.process_time()
    causes.find([text])
    assert time.process_time() - begun < 5
