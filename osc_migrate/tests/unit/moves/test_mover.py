"""A move from the request to the truth, against recorded answers."""

import re

import pytest
import requests

from osc_migrate import errors
from osc_migrate.model.facts import Unread
from osc_migrate.model.job import Job
from osc_migrate.model.progress import End
from osc_migrate.moves.follow import PATIENCE, TimeUp
from osc_migrate.moves.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import VM1, Sky

MiB = 1024 * 1024
ACTION = f"/servers/{VM1}/action"
COUNTERS = f"/servers/{VM1}/migrations"
NONE = {"migrations": []}
REQUEST = "req-12345678-1234-1234-1234-123456789012"
EVENTS = f"/servers/{VM1}/os-instance-actions/{REQUEST}"


@pytest.fixture
def cloud(healthy):
    return accepting(healthy)


def accepting(sky):
    """Nova takes the request, moves in one look, and has no complaint."""
    sky.mock.post(
        skies.NOVA + ACTION,
        status_code=202,
        headers={"x-openstack-request-id": REQUEST},
    )
    history(sky, [], "completed")
    there = skies.server(**{"OS-EXT-SRV-ATTR:host": "HostC"})
    sky.nova(f"/servers/{VM1}", {"server": there})
    sky.nova(EVENTS, action())
    return sky


def history(sky, *records):
    """What os-migrations answers, request by request; [] is no record."""
    sky.nova(
        "/os-migrations",
        *(
            {"migrations": [skies.migration(r)]}
            if isinstance(r, str)
            else {"migrations": r}
            if isinstance(r, list)
            else r
            for r in records
        ),
    )


def action(*events):
    return {"instanceAction": {"action": "live-migration", "events": events}}


def event(name, result="Success", **changes):
    return {
        "event": name,
        "result": result,
        "start_time": "2026-11-23T10:00:00.000000",
        "finish_time": "2026-11-23T10:00:01.000000",
        "host": "HostC",
        "traceback": None,
        "details": None,
    } | changes


def start(sky, clock, host="HostC", **options):
    mover = Mover(sky.connection, clock)
    return mover.live(mover.facts("vm1", host), **options)


def moved(sky, clock, **options):
    move = start(sky, clock, **options)
    return list(move.follow()), move.outcome()


def posted(sky):
    (request,) = [r for r in sky.mock.request_history if r.method == "POST"]
    return request


def test_it_moves(cloud, clock):
    looks, outcome = moved(cloud, clock)
    assert [look.phase for look in looks] == ["finishing"]
    assert outcome.end is End.MOVED
    assert (outcome.source, outcome.destination) == ("HostB", "HostC")
    assert (outcome.status, outcome.migration_id) == ("completed", 7)
    assert (outcome.reason, outcome.next) == ("", "")


def test_no_disk_is_copied_silently(cloud, clock):
    start(cloud, clock)
    assert posted(cloud).json() == {
        "os-migrateLive": {"host": "HostC", "block_migration": False}
    }


def test_a_host_that_is_not_there_is_no_other_host(cloud, clock):
    # Its check ignored: Nova must refuse it, not choose a host.
    start(cloud, clock, host="HostX")
    assert posted(cloud).json()["os-migrateLive"]["host"] == "HostX"


def test_auto_leaves_the_choice_to_nova(cloud, clock):
    start(cloud, clock, auto=True)
    body = posted(cloud).json()["os-migrateLive"]
    assert body["block_migration"] == "auto"


def test_without_a_host_the_scheduler_chooses(cloud, clock):
    start(cloud, clock, host=None)
    assert posted(cloud).json()["os-migrateLive"]["host"] is None


@pytest.mark.parametrize(
    "newest, sent", [("2.104", "2.104"), ("2.79", "2.79"), ("2.999", "2.104")]
)
def test_the_newest_microversion_that_both_speak(mock, clock, newest, sent):
    sky = Sky(mock, newest)
    sky.healthy()
    start(accepting(sky), clock)
    headers = posted(sky).headers
    assert headers["OpenStack-API-Version"] == f"compute {sent}"


def test_before_2_25_nova_wants_disk_over_commit(mock, clock):
    sky = Sky(mock, "2.24")
    sky.healthy()
    start(accepting(sky), clock)
    assert posted(sky).json()["os-migrateLive"] == {
        "host": "HostC",
        "block_migration": False,
        "disk_over_commit": False,
    }


def test_auto_needs_2_25(mock, clock):
    sky = Sky(mock, "2.24")
    sky.healthy()
    with pytest.raises(errors.MigrateError, match="--auto needs"):
        start(accepting(sky), clock, auto=True)


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_is_an_error_in_novas_words(cloud, clock, status):
    cloud.mock.post(
        skies.NOVA + ACTION,
        status_code=status,
        json={"badRequest": {"code": status, "message": "No valid host"}},
    )
    with pytest.raises(errors.ApiError, match=r"vm1.*No valid host"):
        start(cloud, clock)


@pytest.mark.parametrize(
    "lost",
    [
        {"status_code": 504, "text": "<html>gateway timeout</html>"},
        {"exc": requests.ConnectionError("reset by peer")},
        {"exc": requests.ReadTimeout("slow")},
    ],
)
def test_a_lost_answer_is_looked_for_and_never_sent_twice(cloud, clock, lost):
    cloud.mock.post(skies.NOVA + ACTION, **lost)
    history(cloud, [], [], "running", "completed")
    cloud.nova(COUNTERS, NONE)
    cloud.nova(f"/servers/{VM1}/os-instance-actions", {"instanceActions": []})
    _, outcome = moved(cloud, clock)
    assert outcome.end is End.MOVED
    posted(cloud)


def test_a_lost_answer_without_record_is_unclear(cloud, clock):
    cloud.mock.post(skies.NOVA + ACTION, exc=requests.ConnectionError("reset"))
    history(cloud, [])
    with pytest.raises(errors.Unclear, match="migration list --server vm1"):
        start(cloud, clock)
    posted(cloud)


def test_unseen_migrations_stop_before_the_request(cloud, clock):
    cloud.nova("/os-migrations", 403)
    with pytest.raises(errors.MigrateError, match="os-migrations:index"):
        start(cloud, clock)
    assert not [r for r in cloud.mock.request_history if r.method == "POST"]


def test_an_older_record_is_not_ours(cloud, clock):
    old = skies.migration("error", id=3)
    history(cloud, [old], [old], [skies.migration("completed"), old])
    looks, outcome = moved(cloud, clock)
    assert [look.phase for look in looks] == ["accepted", "finishing"]
    assert outcome.migration_id == 7


def test_a_later_move_of_others_is_not_ours(cloud, clock):
    later = skies.migration("queued", id=8)
    history(
        cloud,
        [],
        "preparing",
        [later, skies.migration("completed")],
    )
    cloud.nova(COUNTERS, NONE)
    _, outcome = moved(cloud, clock)
    assert (outcome.migration_id, outcome.status) == (7, "completed")


def test_the_phases_of_a_long_move(cloud, clock):
    history(
        cloud,
        [],
        [],
        "accepted",
        "queued",
        "running (post-copy)",
        "completed",
    )
    total = 512 * MiB
    cloud.nova(
        COUNTERS,
        {"migrations": [skies.migration("queued")]},
        {"migrations": [skies.migration("preparing")]},
        {"migrations": [skies.counters(total, total)]},
        {"migrations": [skies.counters(total, 100 * MiB)]},
        NONE,
    )
    looks, outcome = moved(cloud, clock)
    assert [look.phase for look in looks] == [
        "accepted",
        "accepted",
        "queued",
        "queued",
        "preparing",
        "running",
        "running",
        "post-copy",
        "finishing",
    ]
    assert looks[6].memory_remaining == 100 * MiB
    assert outcome.memory_bytes == 412 * MiB
    assert outcome.disk_bytes == 0


def test_finer_counters_are_followed_while_it_is_copied(cloud, clock):
    total = 512 * MiB
    history(cloud, [], "queued", "completed")
    cloud.nova(
        COUNTERS,
        {"migrations": [skies.migration("preparing")]},
        {"migrations": [skies.counters(total, total)]},
        {"migrations": [skies.counters(total, total)]},
        {"migrations": [skies.counters(total, total)]},
        NONE,
    )
    jobs = [
        None,
        Job(1.0, total, 100 * MiB, 300 * MiB, 0, 0, 0, passes=1),
        Job(2.0, total, 200 * MiB, 200 * MiB, 0, 0, 0, passes=2),
    ]
    move = start(cloud, clock)
    move.count_by(lambda: jobs.pop(0) if jobs else None)
    seen = [
        (
            look.phase,
            look.memory_remaining // MiB,
            look.job and look.job.passes,
        )
        for look in move.follow()
    ]
    assert seen == [
        ("queued", 0, None),
        ("preparing", 0, None),
        ("running", 200, 2),
        # Nobody answers there any more: Nova's.
        ("running", 512, None),
        ("running", 512, None),
        ("finishing", 0, None),
    ]


def test_at_most_one_request_a_second(cloud, clock):
    counted = [{"migrations": [skies.counters(99, n)]} for n in range(20)]
    cloud.nova(COUNTERS, *counted, NONE)
    history(cloud, [], "running", "completed")
    move = start(cloud, clock)
    before = len(cloud.mock.request_history)
    looks = list(move.follow())
    # The last look needs a second request: the record left the list.
    assert len(cloud.mock.request_history) - before == len(looks) + 1
    assert clock.slept == [1.0] * (len(looks) - 1)


def test_hidden_counters_are_asked_for_once(cloud, clock):
    cloud.nova(COUNTERS, 403)
    history(cloud, [], "running", "running", "running", "completed")
    _, outcome = moved(cloud, clock)
    assert outcome.end is End.MOVED
    assert len(cloud.calls(COUNTERS)) == 1


def test_counters_that_nova_itself_refuses_do_not_end_it(cloud, clock):
    """[api] response_validation = error, and a disk of which nothing is
    copied yet: the minimum of disk_processed_bytes is 1."""
    cloud.nova(COUNTERS, 400, {"migrations": [skies.counters(9, 5)]}, NONE)
    history(cloud, [], "running", "running", "completed")
    _, outcome = moved(cloud, clock)
    assert outcome.end is End.MOVED
    assert len(cloud.calls(COUNTERS)) == 3


def test_nova_before_2_23_has_no_counters(mock, clock):
    sky = Sky(mock, "2.22")
    sky.healthy()
    accepting(sky)
    history(sky, [], "running", "running", "completed")
    looks, outcome = moved(sky, clock)
    assert [look.phase for look in looks][-1] == "finishing"
    assert outcome.memory_bytes is None
    assert outcome.end is End.MOVED


@pytest.mark.parametrize(
    "trouble", [500, 503, 429, requests.ConnectionError("reset")]
)
def test_following_survives_an_api_that_fails(cloud, clock, trouble):
    troubles = [trouble] * 5
    history(cloud, [], "accepted", *troubles, "completed")
    looks, outcome = moved(cloud, clock)
    assert [bool(look.trouble) for look in looks] == [False] + [True] * 5 + [
        False
    ]
    assert outcome.end is End.MOVED


def test_an_api_that_never_answers_again_ends_in_an_error(cloud, clock):
    cloud.nova("/os-migrations", {"migrations": []}, 503)
    move = start(cloud, clock)
    with pytest.raises(errors.ApiError, match="503"):
        list(move.follow())
    assert PATIENCE <= sum(clock.slept) <= PATIENCE + 5


def test_rights_that_end_in_the_middle_are_an_error(cloud, clock):
    cloud.nova("/os-migrations", {"migrations": []}, 401)
    with pytest.raises(errors.ApiError, match="401"):
        list(start(cloud, clock).follow())


def test_the_time_to_follow_is_bounded(cloud, clock):
    history(cloud, [], "running")
    cloud.nova(COUNTERS, {"migrations": [skies.counters(9, 9)]})
    move = start(cloud, clock)
    with pytest.raises(TimeUp):
        list(move.follow(5))
    assert sum(clock.slept) == 5
    outcome = move.outcome()
    assert outcome.end is End.RUNNING_ON
    assert outcome.status == "running"
    assert "migrate watch vm1" in outcome.next


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
    """Nova 33 and later: ACTIVE for half a second, then ERROR."""
    failing(cloud, event("compute_live_migration"), now={"status": "ERROR"})
    _, outcome = moved(cloud, clock)
    assert "holds no reason" in outcome.reason
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


def test_a_hidden_project_is_no_obstacle(cloud, clock):
    hidden = {k: v for k, v in skies.server().items() if k != "tenant_id"}
    cloud.nova("/servers/detail", {"servers": [hidden]})
    mover = Mover(cloud.connection, clock)
    facts = mover.facts("vm1", "HostC")
    with pytest.raises(Unread):
        _ = facts.server.project_id
    move = mover.live(facts)
    list(move.follow())
    assert move.outcome().end is End.MOVED
