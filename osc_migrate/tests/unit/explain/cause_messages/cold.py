"""Messages of osc_migrate/explain/causes/cold.py."""

from osc_migrate.tests.unit.explain.cause_messages.source import (
    DOC,
    NOVA,
    PRECHECK,
    SEEN,
    UUID,
)

SSH = (
    "Resize error: not able to execute ssh command: Unexpected error while"
    " running command.\nCommand: ssh -o BatchMode=yes 192.0.2.13 mkdir -p"
    f" /var/lib/nova/instances/{UUID}\nExit code: 255\nStdout: ''\nStderr: "
)
TO_SELF = f"Unable to migrate instance ({UUID}) to current host (HostB)."

MESSAGES = [
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
]
