"""A move is followed by its record, look by look."""

import pytest
import requests

from osc_migrate import errors
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.outage import PATIENCE
from osc_migrate.migration.outcome import End
from osc_migrate.nodes.counters.job import Job
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.migration.accepting import (
    COUNTERS,
    NONE,
    MiB,
    accepting,
    history,
    moved,
    start,
)
from osc_migrate.tests.unit.sky import Sky


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
        # No service answers there any more: Nova's.
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
