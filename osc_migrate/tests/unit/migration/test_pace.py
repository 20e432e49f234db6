import pytest

from osc_migrate.migration.pace import STALL_AFTER, Pace
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
    assert seen.left == pytest.approx(3.12)


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
