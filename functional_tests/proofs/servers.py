"""What is wrong with the state of a server."""

from functional_tests.proofs.fault import EDITED, Fault
from functional_tests.proofs.inject import columns, silent

# Whom no policy lets move: everything else it may not read either.
MANAGER = ("--os-cloud", "manager")


def _action(state, **body):
    """An action of the server, and the state to wait for."""
    return lambda lab, name: lab.action(name, body, state)


def _moving(lab, name):
    lab.live(name, "HostC")
    lab.wait_running(name)


def _resized(lab, name):
    lab.action(name, {"migrate": {"host": "HostB"}}, "VERIFY_RESIZE")


def _brought_paused(lab, name):
    lab.action(name, {"pause": None}, "PAUSED")
    lab.live(name, "HostB")
    lab.wait_on(name, "HostB")


def _open_record(lab, name):
    lab.edits.migration(lab.id(name), "running")


def _twice_allocated(lab, name):
    lab.allocate(lab.id(name), ["HostB", "HostC"])


FAULTS = (
    Fault(
        "user-may-move-it-live",
        "FAIL",
        "a manager of the project names a host",
        options=MANAGER,
        nova="Policy doesn't allow os_compute_api:os-migrate-server:"
        "migrate_live:host to be performed",
        boot={"cloud": "manager"},
    ),
    Fault(
        "user-may-move-it-cold",
        "FAIL",
        "a manager of the project names a host",
        kind="cold",
        options=MANAGER,
        nova="Policy doesn't allow os_compute_api:os-migrate-server:"
        "migrate:host to be performed",
        boot={"cloud": "manager"},
    ),
    Fault(
        "server-is-running",
        "FAIL",
        "the server is suspended",
        nova="Cannot 'os-migrateLive' instance",
        inject=_action("SUSPENDED", suspend=None),
    ),
    Fault(
        "server-is-running-or-off",
        "FAIL",
        "the server is paused",
        kind="cold",
        nova="Cannot 'migrate' instance",
        inject=_action("PAUSED", pause=None),
    ),
    Fault(
        "guest-is-on",
        "FAIL",
        "the guest was shut down from within",
        how=EDITED,
        nova="in power_state shutdown",
        inject=columns(power_state=4),
    ),
    Fault(
        "paused-guest-has-run-here",
        "FAIL",
        "the server was moved while it was paused",
        boot={"host": "HostC"},
        inject=_brought_paused,
    ),
    Fault(
        "server-is-idle",
        "FAIL",
        "Nova is powering the server off",
        how=EDITED,
        nova="while it is in task_state powering-off",
        inject=columns(task_state="powering-off"),
    ),
    Fault(
        "server-is-unlocked",
        "FAIL",
        "the server is locked",
        inject=_action(None, lock={"locked_reason": "mine"}),
    ),
    Fault(
        "server-host-is-known",
        "UNKNOWN",
        "the server is shelved: on no host",
        # There is no host to compare the destination with.
        beside=(
            "server-is-running",
            "destination-has-room",
            "destination-has-the-same-hypervisor",
            "destination-hypervisor-is-not-older",
            "destination-cpu-has-every-feature",
            "machine-type-is-recorded",
            "destination-zone-suits-the-server",
        ),
        inject=_action("SHELVED_OFFLOADED", shelve=None),
    ),
    Fault(
        "source-is-up",
        "FAIL",
        "the server's own host is silent",
        boot={"host": "source-is-up"},
        nova="is unavailable at this time",
        inject=silent,
    ),
    Fault(
        "server-is-not-being-moved",
        "FAIL",
        "the server is being moved",
        boot={"bandwidth_mb": 0.2, "dirty_mb": 0, "update_seconds": 5},
        nova="while it is in task_state migrating",
        inject=_moving,
    ),
    Fault(
        "server-waits-for-no-confirmation",
        "FAIL",
        "a cold migration was not confirmed",
        boot={"host": "HostC"},
        nova="while it is in vm_state resized",
        inject=_resized,
    ),
    Fault(
        "server-has-no-open-record",
        "WARN",
        "a migration's record stayed open",
        how=EDITED,
        inject=_open_record,
    ),
    Fault(
        "server-is-allocated-where-it-is",
        "WARN",
        "placement counts the server on two hosts",
        inject=_twice_allocated,
    ),
)
