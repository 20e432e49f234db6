"""What became of a move, and why."""

import re

import pytest

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
    moved,
    start,
)
from osc_migrate.tests.unit.sky import VM1, Sky


def test_not_waiting_names_the_migration(cloud, clock):
    history(cloud, [], [], "queued")
    move = start(cloud, clock)
    move.find()
    outcome = move.outcome(waited=False)
    assert outcome.end is End.ACCEPTED
    assert (outcome.migration_id, outcome.status) == (7, "queued")


@pytest.mark.parametrize(
    "now, reason",
    [
        ({}, "HostB"),
        ({"OS-EXT-SRV-ATTR:host": "HostC", "status": "SHUTOFF"}, "SHUTOFF"),
        ({"OS-EXT-SRV-ATTR:host": "HostC", "status": "ERROR"}, "ERROR"),
        ({"OS-EXT-SRV-ATTR:host": None}, "hostId is as before"),
        (
            {"OS-EXT-SRV-ATTR:host": "HostC", "OS-EXT-STS:task_state": "x"},
            "busy",
        ),
    ],
)
def test_completed_alone_is_not_moved(cloud, clock, now, reason):
    cloud.nova(f"/servers/{VM1}", {"server": skies.server(**now)})
    _, outcome = moved(cloud, clock)
    assert outcome.end is End.NOT_MOVED
    assert outcome.status == "completed"
    assert re.search(reason, outcome.reason)


@pytest.mark.parametrize(
    "now, end",
    [("hash-of-HostC", End.MOVED), ("hash-of-HostB", End.NOT_MOVED)],
)
def test_who_sees_no_hosts_sees_that_it_changed(cloud, clock, now, end):
    def hidden(host_id):
        body = skies.server(hostId=host_id)
        del body["OS-EXT-SRV-ATTR:host"]
        return body

    before = {"servers": [hidden("hash-of-HostB")]}
    cloud.nova("/servers/detail", before)
    cloud.nova(f"/servers/{VM1}", {"server": hidden(now)})
    blind = skies.migration(
        "completed", source_compute=None, dest_compute=None
    )
    history(cloud, [], [blind])
    _, outcome = moved(cloud, clock, host=None)
    assert outcome.end is end
    assert outcome.source is None


def test_a_server_deleted_meanwhile(cloud, clock):
    cloud.nova(f"/servers/{VM1}", 404)
    _, outcome = moved(cloud, clock)
    assert outcome.end is End.NOT_MOVED
    assert "deleted" in outcome.reason


def test_it_waits_until_nova_is_done_with_the_server(cloud, clock):
    busy = skies.server(**{"OS-EXT-STS:task_state": "migrating"})
    there = skies.server(**{"OS-EXT-SRV-ATTR:host": "HostC"})
    cloud.nova(
        f"/servers/{VM1}",
        {"server": busy},
        503,
        {"server": skies.server()},
        {"server": there},
    )
    _, outcome = moved(cloud, clock)
    assert outcome.end is End.MOVED


def failing(sky, *events, now=None):
    history(sky, [], "error")
    sky.nova(EVENTS, action(*events))
    sky.nova(
        f"/servers/{VM1}",
        {"server": skies.server()},
        {"server": skies.server(**(now or {}))},
    )


def test_the_reason_is_the_events_own(cloud, clock):
    failing(
        cloud,
        event(
            "conductor_live_migrate_instance",
            "Error",
            finish_time="2026-11-23T10:00:02.000000",
            host="HostA",
            details="No valid host was found.",
        ),
        event(
            "compute_check_can_live_migrate_destination",
            "Error",
            details="CPU doesn't have compatibility",
        ),
        event("compute_pre_live_migration"),
    )
    _, outcome = moved(cloud, clock)
    assert outcome.end is End.NOT_MOVED
    assert outcome.status == "error"
    first, second = outcome.reason.split("; ")[:2]
    assert "CPU doesn't have compatibility" in first and "HostC" in first
    assert "No valid host" in second
    assert "the server is ACTIVE on HostB" in outcome.reason


def test_before_2_84_the_traceback_has_the_reason(mock, clock):
    sky = Sky(mock, "2.79")
    sky.healthy()
    accepting(sky)
    trace = "Traceback:\n  File x\nMigrationError: half way\n"
    failing(sky, event("compute_live_migration", "Error", traceback=trace))
    _, outcome = moved(sky, clock)
    assert "MigrationError: half way" in outcome.reason


def test_error_after_active_is_waited_for_and_its_repair_named(cloud, clock):
    """Nova 32.2 and later: ACTIVE for half a second, then ERROR."""
    failing(cloud, event("compute_live_migration"), now={"status": "ERROR"})
    _, outcome = moved(cloud, clock)
    assert "shows no reason" in outcome.reason
    assert "ERROR on HostB" in outcome.reason
    assert "nova-compute's log" in outcome.next
    assert "server set --state active vm1" in outcome.next


def test_without_error_it_settles_in_seconds(cloud, clock):
    failing(cloud)
    move = start(cloud, clock)
    list(move.follow())
    before = sum(clock.slept)
    move.outcome()
    assert 2 <= sum(clock.slept) - before <= 5


def test_events_that_may_not_be_read_say_so(cloud, clock):
    failing(cloud)
    cloud.nova(EVENTS, 403)
    _, outcome = moved(cloud, clock)
    assert "403" in outcome.reason


def test_auto_says_what_it_became(cloud, clock):
    history(cloud, [], "running", "completed")
    copied = skies.counters(9, 0, disk_total_bytes=5)
    cloud.nova(COUNTERS, {"migrations": [copied]}, NONE)
    _, outcome = moved(cloud, clock, auto=True)
    assert outcome.kind == "block"
