"""Progress of a move."""

import dataclasses

from osc_migrate.nodes.counters.job import Job

# Seconds between two updates of Nova's counters: the default of
# live_migration_monitor_interval.
STEP = 5.0


@dataclasses.dataclass(frozen=True)
class Progress:
    """A move in flight at one poll. Sizes in bytes, times in seconds."""

    phase: str
    # Nova's status.
    status: str
    elapsed: float
    memory_total: int = 0
    memory_remaining: int = 0
    disk_total: int = 0
    disk_remaining: int = 0
    # Bytes per second on the wire; None until two samples differ.
    rate: float | None = None
    # Remaining seconds, from the speed at which the remainder decreases.
    left: float | None = None
    # The remainder has not decreased for a while: the guest writes as fast
    # as it is copied.
    stalled: bool = False
    # Whether the update interval is known, so that a stall may be acted on.
    interval_known: bool = True
    # Why the API could not be read; the move itself continues.
    trouble: str | None = None
    # Bytes per second by which the remainder decreased between two samples,
    # and the seconds since the last new one.
    fall: float | None = None
    age: float = 0.0
    # The counters are an estimate, not measured.
    estimated: bool = False
    # Usual duration of such moves in this cloud, in seconds.
    usual_seconds: float | None = None
    # libvirt's own counters, if they are read; the others come from them.
    job: Job | None = None
    # A message if the move was not updated for long; usually empty.
    silence: str = ""

    @property
    def total(self) -> int:
        return self.memory_total + self.disk_total

    @property
    def remaining(self) -> int:
        return self.memory_remaining + self.disk_remaining

    def later(self, seconds: float) -> "Progress":
        """Extrapolate at the current speed, for at most one of Nova's
        intervals."""
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
        """Return the same progress with libvirt's newer counters."""
        return dataclasses.replace(
            self,
            memory_total=job.memory_total,
            memory_remaining=min(job.memory_remaining, job.memory_total),
            disk_total=job.disk_total,
            disk_remaining=min(job.disk_remaining, job.disk_total),
            job=job,
        )
