"""Speed and remaining time of a move, from Nova's counters.

The libvirt driver updates them every ``live_migration_monitor_interval`` (5 s
by default). Memory that the guest dirties is sent again, so 'processed' may
grow far beyond 'total': only the remainder shows how near the end is.
"""

from osc_migrate.cloud.migrations import PHASES, Migration
from osc_migrate.migration.convergence import Convergence
from osc_migrate.migration.interval import Interval
from osc_migrate.migration.progress import Progress
from osc_migrate.nodes.counters.job import Job

# Three of Nova's default intervals.
STALL_AFTER = 15.0
# Updates with a smaller remainder needed to estimate the remaining time: the
# first one after the start says little about the speed.
GOOD_UPDATES = 2


# A copy may end within this many intervals before its next update: one, and
# more for a faster last pass.
INTERVALS_TO_END = 3


class Pace:
    """Converts successive migration records to Progress."""

    def __init__(self, stall_after: float = STALL_AFTER) -> None:
        """:param stall_after: seconds in which the remainder must decrease."""
        self._stall_after = stall_after
        # (seconds, bytes processed, bytes remaining) when they last changed.
        self._last: tuple[float, int, int] | None = None
        self._rate: float | None = None
        self._fall: float | None = None
        self._falls = 0
        # Memory and disk in bytes, as last shown.
        self._totals = 0, 0
        self._interval = Interval()
        self._convergence = Convergence()
        self._by_libvirt = False

    def look(
        self, record: Migration, elapsed: float, job: Job | None = None
    ) -> Progress:
        """Return the progress for a record.

        :param elapsed: seconds since the start of the move.
        :param job: libvirt's current counters, to use instead of Nova's.
        """
        phase = PHASES.get(record.status, record.status)
        if phase == "finishing":
            return self.arrived(record, elapsed)
        self._interval.look(record, elapsed)
        if self._by_libvirt != (job is not None):
            # Nova's counters are older: one set must not be compared with the
            # other.
            self._by_libvirt = job is not None
            self._convergence = Convergence()
            self._last = None
        if job is not None:
            record = with_job_counters(record, job)
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
            stalled=phase == "running" and self._stalled(elapsed),
            fall=self._fall if phase == "running" else None,
            age=elapsed - self._last[0] if self._last else 0.0,
            job=job,
            interval_known=(
                job is not None or self._interval.seconds is not None
            ),
        )

    def missed(self, seconds: float) -> None:
        """Discount time in which the record could not be read."""
        self._convergence.missed(seconds)

    def overdue(self, age: float) -> bool:
        """Return whether new counters are overdue: the copy may have ended.

        :param age: age of the last ones in seconds.
        """
        interval = self._interval.seconds
        return interval is None or age > 1.2 * interval + 1

    @property
    def near_end(self) -> bool:
        """Return whether the copy was about to end at Nova's last update.

        Then missing updates prove nothing.
        """
        interval = self._interval.seconds
        if self._by_libvirt or not (interval and self._fall and self._last):
            return False
        return self._last[2] / self._fall <= INTERVALS_TO_END * interval

    def arrived(self, record: Migration, elapsed: float) -> Progress:
        """Return the progress after the guest has switched over.

        Nova then shows no counters, or old ones.
        """
        memory, disk = self._totals
        return Progress(
            phase="finishing",
            status=record.status,
            elapsed=elapsed,
            memory_total=memory,
            disk_total=disk,
        )

    def _sample(self, now: float, processed: int, remaining: int) -> None:
        if self._last is None:
            self._last = now, processed, remaining
            self._convergence.update(now, remaining, sum(self._totals))
            return
        last_time, last_processed, last_remaining = self._last
        if (processed, remaining) == (
            last_processed,
            last_remaining,
        ) or now <= last_time:
            return
        self._last = now, processed, remaining
        self._convergence.update(now, remaining, sum(self._totals))
        self._rate = max(0.0, (processed - last_processed) / (now - last_time))
        fallen = last_remaining - remaining
        self._fall = fallen / (now - last_time) if fallen > 0 else None
        self._falls += fallen > 0

    def _left(self, remaining: int) -> float | None:
        """Return the remaining seconds; None until the speed is known."""
        if not self._fall or not remaining or self._falls < GOOD_UPDATES:
            return None
        return remaining / self._fall

    def _stalled(self, now: float) -> bool:
        return self._convergence.stalled(
            now,
            self._stall_after,
            self._interval.seconds,
            fresh=self._by_libvirt,
            near_end=self.near_end,
        )


def with_job_counters(record: Migration, job: Job) -> Migration:
    """Return the record with libvirt's current counters."""
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
