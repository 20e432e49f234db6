"""libvirt's counters of a migration, on its source."""

import dataclasses
from collections.abc import Mapping

# virDomainJobType of a running job: bounded, unbounded (libvirt-domain.h).
_RUNS = (1, 2)


@dataclasses.dataclass(frozen=True)
class Job:
    """One reading. Sizes in bytes, times in seconds; None if not reported."""

    # When it was read, by the reader's clock.
    at: float
    memory_total: int
    memory_processed: int
    memory_remaining: int
    disk_total: int
    disk_processed: int
    disk_remaining: int
    # Number of passes over the memory.
    passes: int | None = None
    # Bytes per second in pages that the guest writes to.
    dirty: int | None = None
    # Percentage by which the guest is throttled (auto-converge).
    throttle: int | None = None
    # Expected downtime if the guest were switched over now.
    downtime: float | None = None
    # libvirt no longer has a job: the other values are from the last reading.
    over: bool = False

    @property
    def total(self) -> int:
        return self.memory_total + self.disk_total


def job(fields: Mapping[str, int], at: float) -> Job | None:
    """Parse libvirt's fields (virDomainGetJobStats).

    None if no migration is running, or it has no numbers yet.
    """
    if fields.get("type") not in _RUNS:
        return None

    def count(name: str) -> int:
        return max(0, fields.get(name, 0))

    rate, page = fields.get("memory_dirty_rate"), count("memory_page_size")
    pause = fields.get("downtime")
    current_job = Job(
        at=at,
        memory_total=count("memory_total"),
        memory_processed=count("memory_processed"),
        memory_remaining=count("memory_remaining"),
        disk_total=count("disk_total"),
        disk_processed=count("disk_processed"),
        disk_remaining=count("disk_remaining"),
        passes=fields.get("memory_iteration"),
        dirty=None if rate is None else max(0, rate) * (page or 4096),
        throttle=fields.get("auto_converge_throttle"),
        downtime=None if pause is None else max(0, pause) / 1000,
    )
    return current_job if current_job.total else None
