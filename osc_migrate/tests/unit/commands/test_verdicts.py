import pytest

from osc_migrate.commands import verdicts
from osc_migrate.maintenance.planning.plan import Purpose
from osc_migrate.maintenance.running.results import Result, RunVerdict
from osc_migrate.migration.outcome import End
from osc_migrate.tests.unit.commands.test_live import MOVED
from osc_migrate.tests.unit.commands.test_run_base import row

NEVER = "excluded by owner policy: never"


def outcome(end, **changes):
    return type(MOVED)(**vars(MOVED) | {"end": end} | changes)


@pytest.mark.parametrize(
    "end, changes, sentence",
    [
        (End.MOVED, {}, "vm1 moved HostB -> HostC in 4 s"),
        (
            End.MOVED,
            {"kind": "cold"},
            "vm1 moved HostB -> HostC and is confirmed",
        ),
        (
            End.ACCEPTED,
            {},
            "vm1 is being moved HostB -> HostC: Nova accepted it",
        ),
        (
            End.RUNNING_ON,
            {},
            "vm1 is still moving HostB -> HostC after 4 s; it is not followed"
            " now",
        ),
        (End.WAITS, {}, "vm1 is on HostC and is awaiting confirmation"),
        (End.REVERTED, {}, "vm1 was reverted: it is on HostB again"),
        (
            End.NOT_MOVED,
            {"reason": "it ended", "location": "it is SHUTOFF on HostB"},
            "vm1 did not move: it ended; it is SHUTOFF on HostB",
        ),
        (
            End.NOT_MOVED,
            {
                "reason": "stalled; still running on HostB",
                "location": "it is still running on HostB",
            },
            "vm1 did not move: stalled; still running on HostB",
        ),
    ],
)
def test_a_move_in_a_sentence(end, changes, sentence):
    assert verdicts.of_move(outcome(end, **changes)).sentence == sentence


def test_what_failed_in_a_run_is_explained():
    found = rows(failed=5)
    ending = verdicts.of_run("r-1", Purpose.DRAIN, RunVerdict.SHORT, found)
    assert ending.steps == ("openstack migrate explain vm1",) * 3


def rows(**counts):
    return [
        row(Result[name.upper()], id=f"{name}{number}")
        for name, count in counts.items()
        for number in range(count)
    ]


EXCLUDED = row(Result.LEFT, id="x", reason=NEVER)
DOUBTED = row(reason="ports-are-bound: no", id="d")


@pytest.mark.parametrize(
    "verdict, found, sentence",
    [
        (RunVerdict.DONE, rows(moved=12), "HostB is empty: 12 moved"),
        (
            RunVerdict.SHORT,
            [*rows(moved=12), EXCLUDED],
            "HostB is not empty: 12 moved, 1 excluded by its owner",
        ),
        (
            RunVerdict.SHORT,
            rows(moved=9, left=3),
            "HostB is not empty: 9 moved, 3 stay",
        ),
        (
            RunVerdict.SHORT,
            rows(moved=1, left=1, failed=2, stopped=1, waits=1),
            "HostB is not empty: 1 moved, 1 stays, 1 shut down there,"
            " 2 failed, 1 to be confirmed",
        ),
        (
            RunVerdict.INTERRUPTED,
            rows(moved=2, running_on=1, not_begun=7),
            "HostB is not empty: 2 moved, 1 still moving, 7 not begun;"
            " interrupted",
        ),
        (
            RunVerdict.SHORT,
            [*rows(moved=1), DOUBTED],
            "HostB is empty: 2 moved, 1 of them with problems",
        ),
        # What is there now could not be listed.
        (
            RunVerdict.SHORT,
            rows(moved=2, gone=1),
            "HostB is not known to be empty: 2 moved, 1 moved or deleted by"
            " others",
        ),
        (
            RunVerdict.NOTHING,
            rows(left=2),
            "HostB is not empty: 0 moved, 2 stay",
        ),
    ],
)
def test_a_drain_in_a_sentence(verdict, found, sentence):
    ending = verdicts.of_run("r-1", Purpose.DRAIN, verdict, found, ["HostB"])
    assert ending.sentence == sentence
    resumed = any("--resume r-1" in step for step in ending.steps)
    assert resumed == (verdict is RunVerdict.INTERRUPTED)


def test_what_is_done_is_not_resumed():
    found = rows(moved=1, left=1, failed=1)
    ending = verdicts.of_run(
        *("r-1", Purpose.DRAIN, RunVerdict.INTERRUPTED, found, ["HostB"])
    )
    assert ending.sentence.endswith("; interrupted")
    assert not any("--resume" in step for step in ending.steps)
    assert ending.steps


@pytest.mark.parametrize(
    "purpose, found, sentence",
    [
        (Purpose.RETURN, rows(moved=3), "all 3 servers are back"),
        (
            Purpose.RETURN,
            rows(moved=9, left=1, failed=2),
            "9 of 12 servers are back: 1 stays, 2 failed",
        ),
        (Purpose.REBALANCE, rows(moved=1), "the server moved"),
        (Purpose.REBALANCE, rows(moved=3), "all 3 servers moved"),
        (Purpose.DRAIN, rows(failed=1), "0 of 1 server moved: 1 failed"),
    ],
)
def test_a_run_that_empties_no_host(purpose, found, sentence):
    ending = verdicts.of_run("r-1", purpose, RunVerdict.SHORT, found)
    assert ending.sentence == sentence
