"""Questions to a node (shell commands) and their answers."""

import dataclasses
import math
import re
import shlex
from collections.abc import Mapping

from osc_migrate.facts import Unread

# The last line of an answer: the name of the question.
_END = "\n#end %s\n"
# The time limit of a command within a script, as used in all scripts.
_BOUND = re.compile(r"(?<=timeout -k 1 )\d+")


@dataclasses.dataclass(frozen=True)
class Question:
    """A command for the POSIX shell of a node."""

    # %s stands for an argument; with arguments, a plain % is written %%.
    command: str
    args: tuple[str, ...] = ()
    # Time limit of the answer in seconds.
    limit: float = 10.0

    @property
    def text(self) -> str:
        """The command with its arguments, quoted.

        A name or path from a node or an API can therefore not be a command.
        """
        if not self.args:
            return self.command
        return self.command % tuple(shlex.quote(arg) for arg in self.args)

    def slower(self, times: float) -> "Question":
        """Return the question with all time limits multiplied by `times`.

        This includes the limits of commands within the script.
        """
        if times == 1:
            return self
        command = _BOUND.sub(
            lambda seconds: str(math.ceil(int(seconds[0]) * times)),
            self.command,
        )
        return Question(command, self.args, self.limit * times)

    def marked(self, name: str) -> "Question":
        """Return the question with an answer that ends with its name.

        :func:`complete` removes that line.
        """
        end = shlex.quote(_END % name)
        return Question(
            f"( {self.text}\n)\nended=$?; printf %s {end}; exit $ended",
            limit=self.limit,
        )


@dataclasses.dataclass(frozen=True)
class Answer:
    """Output and exit status of a command."""

    status: int
    out: str
    err: str = ""

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def complete(name: str, answer: Answer | Unread) -> Answer | Unread:
    """Return the answer to a question that was :meth:`~Question.marked`.

    Without the last line it was truncated or belongs to another question.
    Then it is not used, because missing parts would look like absent values.
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


# Name of the question -> the answer, or why there is none.
Answers = Mapping[str, Answer | Unread]
