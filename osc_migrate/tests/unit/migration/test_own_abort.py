"""A stalled move that was aborted by who followed it is reported as such."""

import pytest

from osc_migrate.explain import causes
from osc_migrate.migration.outcome import End
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.migration.accepting import (
    COUNTERS,
    EVENTS,
    NONE,
    accepting,
    action,
    event,
    history,
    start,
)
from osc_migrate.tests.unit.sky import VM1

CANCELED = "operation aborted: job 'migration out' canceled by client"
OTHER = "Unable to connect to server at 'HostC:49152': Connection refused"


# What is said of an abort whose sender is not known.
GENERAL = causes.cause_by_id("migration-aborted").meaning


def ended(sky, clock, status, *events, now=None, by="", abort=True):
    """The outcome of one that was aborted, or not, while it ran."""
    accepting(sky)
    sky.nova(COUNTERS, NONE)
    history(sky, [], "running", status)
    sky.nova(EVENTS, action(*events))
    sky.nova(
        f"/servers/{VM1}",
        {"server": skies.server()},
        {"server": skies.server(**(now or {}))},
    )
    sky.mock.delete(
        f"{skies.NOVA}/servers/{VM1}/migrations/7", status_code=202
    )
    move = start(sky, clock)
    if by:
        move.follower_name = by
    for look in move.follow():
        if abort and look.status == "running":
            move.abort()
            abort = False
    return move.outcome()


def failed(words):
    return event("compute_live_migration", "Error", details=words)


@pytest.mark.parametrize("by", ["this run", ""])
def test_it_is_reported_as_its_own(cloud, clock, by):
    found = ended(cloud, clock, "cancelled", by=by)
    who = by or "this command"
    assert found.end is End.NOT_MOVED
    assert found.reason == (
        f"aborted by {who}: stalled; still running on HostB"
    )
    assert found.explanation.meaning == found.reason
    assert GENERAL not in str(found)
    assert found.next.startswith("let the guest write less")


def test_nova_33_calls_it_an_error(cloud, clock):
    found = ended(
        cloud, clock, "error", failed(CANCELED), now={"status": "ERROR"}
    )
    assert found.reason == (
        "aborted by this command: stalled; still running on HostB, though"
        " Nova calls it ERROR"
    )
    assert found.explanation.cause == "migration-aborted"
    assert GENERAL not in "".join(map(str, found.explanation.facts.values()))
    assert "if no user aborted it" not in found.next
    assert "migrate repair vm1" in found.next


def test_what_failed_for_another_reason_is_not_called_aborted(cloud, clock):
    found = ended(cloud, clock, "error", failed(OTHER))
    assert found.reason.startswith("this command asked to abort it: stalled; ")
    assert "Connection refused" in found.reason


def test_what_somebody_else_aborted_is_not_its_own(cloud, clock):
    found = ended(cloud, clock, "error", failed(CANCELED), abort=False)
    assert "this command" not in found.reason
    assert found.explanation.meaning == GENERAL


def test_what_arrived_all_the_same_has_moved(cloud, clock):
    there = {"OS-EXT-SRV-ATTR:host": "HostC"}
    found = ended(cloud, clock, "completed", now=there)
    assert found.end is End.MOVED
    assert found.reason == ""
