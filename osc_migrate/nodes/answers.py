"""What is asked on a node, and what the node says."""

import dataclasses
import shlex
from collections.abc import Mapping

from osc_migrate.facts import Unread


@dataclasses.dataclass(frozen=True)
class Question:
    """A command for a node's POSIX shell."""

    # %s stands for an argument; with arguments, a plain % is written %%.
    command: str
    args: tuple[str, ...] = ()
    # Seconds that the answer may take.
    limit: float = 10.0

    @property
    def text(self) -> str:
        """The command with its arguments, quoted: no name or path that a
        node or an API said can become a command."""
        if not self.args:
            return self.command
        return self.command % tuple(shlex.quote(arg) for arg in self.args)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the command said, and its exit status."""

    status: int
    out: str
    err: str = ""

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


# What was asked, by name -> the answer, or why there is none.
Answers = Mapping[str, Answer | Unread]
