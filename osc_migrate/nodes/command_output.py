"""Parses a node's answers, which are not trusted."""

from collections.abc import Callable, Collection
from typing import TypeVar, cast

from osc_migrate.facts import Unread, fact
from osc_migrate.nodes.answers import Answer, Answers

__all__ = ["CommandOutput", "fact"]

T = TypeVar("T")


class CommandOutput:
    """One node's answers to the questions of one subject.

    :param subject: prefix of the names of its questions.
    """

    def __init__(self, answers: Answers, subject: str) -> None:
        self._answers = answers
        self._subject = subject

    def answer(self, name: str) -> Answer:
        """:raises Unread: the question was not asked or not answered."""
        answer = self._answers.get(f"{self._subject}.{name}")
        if answer is None:
            raise Unread(f"the node was not asked for {self._subject}.{name}")
        if isinstance(answer, Unread):
            raise Unread(answer.reason)
        return answer

    def was_asked(self, name: str) -> bool:
        return f"{self._subject}.{name}" in self._answers

    def out(self, name: str, *ok_statuses: int) -> str:
        """Return the output of a command, stripped.

        :param ok_statuses: exit statuses besides 0 that are not failures.
        :raises Unread: it failed.
        """
        answer = self.answer(name)
        if answer.status not in (0, *ok_statuses):
            message_lines = (answer.err or answer.out).strip().splitlines()
            reason = (
                message_lines[-1][:200] if message_lines else "it said nothing"
            )
            raise Unread(
                f"{self._subject}.{name} failed with exit status"
                f" {answer.status}: {reason}"
            )
        return answer.out.strip()

    def lines(self, name: str, *ok_statuses: int) -> list[str]:
        return self.out(name, *ok_statuses).splitlines()

    def parts(self, name: str, *ok_statuses: int) -> dict[str, list[str]]:
        """Return lines grouped by the preceding '#mark', '' before the first.

        A part may be split into several pieces.
        """
        parts: dict[str, list[str]] = {"": []}
        part = parts[""]
        for line in self.lines(name, *ok_statuses):
            if line.startswith("#"):
                part = parts.setdefault(line[1:].strip(), [])
            else:
                part.append(line)
        return parts

    def rows(self, name: str, keys: Collection[str]) -> list[tuple[str, str]]:
        """Return lines of 'key=value', the last of which is 'end=NAME'.

        :raises Unread: the last line or a key is unexpected: the answer is
            incomplete or belongs to another question.
        """
        rows = [line.partition("=") for line in self.lines(name)]
        if not rows or rows[-1] != ("end", "=", name):
            raise Unread(f"{self._subject}.{name}: the answer is incomplete")
        for key, equals, _ in rows[:-1]:
            if not equals or key not in keys:
                raise Unread(
                    f"{self._subject}.{name}: '{key[:40]}' is not part of the"
                    " answer"
                )
        return [(key, value.strip()) for key, _, value in rows[:-1]]

    def number(self, name: str) -> int:
        return parse_int(self.out(name), f"{self._subject}.{name}")

    def pairs(self, name: str, *ok_statuses: int) -> dict[str, str]:
        """Return lines of 'name=value', without quotes around values."""
        pairs = {}
        for line in self.lines(name, *ok_statuses):
            key, equals, value = line.partition("=")
            if equals:
                pairs[key.strip()] = value.strip().strip("\"'")
        return pairs


def trusted(doubt: str, value: T) -> T:
    """Return the value, or unread if its process is not trusted.

    :param doubt: why it is not trusted, or ''.
    """
    return cast(T, Unread(doubt[:300])) if doubt else value


def parse_int(text: str, subject: str, base: int = 10) -> int:
    """Parse an integer from a node.

    :raises Unread: it is not an integer.
    """
    try:
        # Longer ones are not real sizes, and slow to parse.
        return int(text.strip()[:40], base)
    except ValueError:
        raise Unread(
            f"the node reported '{text.strip()[:40]}' for {subject}, which is"
            " not"
            " a number"
        ) from None


def parse_rows(
    rows: list[str], read: Callable[[str], T | None]
) -> tuple[T, ...]:
    """Parse each row with `read`, and drop those for which it is None."""
    values = (read(row) for row in rows)
    return tuple(value for value in values if value is not None)
