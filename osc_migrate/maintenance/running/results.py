"""What became of a plan's servers, and what is told while it is done."""

import dataclasses
import enum
from collections.abc import Mapping, Sequence

from osc_migrate.migration.progress import Progress


class Result(enum.StrEnum):
    """How it stands with one server of a plan."""

    # It is where it should be: record, host and state say so, and a cold
    # migration is confirmed.
    MOVED = "moved"
    # It was not on its host any more: moved or deleted by somebody else.
    GONE = "gone"
    # Shut down where it is, as its wish says.
    STOPPED = "stopped"
    # Not touched: a wish, or a check that forbids the move.
    LEFT = "left"
    # A move was tried, and ended otherwise.
    FAILED = "failed"
    # It moved, and waits to be confirmed or taken back.
    WAITS = "waits"
    # The move goes on in Nova, and nobody follows it.
    RUNNING_ON = "running on"
    # The run ended before its turn.
    NOT_BEGUN = "not begun"


# With these nothing of the server is left on the host.
AWAY = (Result.MOVED, Result.GONE)
# Nothing more is to come of these: a run that goes on leaves them alone.
FINAL = (*AWAY, Result.STOPPED, Result.LEFT, Result.FAILED)


@dataclasses.dataclass(frozen=True)
class Row:
    """One server, at the end of a run.

    :ivar how: live, block, cold, stop; empty for one that was left.
    :ivar seconds: from the first check to the last; 0 for one left.
    :ivar next: a command that goes on from here; empty if none is needed.
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

    @property
    def row(self) -> Sequence[object]:
        return tuple(
            str(value) if isinstance(value, Result) else value
            for value in (getattr(self, name) for name in self.COLUMNS)
        )


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that happened.

    :ivar server: name; empty when it is about the whole run.
    :ivar bad: worth a person's eye.
    """

    text: str
    server: str = ""
    bad: bool = False

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
    :ivar left: seconds to the end, as far as anybody can say.
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
    # Something is left, or nobody can say.
    SHORT = "short"
    # Not one move was begun, as none was safe.
    NOTHING = "nothing"
    # Somebody stopped it.
    INTERRUPTED = "interrupted"
