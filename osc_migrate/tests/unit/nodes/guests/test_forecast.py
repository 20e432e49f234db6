"""What will come of copying a guest: the arithmetic, case by case."""

import dataclasses

import pytest

from osc_migrate.nodes.guests.forecast import (
    CopyEnd,
    CopyLoad,
    CopySettings,
    Forecast,
    forecast,
    working_set,
)

MiB, GiB = 2**20, 2**30
WAY = CopySettings(bandwidth=100 * MiB)
LOAD = CopyLoad(memory=4 * GiB, used=1000 * MiB, dirty=0)


def told(way=None, **load):
    return forecast(
        dataclasses.replace(WAY, **(way or {})),
        dataclasses.replace(LOAD, **load),
    )


def test_an_idle_guest_takes_what_its_memory_takes():
    assert told() == Forecast(CopyEnd.CONVERGES, 10.0, 0.0)


def test_each_pass_leaves_its_share():
    found = told(dirty=50 * MiB)
    # 10 s, 5, 2.5 ... together 20, but for what the allowed pause spares.
    assert found.end is CopyEnd.CONVERGES
    assert found.seconds == pytest.approx(20, abs=0.2)
    assert 0 < found.pause <= 0.05


def test_disks_come_first():
    assert told(disk=1000 * MiB).seconds == pytest.approx(20)


def test_a_small_set_fits_into_the_pause_however_fast_it_is_written():
    found = told(used=4 * MiB, dirty=500 * MiB)
    assert found.end is CopyEnd.CONVERGES
    assert found.pause == pytest.approx(0.04)


def test_a_larger_set_waits_until_its_pause_is_allowed():
    # 20 MiB are 0.2 s, and 0.05 s are allowed at first: 0.045 s more each
    # 75 s a GiB, of 4 GiB: 0.23 s after the fourth.
    found = told(used=20 * MiB, dirty=500 * MiB)
    assert found.end is CopyEnd.CONVERGES
    assert found.seconds == pytest.approx(4 * 300 + 0.2)
    assert found.pause == pytest.approx(0.2)


@pytest.mark.parametrize("dirty", [85, 100, 115])
def test_too_near_to_tell(dirty):
    assert told(dirty=dirty * MiB) == Forecast(CopyEnd.DOUBTFUL, None, None)


# 800 s for each GiB of 4.
@pytest.mark.parametrize(
    ("way", "end", "seconds"),
    [
        ({}, CopyEnd.ABORTED, 3200),
        ({"post_copy": True}, CopyEnd.ABORTED, 3200),
        ({"post_copy": True, "force": True}, CopyEnd.POSTCOPY, 3200),
        ({"force": True}, CopyEnd.PAUSED, 3200),
        ({"auto_converge": True}, CopyEnd.THROTTLED, None),
        # Nova leaves auto-converge away then.
        ({"auto_converge": True, "post_copy": True}, CopyEnd.ABORTED, 3200),
        ({"timeout": 0}, CopyEnd.NEVER, None),
        ({"timeout": 0, "force": True}, CopyEnd.NEVER, None),
    ],
)
def test_a_guest_that_writes_faster(way, end, seconds):
    found = told(way, dirty=300 * MiB)
    assert (found.end, found.seconds) == (end, seconds)


def test_a_pause_is_what_all_that_is_used_takes():
    assert told({"force": True}, dirty=300 * MiB).pause == 10


def test_nova_counts_two_gib_at_least():
    assert told(memory=MiB, dirty=300 * MiB).seconds == 1600
    assert told(memory=MiB, dirty=300 * MiB, disk=MiB).seconds == 3200


def test_a_copy_that_takes_too_long_is_given_up_though_it_converges():
    found = told({"timeout": 1}, dirty=50 * MiB)
    assert (found.end, found.seconds) == (CopyEnd.ABORTED, 4)


def test_it_comes_to_an_end():
    # Slowly converging passes of a guest as large as they come.
    found = told(used=12 * 2**40, memory=12 * 2**40, dirty=79 * MiB)
    assert found.end is CopyEnd.CONVERGES


@pytest.mark.parametrize(
    ("one", "three", "found"),
    [
        (0, 0, None),
        (0, 9, None),
        # The same each second; noise makes it look like fewer.
        (20, 20, 20),
        (20, 12, 20),
        # Others each second, and noise beyond that.
        (20, 60, None),
        (20, 90, None),
        # Half of a set of 40 each second: 20, then 35.
        (20, 35, 40),
    ],
)
def test_a_working_set(one, three, found):
    assert working_set(one, three) == (found and pytest.approx(found))


def test_a_set_that_is_written_again_and_again():
    # 10 s for all, half a second for the set, then less each time.
    found = told(dirty=50 * MiB, working_set=50 * MiB)
    assert found.end is CopyEnd.CONVERGES
    assert found.seconds == pytest.approx(11, abs=0.1)


def test_a_set_as_large_as_what_is_sent_in_its_time():
    found = told(dirty=300 * MiB, working_set=300 * MiB)
    assert (found.end, found.seconds) == (CopyEnd.ABORTED, 3200)
    found = told({"force": True}, dirty=300 * MiB, working_set=300 * MiB)
    assert found.pause == 3


@pytest.mark.parametrize("seconds", [0, 0.5, 1, 2, 3, 1e6])
def test_no_more_is_written_than_there_is(seconds):
    for again in (None, 10, 50, 1e9):
        load = CopyLoad(memory=100, used=60, dirty=20, working_set=again)
        assert 0 <= load.written(seconds) <= min(60, 20 * seconds)
