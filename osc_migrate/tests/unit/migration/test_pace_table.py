"""The table of copies: no false stall, no false end, and true ones found."""

import itertools
import pathlib

import pytest

from osc_migrate.migration.orphaned import LOST_UNSEEN
from osc_migrate.migration.pace import STALL_AFTER
from osc_migrate.tests.unit.migration import pace_table
from osc_migrate.tests.unit.migration.pace_table import COPIES, INTERVALS

PAGE = pathlib.Path(__file__).parents[4] / "doc/source/move/stalls.rst"
WELL = [copy for copy in COPIES if copy.stalls_at is None]
STALLING = [copy for copy in COPIES if copy.stalls_at is not None]
FROZEN = [copy for copy in COPIES if copy.frozen_at is not None]
OUTRUN = [copy for copy in STALLING if copy.frozen_at is None]


def named(copies):
    return pytest.mark.parametrize("copy", copies, ids=lambda c: c.name)


every_interval = pytest.mark.parametrize("interval", INTERVALS)
both_counters = pytest.mark.parametrize(
    "libvirt", [False, True], ids=["nova", "libvirt"]
)


@both_counters
@every_interval
@named(WELL)
def test_a_copy_that_gets_on_is_left_alone(copy, interval, libvirt):
    seen = pace_table.follow(copy, interval, libvirt)
    assert (seen.stalled, seen.acted, seen.abandoned) == (None, None, None)
    # It was followed to the end of Nova's record, long after libvirt's.
    end = copy.ends_at * interval + pace_table.REBINDING
    assert end <= seen.ended <= end + 2


@both_counters
@every_interval
@named(STALLING)
def test_a_true_stall_is_found_and_acted_upon(copy, interval, libvirt):
    seen = pace_table.follow(copy, interval, libvirt)
    since = copy.stalls_at * interval
    # In passes, the last one that was smaller ends there, give or take one
    # update.
    assert since + STALL_AFTER - interval - 10 <= seen.stalled
    patience = 1 if libvirt else max(1, 2.5 * interval)
    assert seen.stalled <= since + STALL_AFTER + patience + 1
    assert seen.acted == seen.stalled
    assert seen.known_when_acted


@every_interval
@named([*(copy for copy in WELL if copy.ends_at > 1.8), *FROZEN])
def test_a_record_that_is_taken_up_in_its_midst(copy, interval):
    """The first gap that is seen then is a part of the interval."""
    begin = 1.8 * interval
    seen = pace_table.follow(copy, interval, False, begin=begin)
    if copy in FROZEN:
        assert copy.frozen_at * interval < seen.stalled
    else:
        assert (seen.stalled, seen.acted, seen.abandoned) == (None,) * 3


@both_counters
@every_interval
@named(COPIES[:3])
def test_an_outage_of_the_api_is_no_stall(copy, interval, libvirt):
    """nova-compute could not write either: for one interval more there is
    nothing new."""
    seen = pace_table.follow(copy, interval, libvirt, outage=120)
    assert (seen.stalled, seen.acted, seen.abandoned) == (None,) * 3


@every_interval
@named(COPIES[:3])
def test_a_node_that_is_lost_in_the_midst(copy, interval):
    """Nova's counters are older than libvirt's last ones."""
    until = 3.2 * interval
    seen = pace_table.follow(copy, interval, True, libvirt_until=until)
    assert (seen.stalled, seen.acted, seen.abandoned) == (None,) * 3


def test_nothing_is_done_before_the_interval_is_known():
    """Frozen before a second update came: shown, and left to Nova."""
    frozen = pace_table.Copy("frozen", lambda at: 7000, frozen_at=0)
    seen = pace_table.follow(frozen, 60, False)
    assert seen.stalled is not None
    assert seen.acted is None
    assert LOST_UNSEEN <= seen.abandoned <= LOST_UNSEEN + 20


def test_the_page_has_this_table():
    assert pace_table.page() in PAGE.read_text()


def test_a_table_with_a_false_stall_would_say_so():
    """The table can fail: a copy that is called well and is not."""
    outrun = pace_table.COPIES[6]
    called_well = pace_table.Copy("well", outrun.remaining)
    cells = [
        pace_table.cell(called_well, interval, libvirt)
        for interval, libvirt in itertools.product((1, 20), (False, True))
    ]
    assert all(text.startswith("FALSE after ") for text in cells)
