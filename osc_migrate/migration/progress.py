"""How far a move has come, and how it ended."""

import dataclasses

from osc_migrate.nodes.counters.job import Job

# Seconds between two counters of Nova's, as live_migration_monitor_interval
# is by default.
STEP = 5.0


@dataclasses.dataclass(frozen=True)
class Progress:
    """One look at a move under way. Sizes in bytes, times in seconds."""

    phase: str
    # Nova's own word for it.
    status: str
    elapsed: float
    memory_total: int = 0
    memory_remaining: int = 0
    disk_total: int = 0
    disk_remaining: int = 0
    # Bytes a second that crossed the wire; None before two samples differ.
    rate: float | None = None
    # Seconds to the end at the speed at which the remainder falls.
    left: float | None = None
    # The remainder has not fallen for a while: the guest writes as fast as
    # it is copied.
    stalled: bool = False
    # A stall may be acted upon: it is known how often counters come.
    interval_known: bool = True
    # Why the API could not be read this time; the move itself continues.
    trouble: str | None = None
    # Bytes a second by which the remainder fell between two samples, and
    # the seconds since the last one was new.
    fall: float | None = None
    age: float = 0.0
    # The counters are an estimate, not measured.
    estimated: bool = False
    # Seconds that such moves took before, in this cloud.
    usual_seconds: float | None = None
    # What libvirt itself counts, where it is asked; the counters are its.
    job: Job | None = None
    # That nothing was heard of the move for long; mostly empty.
    silence: str = ""

    @property
    def total(self) -> int:
        return self.memory_total + self.disk_total

    @property
    def remaining(self) -> int:
        return self.memory_remaining + self.disk_remaining

    def later(self, seconds: float) -> "Progress":
        """Where it should be so much later, at the pace it had: an
        estimate, for one of Nova's steps at most."""
        now = dataclasses.replace(self, elapsed=self.elapsed + seconds)
        if self.job or not self.fall or self.stalled or self.trouble:
            return now
        fallen = int(self.fall * min(self.age + seconds, STEP))
        # Disks are copied before the memory.
        disk = max(0, self.disk_remaining - fallen)
        fallen -= self.disk_remaining - disk
        memory = max(0, self.memory_remaining - fallen)
        return dataclasses.replace(
            now,
            memory_remaining=memory,
            disk_remaining=disk,
            left=(
                (memory + disk) / self.fall if self.left is not None else None
            ),
            estimated=True,
        )

    def counted(self, job: Job) -> "Progress":
        """The same with what libvirt has counted since."""
        return dataclasses.replace(
            self,
            memory_total=job.memory_total,
            memory_remaining=min(job.memory_remaining, job.memory_total),
            disk_total=job.disk_total,
            disk_remaining=min(job.disk_remaining, job.disk_total),
            job=job,
        )
