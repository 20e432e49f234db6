"""How fast a move goes, from the counters that Nova shows.

The libvirt driver writes new ones every ``live_migration_monitor_interval``
(5 s by default), and what the guest dirties is sent again: 'processed' may
grow far beyond 'total'. Only what remains says how near the end is.
"""

from osc_migrate.cloud.migrations import PHASES, Migration
from osc_migrate.migration.progress import Progress
from osc_migrate.nodes.counters.job import Job

# Three of Nova's default steps.
STALL_AFTER = 15.0
# Updates without progress that make a stall: one may fall between two rounds
# of the copy.
FRUITLESS = 2
# Updates with a smaller remainder from which the time left is estimated: the
# first one after the start says little of the pace.
GOOD_UPDATES = 2
# Seconds to wait for the second update, while the interval is not known: two
# of the longest that a large cloud sets, and a margin.
FIRST_UPDATE = 250.0


class Pace:
    """Turns one migration record after the other into Progress."""

    def __init__(self, stall_after: float = STALL_AFTER) -> None:
        """:param stall_after: seconds in which the remainder must fall."""
        self._stall_after = stall_after
        # (seconds, bytes processed, bytes remaining) when they last changed.
        self._last: tuple[float, int, int] | None = None
        self._rate: float | None = None
        self._fall: float | None = None
        self._falls = 0
        # Memory and disk, as last shown.
        self._totals = 0, 0
        # The least that ever remained, and since when.
        self._least: tuple[float, int] | None = None
        # The longest time between two updates, and those since the least.
        self._interval: float | None = None
        self._fruitless = 0

    def look(
        self, record: Migration, elapsed: float, *, fresh: bool = False
    ) -> Progress:
        """
        :param elapsed: seconds since the move began.
        :param fresh: the counters are those of this moment (libvirt's), not
            what Nova wrote last.
        """
        phase = PHASES.get(record.status, record.status)
        if phase == "finishing":
            return self._all_copied(record.status, elapsed)
        memory = _pair(record.memory_total, record.memory_remaining)
        disk = _pair(record.disk_total, record.disk_remaining)
        remaining = memory[1] + disk[1]
        if memory[0] + disk[0]:
            self._totals = memory[0], disk[0]
            processed = (record.memory_processed or 0) + (
                record.disk_processed or 0
            )
            self._sample(elapsed, processed, remaining)
        return Progress(
            phase=phase,
            status=record.status,
            elapsed=elapsed,
            memory_total=memory[0],
            memory_remaining=memory[1],
            disk_total=disk[0],
            disk_remaining=disk[1],
            rate=self._rate if memory[0] + disk[0] else None,
            left=self._left(remaining),
            stalled=phase == "running" and self._stalled(elapsed, fresh),
            fall=self._fall if phase == "running" else None,
            age=elapsed - self._last[0] if self._last else 0.0,
        )

    def _all_copied(self, status: str, elapsed: float) -> Progress:
        # Nova shows no counters any more, but the guest has switched over.
        memory, disk = self._totals
        return Progress(
            phase="finishing",
            status=status,
            elapsed=elapsed,
            memory_total=memory,
            disk_total=disk,
        )

    def _sample(self, now: float, processed: int, remaining: int) -> None:
        if self._least is None or remaining < self._least[1]:
            self._least = now, remaining
            self._fruitless = -1  # this update is counted below
        if self._last is None:
            self._fruitless = 0
            self._last = now, processed, remaining
            return
        last_time, last_processed, last_remaining = self._last
        if (processed, remaining) == (
            last_processed,
            last_remaining,
        ) or now <= last_time:
            return
        self._last = now, processed, remaining
        self._interval = max(self._interval or 0.0, now - last_time)
        self._fruitless += 1
        self._rate = max(0.0, (processed - last_processed) / (now - last_time))
        fallen = last_remaining - remaining
        self._fall = fallen / (now - last_time) if fallen > 0 else None
        self._falls += fallen > 0

    def _left(self, remaining: int) -> float | None:
        """Seconds to the end, once the pace is known."""
        if not self._fall or not remaining or self._falls < GOOD_UPDATES:
            return None
        return remaining / self._fall

    def _stalled(self, now: float, fresh: bool) -> bool:
        """The remainder has not fallen for long enough to call it a stall.

        Nova writes counters every [libvirt]live_migration_monitor_interval
        seconds, which the API does not show. Between two updates nothing is
        known of the copy, so the interval is learned from the updates.
        """
        if self._least is None or self._last is None:
            return False
        if now - self._least[0] < self._stall_after:
            return False
        if fresh or self._fruitless >= FRUITLESS:
            return True
        patience = FIRST_UPDATE
        if self._interval is not None:
            patience = max(self._stall_after, 2 * self._interval)
        return now - self._last[0] >= patience


def refined(record: Migration, job: Job) -> Migration:
    """The record with the counters of libvirt, which Nova copies at times."""
    return record.but(
        memory_total=job.memory_total,
        memory_processed=job.memory_processed,
        memory_remaining=job.memory_remaining,
        disk_total=job.disk_total,
        disk_processed=job.disk_processed,
        disk_remaining=job.disk_remaining,
    )


def _pair(total: int | None, remaining: int | None) -> tuple[int, int]:
    if not total or total < 0:
        return 0, 0
    return total, min(total, max(0, remaining or 0))
