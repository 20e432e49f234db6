"""A live move that would not end, with ``--on-stall``."""

import time

from benchmarks.moves import hands, midst
from benchmarks.moves.bench import (
    SLOW,
    Bench,
    MissedError,
    Times,
    seconds,
    succeeded,
)
from testbed.real_guest import other
from testbed.shell import Result

AFTER = 6  #: seconds; Nova's counters are new every five
_PATIENCE = "180"


def aborted(bench: Bench) -> Times:
    """virsh has nothing of the kind."""
    done, stalled = _stalled(bench, bench.host, "abort", 4)
    times = _times(bench, done, stalled, midst.ABORTED, [])
    midst.repair(bench)
    return times


def paused(bench: Bench) -> Times:
    """Where post-copy is forbidden."""
    return _forced(bench, "--timeout-suspend")


def post_copied(bench: Bench) -> Times:
    return _forced(bench, "--timeout-postcopy", "--postcopy")


def _forced(bench: Bench, *flags: str) -> Times:
    source = bench.host
    done, stalled = _stalled(bench, source, "force", 0)
    midst.check_post_copy(bench, source, "--postcopy" in flags)
    hand = hands.timed_out(bench, other(source), AFTER, *flags)
    hands.home(bench)
    return _times(bench, done, stalled, midst.FORCED, [hand])


def _stalled(
    bench: Bench, source: str, rung: str, code: int
) -> tuple[Result, float]:
    """How it ended, and the seconds until the rung was taken.

    :raises MissedError: it never stalled
    """
    bench.joint.speed(bench.server.id, source, SLOW)
    words = ("--on-stall", rung, "--stall-after", str(AFTER))
    more = ("--timeout", _PATIENCE, "-f", "json")
    begin, stalled = time.monotonic(), 0.0
    with bench.shell.running(
        *("migrate", "live", bench.server.name, other(source), *words, *more)
    ) as move:
        for line in iter(move.read_error_line, ""):
            if line.startswith("stalled: "):
                stalled = time.monotonic() - begin
                break
        done = move.end()
    if not stalled:
        raise MissedError(f"it never stalled: {done.err}")
    return succeeded(f"--on-stall {rung}", done, code), stalled


def _times(
    bench: Bench, done: Result, stalled: float, action: str, hand: list[float]
) -> Times:
    return Times(
        ours=done.seconds,
        nova=seconds(*bench.record()),
        hand=hand,
        move=done.json["seconds"],
        stalled=stalled,
        nova_after=midst.since(bench, action),
    )
