"""What became of a plan's servers, and what a run reports meanwhile."""

import dataclasses
import enum
from collections.abc import Mapping

from osc_migrate.migration.progress import Progress


class Result(enum.StrEnum):
    """How it stands with one server of a plan."""

    # It is where it should be: record, host and state confirm it, and a cold
    # migration is confirmed.
    MOVED = "moved"
    # It was not on its host any more: moved or deleted by another user.
    GONE = "gone"
    # Shut down where it is, as its owner's policy says.
    STOPPED = "stopped"
    # Not touched: owner policy, or a check that forbids the move.
    LEFT = "left"
    # A move was tried, and ended otherwise.
    FAILED = "failed"
    # It moved, and is awaiting confirmation or taken back.
    WAITS = "waits"
    # The move continues in Nova and is not followed.
    RUNNING_ON = "running on"
    # The run ended before its turn.
    NOT_BEGUN = "not begun"


# With these nothing of the server is left on the host.
AWAY = (Result.MOVED, Result.GONE)
# Final: a resumed run leaves these servers alone.
FINAL = (*AWAY, Result.STOPPED, Result.LEFT, Result.FAILED)


@dataclasses.dataclass(frozen=True)
class Row:
    """One server, at the end of a run.

    :ivar how: live, block, cold, stop; empty for one that was left.
    :ivar seconds: from the first check to the last; 0 for one left.
    :ivar next: the command to continue with; empty if none is needed.
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
        """What became of it: 'moved to HostC in 3 s'."""
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
class Event:
    """Something that happened.

    :ivar server: name; empty when it is about the whole run.
    :ivar warning: needs attention.
    """

    text: str
    server: str = ""
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.server}: {self.text}" if self.server else self.text


@dataclasses.dataclass(frozen=True)
class Moving:
    """One server under way at one look."""

    server: str
    source: str
    destination: str | None
    progress: Progress


@dataclasses.dataclass(frozen=True)
class Look:
    """A run at one moment.

    :ivar events: since the look before, oldest first.
    :ivar left: seconds to the end, estimated; None when unknown.
    """

    run: str
    elapsed: float
    done: int
    total: int
    counts: Mapping[Result, int]
    moving: tuple[Moving, ...]
    events: tuple[Event, ...]
    left: float | None = None


class Verdict(enum.Enum):
    """What is true of a whole run at its end."""

    # All that it was for: hosts empty, every server well where it went.
    DONE = "done"
    # Something is left, or that is not known.
    SHORT = "short"
    # Not one move was begun, as none was safe.
    NOTHING = "nothing"
    # A user or a signal stopped it.
    INTERRUPTED = "interrupted"
