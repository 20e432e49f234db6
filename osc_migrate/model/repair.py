"""Steps that take back what a move has left behind."""

import dataclasses
import enum
from collections.abc import Sequence


class Deed(enum.Enum):
    """What this tool can do about it by itself."""

    # The state ERROR of a server whose guest runs on: back to active.
    RESET = "reset the state to active"
    # A cold migration that somebody forgot to confirm.
    CONFIRM = "confirm the migration"
    # A port's binding on a host where the server is not.
    UNBIND = "delete the port binding"
    # Nothing: it is a person's.
    NONE = ""


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing that is left, and what is to be done about it."""

    server: str
    what: str
    # Why doing it is safe, or why it is left to a person.
    why: str
    deed: Deed = Deed.NONE
    # 'would do', 'done' or 'left'.
    result: str = "left"
    # The command to type; empty where nothing is left to do.
    next: str = ""
    # Of a binding.
    port: str = ""
    host: str = ""

    COLUMNS = ("server", "what", "why", "result", "next")

    @property
    def key(self) -> tuple[object, ...]:
        """Tells whether a later look still asks for the same deed."""
        return self.deed, self.port, self.host

    @property
    def row(self) -> Sequence[object]:
        return tuple(getattr(self, name) for name in self.COLUMNS)

    def left(self, why: str, next: str) -> "Step":
        """The same, not done."""
        return dataclasses.replace(self, why=why, result="left", next=next)

    def done(self) -> "Step":
        return dataclasses.replace(self, result="done", next="")
