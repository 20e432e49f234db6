"""The explanation of a move, as it is printed."""

import dataclasses
import datetime


@dataclasses.dataclass(frozen=True)
class Log:
    """The log to read when the API does not show the reason."""

    # None if the host is not known.
    host: str | None
    service: str
    # The pattern to search for, and text of a line close to it.
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
    """One attempt, as far as the API shows it. None means 'not known'."""

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
    # Nova's status of the migration.
    status: str
    # The last phase that it reached.
    reached: str | None
    # From Nova: an event of the instance action, its host and the message.
    failed_step: str = ""
    failed_host: str = ""
    message: str = ""
    # ID of the known cause, empty if none was recognised.
    cause: str = ""
    meaning: str = ""
    # The check of 'migrate preflight' that finds it before a move.
    check: str = ""
    next: str = ""
    # Anything that makes this explanation uncertain.
    note: str = ""
    # Relevant lines of the nodes' logs, the most specific first.
    logs: tuple[str, ...] = ()
    # Each failed step with its message, the innermost first.
    said: tuple[str, ...] = ()
    # The source of the known cause: a module of Nova, libvirt ...
    cause_source: str = ""
    steps: tuple[str, ...] = ()
    log: Log | None = None

    # Columns for one attempt, for a list of attempts, and with --long.
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
        # MySQL rounds both to seconds, up or down.
        return max(0.0, round((self.ended - self.started).total_seconds(), 1))

    @property
    def facts(self) -> dict[str, object]:
        """The columns that describe a failure, without the empty ones."""
        names = self.COLUMNS[self.COLUMNS.index("reached") :]
        return {
            name: value for name in names if (value := getattr(self, name))
        }
