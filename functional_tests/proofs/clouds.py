"""What is wrong with a cloud as a whole."""

from functional_tests.proofs.fault import EDITED, Fault

NOBODY = "00000000-0000-4000-8000-000000000000"


def _undo_service(lab):
    lab.service("HostC", status="enabled", forced_down=False)


def _stuck(lab, name):
    lab.edits.migration(lab.id("guest"), "running", age="20 minutes")
    # As it is while one runs: otherwise something else is wrong too.
    lab.edits.server(lab.id("guest"), task_state="migrating")


def _at_rest(lab):
    lab.edits.forget_migrations(lab.id("guest"))
    lab.edits.server(lab.id("guest"), task_state=None)


def _orphan(lab, name):
    lab.allocate(NOBODY, ["HostC"])


def _left_binding(lab, name):
    # One is looked for where a move failed lately.
    lab.edits.migration(lab.id("guest"), "error")
    lab.bind("guest", "HostC")


def _no_left_binding(lab):
    lab.unbind("guest", "HostC")
    lab.edits.forget_migrations(lab.id("guest"))


FAULTS = (
    Fault(
        "services-are-up",
        "FAIL",
        "a host is silent",
        on="cloud",
        inject=lambda lab, name: lab.silence("HostC"),
        undo=lambda lab: lab.wake("HostC"),
    ),
    Fault(
        "no-service-is-forced-down",
        "WARN",
        "a host is forced down",
        on="cloud",
        inject=lambda lab, name: lab.service("HostC", forced_down=True),
        undo=_undo_service,
    ),
    Fault(
        "no-service-is-disabled",
        "WARN",
        "a host is disabled",
        on="cloud",
        inject=lambda lab, name: lab.service("HostC", status="disabled"),
        undo=_undo_service,
    ),
    Fault(
        "computes-have-hypervisors",
        "FAIL",
        "a host was never mapped to its cell",
        how=EDITED,
        on="cloud",
        inject=lambda lab, name: lab.unmap("HostC"),
        undo=lambda lab: lab.map_again(),
    ),
    Fault(
        "hypervisor-versions-agree",
        "WARN",
        "a host has a newer QEMU",
        on="cloud",
        inject=lambda lab, name: lab.version("HostC", 9000000),
        undo=lambda lab: lab.version("HostC", None),
    ),
    Fault(
        "no-migration-is-stuck",
        "FAIL",
        "a record was not written for 20 minutes",
        how=EDITED,
        on="cloud",
        inject=_stuck,
        undo=_at_rest,
    ),
    Fault(
        "no-server-migrates-by-itself",
        "FAIL",
        "a server is migrating, without a record",
        how=EDITED,
        on="cloud",
        inject=lambda lab, name: lab.edits.server(
            lab.id("guest"), task_state="migrating"
        ),
        undo=_at_rest,
    ),
    Fault(
        "no-resize-is-unconfirmed",
        "WARN",
        "a cold migration was not confirmed",
        on="cloud",
        inject=lambda lab, name: lab.action(
            "guest", {"migrate": {"host": "HostC"}}, "VERIFY_RESIZE"
        ),
        undo=lambda lab: lab.action("guest", {"revertResize": None}, "ACTIVE"),
    ),
    Fault(
        "no-server-is-in-error",
        "WARN",
        "a server is in ERROR",
        on="cloud",
        inject=lambda lab, name: lab.action(
            "guest", {"os-resetState": {"state": "error"}}, "ERROR"
        ),
        undo=lambda lab: lab.action(
            "guest", {"os-resetState": {"state": "active"}}, "ACTIVE"
        ),
    ),
    Fault(
        "no-allocation-is-orphaned",
        "FAIL",
        "placement holds room for a server that does not exist",
        on="cloud",
        inject=_orphan,
        undo=lambda lab: lab.allocate(NOBODY, []),
    ),
    Fault(
        "no-binding-is-stale",
        "FAIL",
        "a failed move left a port's binding behind",
        how=EDITED,
        on="cloud",
        inject=_left_binding,
        undo=_no_left_binding,
    ),
    Fault(
        "machine-types-are-set",
        "WARN",
        "a server without a machine type",
        how=EDITED,
        on="cloud",
        inject=lambda lab, name: lab.edits.image_properties(
            lab.id("guest"), hw_machine_type=None
        ),
        undo=lambda lab: lab.edits.image_properties(
            lab.id("guest"), hw_machine_type="pc-i440fx-8.2"
        ),
    ),
)
