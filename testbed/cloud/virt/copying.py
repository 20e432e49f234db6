"""A model of how a guest's memory and disks are copied, without Nova.

It is good enough to test the output of a client, but no evidence for the
duration of real migrations.  Disks are copied first, then the memory; pages
that the guest writes meanwhile must be copied again.
"""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass
class Copying:
    """Progress of one migration, in bytes."""

    memory_total: float
    disk_total: float
    memory_left: float = 0
    memory_copied: float = 0
    disk_left: float = 0
    #: whether the guest is paused, or already runs on the destination
    still: bool = False

    def __post_init__(self) -> None:
        self.memory_left = self.memory_total
        self.disk_left = self.disk_total

    @property
    def copying_memory(self) -> bool:
        """Whether the disks are complete, so that memory is copied."""
        return self.disk_left <= 0

    def advance(
        self,
        seconds: float,
        bandwidth: float,
        dirty: float,
        disk_bandwidth: float,
    ) -> None:
        """Advance the copy in time; the rates are in MiB/s."""
        if self.disk_left > 0:
            self.disk_left -= disk_bandwidth * MIB * seconds
            self.disk_left = max(self.disk_left, 0)
            return
        sent = min(self.memory_left, bandwidth * MIB * seconds)
        self.memory_copied += sent
        self.memory_left -= sent
        if not self.still:
            self.memory_left += dirty * MIB * seconds
            self.memory_left = min(self.memory_left, self.memory_total)

    def can_finish(self, bandwidth: float, downtime: float) -> bool:
        """Whether the remainder fits into the permitted downtime."""
        if not self.copying_memory:
            return False
        if self.still:
            return self.memory_left <= 0
        return self.memory_left <= bandwidth * MIB * downtime

    def finish(self) -> None:
        """Copy the remainder."""
        self.memory_copied += self.memory_left
        self.memory_left = 0

    @property
    def memory_percent(self) -> int:
        """Percentage copied as Nova calculates it: of the memory alone."""
        if not self.copying_memory or not self.memory_total:
            return 0
        return 100 - round(self.memory_left * 100 / self.memory_total)
