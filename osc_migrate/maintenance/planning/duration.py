"""Estimated durations, from past moves in this cloud."""

import heapq
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from osc_migrate.cloud.fleet import PastMove
from osc_migrate.maintenance.planning.plan import Step, Way
from osc_migrate.maintenance.planning.request import Limits

# Newest moves of each kind to use: all pairs are compared.
ENOUGH = 100
# Minimum number of points for a line.
MIN_POINTS = 3


class DurationEstimate:
    """The usual duration of a move, by its kind and its server's memory.

    A line through past moves that is robust against outliers: the median of
    the slopes between all pairs (Theil-Sen). Nova's records do not show
    whether disks were copied, so a block migration counts as live; those of a
    cold migration include the time until it was confirmed.
    """

    def __init__(self, past: Sequence[PastMove]) -> None:
        self._lines = {
            cold: _line([move for move in past if move.cold is cold][:ENOUGH])
            for cold in (False, True)
        }

    def seconds(self, method: Way, memory_mb: int | None) -> float | None:
        """Return seconds; None if no such move is known."""
        line = self._lines[method is Way.COLD]
        if method is Way.STOP or line is None:
            return None
        slope, base, median = line
        if memory_mb is None:
            return round(median, 1)
        return round(base + slope * memory_mb, 1)


def _line(past: Sequence[PastMove]) -> tuple[float, float, float] | None:
    """Return (seconds per MiB, seconds for 0 MiB, median)."""
    if not past:
        return None
    median = statistics.median(one.seconds for one in past)
    known = [(move.memory_mb, move.seconds) for move in past if move.memory_mb]
    slopes = [
        (t2 - t1) / (m2 - m1)
        for n, (m1, t1) in enumerate(known)
        for m2, t2 in known[n + 1 :]
        if m1 != m2
    ]
    if len(known) < MIN_POINTS or not slopes:
        return 0.0, median, median
    slope = max(statistics.median(slopes), 0.0)
    base = statistics.median(t - slope * m for m, t in known)
    return slope, max(base, 0.0), median


def makespan(steps: Iterable[Step], limits: Limits) -> float | None:
    """Return the duration of all waves under the limits, in seconds.

    Each move starts as soon as the limits allow. None if the duration of a
    move is unknown.
    """
    waves: dict[int, list[Step]] = {}
    for step in steps:
        if step.way is not Way.STOP:
            waves.setdefault(step.wave, []).append(step)
    total = 0.0
    for wave in waves.values():
        seconds = _wave(wave, limits)
        if seconds is None:
            return None
        total += seconds
    return total


def _wave(steps: Sequence[Step], limits: Limits) -> float | None:
    now = 0.0
    pending = list(steps)
    running: list[tuple[float, int, Step]] = []
    # Nova queues live migrations; cold ones run in parallel.
    out: Counter[tuple[str, bool]] = Counter()
    into: Counter[str | None] = Counter()
    while pending or running:
        for step in list(pending):
            if len(running) >= limits.total:
                break
            if out[step.source, step.way.queued] >= limits.per_source or (
                step.destination is not None
                and into[step.destination] >= limits.per_destination
            ):
                continue
            if step.seconds is None:
                return None
            pending.remove(step)
            out[step.source, step.way.queued] += 1
            into[step.destination] += 1
            heapq.heappush(running, (now + step.seconds, step.order, step))
        now, _, ended = heapq.heappop(running)
        out[ended.source, ended.way.queued] -= 1
        into[ended.destination] -= 1
    return now
