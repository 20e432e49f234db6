"""A migration as libvirt on its source counts it."""

import dataclasses
from collections.abc import Mapping

# virDomainJobType: nothing, then two of one that runs (libvirt-domain.h).
_RUNS = (1, 2)


@dataclasses.dataclass(frozen=True)
class Job:
    """One reading. Sizes in bytes, times in seconds; None where this QEMU
    does not say."""

    # When it was read, on the clock of who read it.
    at: float
    memory_total: int
    memory_processed: int
    memory_remaining: int
    disk_total: int
    disk_processed: int
    disk_remaining: int
    # How many times the memory is gone through by now.
    passes: int | None = None
    # Bytes a second that the guest writes to, in pages.
    dirty: int | None = None
    # Percent of its time that the guest is held up (auto-converge).
    throttle: int | None = None
    # For which the guest would stand still if it were switched over now.
    downtime: float | None = None
    # libvirt has no job any more: the rest is of its last reading.
    over: bool = False

    @property
    def total(self) -> int:
        return self.memory_total + self.disk_total


def job(fields: Mapping[str, int], at: float) -> Job | None:
    """From libvirt's own names (virDomainGetJobStats); None when no
    migration runs, or it has no numbers yet."""
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
