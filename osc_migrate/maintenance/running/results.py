"""Results of the servers of a plan, and what a run reports meanwhile."""

import dataclasses
import enum
from collections.abc import Mapping

from osc_migrate.migration.progress import Progress


class Result(enum.StrEnum):
    """Result of one server of a plan."""

    # It is at its destination: record, host and status confirm that, and a
    # cold migration is confirmed.
    MOVED = "moved"
    # It was no longer on its host: moved or deleted by another user.
    GONE = "gone"
    # Shut down in place, by its owner's policy.
    STOPPED = "stopped"
    # Not touched: because of its owner's policy or a failed check.
    LEFT = "left"
    # A move was started and did not succeed.
    FAILED = "failed"
    # It moved and is awaiting confirmation.
    WAITS = "waits"
    # The move continues in Nova without being followed.
    RUNNING_ON = "running on"
    # The run ended before its turn.
    NOT_BEGUN = "not begun"


# Results with which nothing of the server is left on the host.
AWAY = (Result.MOVED, Result.GONE)
# Final results: a resumed run does not touch these servers.
FINAL = (*AWAY, Result.STOPPED, Result.LEFT, Result.FAILED)


@dataclasses.dataclass(frozen=True)
class Row:
    """One server, at the end of a run.

    :ivar how: live, block, cold or stop; empty for a server that was left.
    :ivar seconds: from the first check to the last; 0 if it was left.
    :ivar next: the next command; empty if none is needed.
    """

    server: str
    id: str
    source: str
    destination: str | None
    how: str
    outcome: Result
    seconds: float = 0.0
    migration_id: int | None = None
    reason: str = ""
    next: str = ""

    @property
    def summary(self) -> str:
        """The result as text: 'moved to HostC in 3 s'."""
        text = f"{self.outcome}"
        if self.outcome is Result.MOVED:
            text += f" to {self.destination} in {self.seconds:.0f} s"
        return f"{text}: {self.reason}" if self.reason else text

    COLUMNS = (
        "server",
        "id",
        "source",
        "destination",
        "how",
        "migration_id",
        "seconds",
        "outcome",
        "reason",
        "next",
    )


@dataclasses.dataclass(frozen=True)
class RunEvent:
    """An event of a run.

    :ivar server: server name; empty if it is about the whole run.
    :ivar warning: whether it needs attention.
    """

    text: str
    server: str = ""
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.server}: {self.text}" if self.server else self.text


@dataclasses.dataclass(frozen=True)
class MoveProgress:
    """A server in flight at one look."""

    server: str
    source: str
    destination: str | None
    progress: Progress


@dataclasses.dataclass(frozen=True)
class Look:
    """The state of a run at one time.

    :ivar events: since the last look, oldest first.
    :ivar left: estimated remaining seconds; None if unknown.
    """

    run: str
    elapsed: float
    done: int
    total: int
    counts: Mapping[Result, int]
    moving: tuple[MoveProgress, ...]
    events: tuple[RunEvent, ...]
    left: float | None = None


class RunVerdict(enum.Enum):
    """Result of a whole run."""

    # Everything was done: hosts empty, every server verified.
    DONE = "done"
    # Something is left, or may be.
    SHORT = "short"
    # No move was started, because none was safe.
    NOTHING = "nothing"
    # Stopped by a user or a signal.
    INTERRUPTED = "interrupted"
