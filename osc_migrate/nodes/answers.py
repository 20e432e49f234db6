"""What is asked on a node, and what the node says."""

import dataclasses
import math
import re
import shlex
from collections.abc import Mapping

from osc_migrate.facts import Unread

# The last line of an answer, with the name of the question.
_END = "\n#end %s\n"
# Seconds of a command within a script, as all scripts bound them.
_BOUND = re.compile(r"(?<=timeout -k 1 )\d+")


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

    def slower(self, times: float) -> "Question":
        """The same question for a node that takes `times` as long, as
        do the commands that it bounds by itself."""
        if times == 1:
            return self
        command = _BOUND.sub(
            lambda seconds: str(math.ceil(int(seconds[0]) * times)),
            self.command,
        )
        return Question(command, self.args, self.limit * times)

    def marked(self, name: str) -> "Question":
        """The same question, whose answer ends with a line that names it.

        :func:`complete` removes that line.
        """
        end = shlex.quote(_END % name)
        return Question(
            f"( {self.text}\n)\nended=$?; printf %s {end}; exit $ended",
            limit=self.limit,
        )


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the command said, and its exit status."""

    status: int
    out: str
    err: str = ""

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def complete(name: str, answer: Answer | Unread) -> Answer | Unread:
    """The answer to a question that was :meth:`~Question.marked`.

    Without its last line it was cut off, or belongs to another question:
    nothing is read from it, as what it lacks would seem to be absent.
    """
    if isinstance(answer, Unread):
        return answer
    end = _END % name
    if answer.out.endswith(end):
        return dataclasses.replace(answer, out=answer.out[: -len(end)])
    if answer.status:
        last = (answer.err or answer.out).strip().splitlines()[-1:]
        failure = f"exit status {answer.status}" + "".join(
            f": {line[:200]}" for line in last
        )
        return Unread(f"{name} failed with {failure}")
    return Unread(f"{name}: the answer is incomplete")


# What was asked, by name -> the answer, or why there is none.
Answers = Mapping[str, Answer | Unread]
