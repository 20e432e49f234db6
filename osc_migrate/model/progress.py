"""How far a move has come, and how it ended."""

import dataclasses
import enum
from collections.abc import Sequence

from osc_migrate.model.explanation import Explanation

# Nova's words for a migration that will not change any more
# (nova/compute/manager.py, nova/objects/migration.py).
ENDED = frozenset(
    {
        "completed",
        "failed",
        "error",
        "cancelled",
        "done",
        "finished",
        "confirmed",
        "reverted",
    }
)

# Nova's status of a live migration -> the phase that an operator is shown.
PHASES = {
    "accepted": "accepted",
    "queued": "queued",
    "preparing": "preparing",
    "pre-migrating": "preparing",
    "running": "running",
    "running (post-copy)": "post-copy",
    "post-migrating": "finishing",
    # Of a cold migration, whose disks nobody counts.
    "migrating": "copying",
    "completed": "finishing",
}


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
    # Why the API could not be read this time; the move itself goes on.
    trouble: str | None = None
    # That nothing was heard of the move for long; mostly empty.
    silence: str = ""

    @property
    def total(self) -> int:
        return self.memory_total + self.disk_total

    @property
    def remaining(self) -> int:
        return self.memory_remaining + self.disk_remaining


class End(enum.Enum):
    """How following a move ended."""

    # The record, the server's host and its state all say so.
    MOVED = "moved"
    # Nova took the request; nobody waited for the end (--no-wait).
    ACCEPTED = "accepted"
    # A cold migration did what it should, and waits to be confirmed.
    WAITS = "waits"
    # One was taken back: the server is where it was.
    REVERTED = "reverted"
    # The move ended otherwise, or nobody can prove that it moved.
    NOT_MOVED = "not moved"
    # The time to follow ran out; the move goes on.
    RUNNING_ON = "running on"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result of a move, as it is printed."""

    end: End
    server: str
    id: str
    kind: str
    source: str | None
    destination: str | None
    # Nova's word for the migration.
    status: str
    migration_id: int | None
    seconds: float
    # As Nova last reported them; None when it never did.
    memory_bytes: int | None
    disk_bytes: int | None
    reason: str = ""
    next: str = ""
    # Of a move that did not work: more than a row can hold.
    explanation: Explanation | None = None

    COLUMNS = (
        "server",
        "id",
        "kind",
        "source",
        "destination",
        "status",
        "migration_id",
        "seconds",
        "memory_bytes",
        "disk_bytes",
        "reason",
        "next",
    )

    @property
    def row(self) -> Sequence[object]:
        return tuple(getattr(self, name) for name in self.COLUMNS)
