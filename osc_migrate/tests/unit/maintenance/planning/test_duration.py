"""How long a move takes, and all of them under the limits."""

import pytest

from osc_migrate.cloud.fleet import PastMove
from osc_migrate.maintenance.planning.duration import (
    DurationEstimate,
    makespan,
)
from osc_migrate.maintenance.planning.plan import Step, Way
from osc_migrate.maintenance.planning.request import Limits


@pytest.mark.parametrize(
    "past, way, memory, seconds",
    [
        ([], Way.LIVE, 1024, None),
        ([PastMove(True, 9)], Way.LIVE, 1024, None),
        ([PastMove(False, 9)], Way.COLD, 1024, None),
        ([PastMove(False, 9)], Way.STOP, 1024, None),
        ([PastMove(False, 9)], Way.LIVE, 1024, 9),
        ([PastMove(False, 9)], Way.BLOCK, None, 9),
        # The middle one, whatever the third says.
        (
            [PastMove(True, 5), PastMove(True, 6), PastMove(True, 9e5)],
            Way.COLD,
            1,
            6,
        ),
        # 2 s, and 1 s a GiB; one outlier.
        (
            [PastMove(False, 2 + n, n * 1024) for n in range(1, 8)]
            + [PastMove(False, 3600, 1024)],
            Way.LIVE,
            16384,
            18,
        ),
        # Larger ones were faster by chance: no slope, none below 0 s.
        ([PastMove(False, 10 - n, n * 1024) for n in range(1, 5)], Way.LIVE,
         99999, 7.5),
    ],
)  # fmt: skip
def test_usual(past, way, memory, seconds):
    assert DurationEstimate(past).seconds(way, memory) == seconds


def steps(*rows):
    return [
        Step(n, wave, "vm", f"{n}", Way.LIVE, source, host, "", {}, seconds)
        for n, (wave, source, host, seconds) in enumerate(rows)
    ]


@pytest.mark.parametrize(
    "rows, limits, seconds",
    [
        ([], {}, 0),
        ([(0, "A", "C", 5), (0, "A", "D", 7)], {}, 12),
        ([(0, "A", "C", 5), (0, "A", "D", 7)], {"per_source": 2}, 7),
        ([(0, "A", "C", 5), (0, "B", "D", 7)], {}, 7),
        ([(0, "A", "C", 5), (0, "B", "D", 7)], {"total": 1}, 12),
        ([(0, "A", "C", 5), (0, "B", "C", 7)], {"per_destination": 1}, 12),
        # A wave waits for the one before it.
        ([(0, "A", "C", 5), (1, "B", "D", 7)], {}, 12),
        ([(0, "A", "C", 5), (0, "B", "D", None)], {}, None),
    ],
)
def test_makespan(rows, limits, seconds):
    assert makespan(steps(*rows), Limits(**limits)) == seconds
