import pytest

from osc_migrate.migration.convergence import FIRST_UPDATE
from osc_migrate.migration.pace import STALL_AFTER, Pace
from osc_migrate.nodes.counters.job import job
from osc_migrate.tests.unit import shapes

MiB = 1024 * 1024


def look(pace, at, remaining, processed=0, status="running", total=512):
    return pace.look(
        shapes.migration(
            status,
            memory_total=total * MiB,
            memory_remaining=remaining * MiB,
            memory_processed=processed * MiB,
            disk_total=0,
            disk_remaining=0,
            disk_processed=0,
        ),
        at,
    )


def test_a_rate_needs_two_samples():
    assert look(Pace(), 0, 512).rate is None


def test_rate_is_what_crossed_the_wire_and_left_what_remains():
    pace = Pace()
    look(pace, 0, 512, 0)
    seen = look(pace, 2, 312, 300)
    assert seen.rate == 150 * MiB
    seen = look(pace, 4, 112, 600)
    assert seen.left == pytest.approx(1.12)


def test_no_time_is_estimated_from_a_single_fall():
    """Seen: '560:54:35 left' in the first second."""
    pace = Pace()
    look(pace, 0, 512, 0)
    assert look(pace, 1, 511, 1).left is None
    # A remainder that grows is no sample for it either.
    assert look(pace, 2, 512, 9).left is None
    assert look(pace, 3, 412, 99).left == pytest.approx(4.12)


def test_unchanged_counters_are_no_sample():
    # Nova writes new ones every five seconds; we look every second.
    pace = Pace()
    look(pace, 0, 512, 0)
    for second in range(1, 5):
        assert look(pace, second, 512, 0).rate is None
    assert look(pace, 5, 256, 256).rate == pytest.approx(51.2 * MiB)


def test_processed_beyond_total_is_no_progress():
    pace = Pace()
    look(pace, 0, 500, 0)
    seen = look(pace, 5, 500, 5000)
    assert seen.left is None
    assert seen.total - seen.remaining == 12 * MiB


def test_a_remainder_that_does_not_fall_is_a_stall():
    pace = Pace()
    look(pace, 0, 300, 0)
    assert not look(pace, STALL_AFTER - 1, 300, 900).stalled
    assert look(pace, STALL_AFTER, 310, 999).stalled
    assert not look(pace, STALL_AFTER + 1, 290, 1000).stalled


def test_only_a_running_move_stalls():
    pace = Pace()
    look(pace, 0, 300)
    assert not look(pace, 99, 300, status="running (post-copy)").stalled


@pytest.mark.parametrize(
    "total, remaining", [(0, 5), (-1, 5), (10, -5), (10, 99)]
)
def test_odd_counters_do_no_harm(total, remaining):
    seen = look(Pace(), 1, remaining, total=total)
    assert 0 <= seen.remaining <= seen.total


def test_no_counters_yet():
    seen = Pace().look(shapes.migration("queued"), 1)
    assert (seen.phase, seen.total, seen.stalled) == ("queued", 0, False)


@pytest.mark.parametrize(
    "status, phase",
    [
        ("accepted", "accepted"),
        ("preparing", "preparing"),
        ("running (post-copy)", "post-copy"),
        ("post-migrating", "finishing"),
        ("a new word", "a new word"),
    ],
)
def test_phases(status, phase):
    assert Pace().look(shapes.migration(status), 0).phase == phase


def test_what_was_copied_stays_copied_at_the_end():
    pace = Pace()
    look(pace, 0, 512)
    look(pace, 5, 100, 412)
    end = pace.look(shapes.migration("completed"), 9)
    assert (end.memory_total, end.memory_remaining) == (512 * MiB, 0)
    assert (end.rate, end.left) == (None, None)


INTERVALS = [1, 5, 20, 60, 120]


def followed(remaining, interval, seconds, pace=None):
    """The moments at which it is stalled, with a look a second.

    :param remaining: MiB after each update.
    """
    pace = pace or Pace()
    stalls = []
    for second in range(seconds):
        update = second // interval
        record = shapes.migration(
            "running",
            memory_total=4000 * MiB,
            memory_remaining=remaining(update) * MiB,
            memory_processed=update * 100 * MiB,
            disk_total=0,
            disk_remaining=0,
            disk_processed=0,
        )
        if pace.look(record, second).stalled:
            stalls.append(second)
    return stalls


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("step", [1, 50, 400], ids=["slow", "steady", "fast"])
def test_a_copy_that_falls_is_no_stall_at_any_interval(interval, step):
    def remaining(update):
        return max(0, 4000 - step * update)

    assert followed(remaining, interval, 10 * interval) == []


@pytest.mark.parametrize("interval", INTERVALS)
def test_one_round_of_the_copy_may_end_higher(interval):
    def remaining(update):
        return 4000 - 50 * update + (60 if update % 3 == 0 else 0)

    stalls = followed(remaining, max(interval, 5), 12 * interval)
    assert stalls == []


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_guest_that_outruns_the_copy_is_a_stall(interval):
    stalls = followed(lambda update: 3000, interval, 10 * interval + 30)
    assert stalls[0] == max(STALL_AFTER, 2 * interval)


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_copy_that_stands_still_is_a_stall(interval):
    """Nothing is sent any more: Nova writes nothing new either."""
    pace = Pace()
    followed(lambda update: 4000 - 9 * update, interval, 3 * interval, pace)
    last = 2 * interval
    patience = max(STALL_AFTER, 2 * interval)
    for second in range(3 * interval, last + int(patience)):
        assert not look(pace, second, 3982, 200, total=4000).stalled
    assert look(pace, last + patience, 3982, 200, total=4000).stalled


def test_the_second_update_is_waited_for():
    pace = Pace()
    look(pace, 0, 300)
    assert not look(pace, FIRST_UPDATE - 1, 300).stalled
    assert look(pace, FIRST_UPDATE, 300).stalled


def test_counters_of_libvirt_need_no_second_update():
    pace = Pace()
    fields = {
        "type": 2,
        "memory_total": 512 * MiB,
        "memory_remaining": 300 * MiB,
    }
    record = shapes.migration("running")
    assert not pace.look(record, 0, job(fields, 0)).stalled
    assert not pace.look(record, STALL_AFTER - 1, job(fields, 14)).stalled
    assert pace.look(record, STALL_AFTER, job(fields, 15)).stalled
