"""Why a move ended as it did, as it is printed."""

import dataclasses
import datetime


@dataclasses.dataclass(frozen=True)
class Log:
    """Where the reason stands when the API has none."""

    # None where it is not known which one.
    host: str | None
    service: str
    # What to look for, near a line that the operator will recognise.
    grep: str
    near: str

    def __str__(self) -> str:
        kind = "compute host" if "compute" in self.service else "controllers"
        return (
            f"on {self.host or f'the {kind}'}: grep {self.grep} in"
            f" {self.service}'s log, near '{self.near}'"
        )


@dataclasses.dataclass(frozen=True)
class Explanation:
    """One attempt, as far as the API shows it. None is 'not known'."""

    server: str
    id: str
    migration_id: int | None
    uuid: str | None
    request_id: str | None
    kind: str
    source: str | None
    destination: str | None
    started: datetime.datetime | None
    ended: datetime.datetime | None
    # Nova's word for the migration.
    status: str
    # The last phase that it came to.
    reached: str | None
    # Nova's words: an event of its instance actions, and the message.
    failed_step: str = ""
    failed_host: str = ""
    message: str = ""
    # The id of a known cause, empty where none is recognised.
    cause: str = ""
    meaning: str = ""
    # The check of 'migrate preflight' that finds it beforehand.
    check: str = ""
    next: str = ""
    # What makes this less than certain.
    note: str = ""
    # What the nodes' logs say of it, the most specific line first.
    logs: tuple[str, ...] = ()
    # Each failed step with its words, the innermost first.
    said: tuple[str, ...] = ()
    # Where the cause is known from.
    cause_source: str = ""
    steps: tuple[str, ...] = ()
    log: Log | None = None

    # Of one attempt, of many, and everything.
    COLUMNS = (
        "migration_id",
        "kind",
        "source",
        "destination",
        "started",
        "seconds",
        "status",
        "reached",
        "failed_step",
        "failed_host",
        "message",
        "cause",
        "meaning",
        "check",
        "next",
        "note",
        "logs",
    )
    ROWS = (
        "migration_id",
        "started",
        "kind",
        "source",
        "destination",
        "status",
        "reached",
        "cause",
    )
    LONG = (
        "server",
        "id",
        *COLUMNS,
        "uuid",
        "request_id",
        "ended",
        "cause_source",
        "steps",
    )

    @property
    def seconds(self) -> float | None:
        if self.started is None or self.ended is None:
            return None
        # MySQL rounds both to seconds, either way.
        return max(0.0, round((self.ended - self.started).total_seconds(), 1))

    @property
    def facts(self) -> dict[str, object]:
        """What a failure needs to be understood, by column."""
        names = self.COLUMNS[self.COLUMNS.index("reached") :]
        return {
            name: value for name in names if (value := getattr(self, name))
        }
