"""What became of a migration that somebody wanted to stop."""

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Stopped:
    """How an abort ended, as it is printed."""

    server: str
    id: str
    migration_id: int
    source: str | None
    destination: str | None
    # Nova's word for the migration.
    status: str
    # The server afterwards; None where it could not be read.
    server_status: str | None
    host: str | None
    next: str
    # True when the migration was stopped and the server is on its source.
    stopped: bool = False
    # The server's state is wrong: its guest runs on, Nova calls it ERROR.
    broken: bool = False

    COLUMNS = (
        "server",
        "id",
        "migration_id",
        "source",
        "destination",
        "status",
        "server_status",
        "host",
        "next",
    )

    @property
    def row(self) -> Sequence[object]:
        return tuple(getattr(self, name) for name in self.COLUMNS)
