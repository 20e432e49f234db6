"""Messages of osc_migrate/explain/causes/control.py."""

from osc_migrate.tests.unit.explain.cause_messages.source import (
    DOC,
    NOVA,
    PRECHECK,
    SEEN,
    UUID,
)

MESSAGES = [
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
        "finish-broken-off",
        SEEN,
        "Post live migration at destination HostC failed:"
        " oslo_messaging.rpc.client.RemoteError: Remote error:"
        " MessagingTimeout Timed out waiting for a reply to message ID 1",
    ),
    (
        "services-lost-touch",
        SEEN,
        "Error monitoring migration: Timed out waiting for a reply to message"
        " ID b7cc770b7499419390e943c29b494b95:"
        " oslo_messaging.exceptions.MessagingTimeout: Timed out waiting for a"
        " reply to message ID b7cc770b7499419390e943c29b494b95",
    ),
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
