"""A server that moved from HostB to HostC, on both."""

import pytest

from osc_migrate.checks.findings import Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.guests.guest_move import GuestMove
from osc_migrate.nodes.node import PairFacts
from osc_migrate.nodes.node_checks import judge_after_on_nodes
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.nodes.guests.test_checks import local, node
from osc_migrate.tests.unit.nodes.shapes import guests

SERVER = guests.SERVER
NONE, HERE = frozenset(), frozenset({SERVER})


def found(source=None, destination=None, unshared=False, **server):
    here = {"domains": NONE, "active": NONE} | (source or {})
    there = {"domains": HERE, "active": HERE} | (destination or {})
    made = node("HostB", **here)
    if unshared:
        made = made.but(storage=local("HostB").storage)
    facts = GuestMove(
        shapes.move(server=shapes.server(id=SERVER, host="HostC", **server)),
        PairFacts(made, node("HostC", **there)),
        Kind.LIVE,
    )
    return {
        finding.check: finding
        for finding in judge_after_on_nodes(facts)
        if finding.status > Status.SKIP
    }


def test_all_is_well():
    assert found() == {}
    assert found({"directories": NONE}, unshared=True) == {}
    # One that was off before.
    assert found(destination={"active": NONE}, power_state=4) == {}


@pytest.mark.parametrize(
    ("facts", "check", "status", "remedy"),
    [
        (
            {"source": {"domains": HERE}},
            "guest-has-left-the-source",
            "WARN",
            f"virsh undefine {SERVER}",
        ),
        (
            {"source": {"domains": HERE, "active": HERE}},
            "guest-has-left-the-source",
            "FAIL",
            f"virsh destroy {SERVER}",
        ),
        (
            {"destination": {"active": NONE}},
            "guest-runs-on-the-destination",
            "FAIL",
            "virsh list --all",
        ),
        (
            {"destination": {"active": NONE, "domains": NONE}},
            "guest-runs-on-the-destination",
            "FAIL",
            "virsh list --all",
        ),
        (
            {"unshared": True},
            "no-directory-is-left-at-the-source",
            "WARN",
            f"rm -r -- /var/lib/nova/instances/{SERVER}",
        ),
        (
            {"source": {"directories": {f"{SERVER}_resize"}}},
            "no-directory-is-left-at-the-source",
            "WARN",
            f"rm -r -- /var/lib/nova/instances/{SERVER}_resize",
        ),
        (
            {"source": {"directories": {SERVER, f"{SERVER}_resize"}}},
            "no-directory-is-left-at-the-source",
            "WARN",
            f"rm -r -- /var/lib/nova/instances/{SERVER}_resize",
        ),
        (
            {"source": {"domains": Unread("no virsh")}},
            "guest-has-left-the-source",
            "UNKNOWN",
            "",
        ),
    ],
)
def test_what_is_left(facts, check, status, remedy):
    findings = found(**facts)
    assert list(findings) == [check]
    finding = findings[check]
    assert finding.status.name == status
    assert remedy in finding.remedy
    if remedy.startswith("rm"):
        assert finding.remedy.endswith(remedy)
