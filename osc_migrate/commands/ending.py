"""The last words of a command: its verdict, and what to do next. Pure."""

import dataclasses
import re
from collections.abc import Iterator

# A step longer than this many characters has its command on a separate
# line, which with its number still fits a terminal of 80 columns.
_ONE_LINE = 74
# What is quoted stays together; it may be the name of a server.
_BETWEEN = re.compile(r"(?<!\w)'(?:[^']|'\"'\"')*'|; ")
# 'It is so. To change that: openstack ...': the verdict says the first part.
_REMARK = re.compile(r"[^:]*\. To ([^:]*: openstack .*)")
_COMMAND = re.compile(r"(.*?:) (openstack [^:]*)")


@dataclasses.dataclass(frozen=True)
class Ending:
    """A verdict in one sentence, and the steps to take then."""

    sentence: str
    steps: tuple[str, ...] = ()

    @property
    def lines(self) -> Iterator[str]:
        yield self.sentence
        for number, step in enumerate(self.steps, 1):
            about = _COMMAND.fullmatch(step)
            if about and len(step) > _ONE_LINE:
                yield f"  {number}. {about[1]}"
                yield f"     {about[2]}"
            else:
                yield f"  {number}. {step}"


def steps_of(text: str) -> tuple[str, ...]:
    """The steps of an advice that is one text: 'do this; or: do that'."""
    steps, start = [], 0
    for match in _BETWEEN.finditer(text):
        if match[0] == "; ":
            steps.append(text[start : match.start()])
            start = match.end()
    steps.append(text[start:])
    # The number says it.
    bare = (step.removeprefix("or: ").strip() for step in steps)
    return tuple(
        dict.fromkeys(_REMARK.sub(r"to \1", step) for step in bare if step)
    )


def elapsed_text(seconds: float) -> str:
    """How long it took: '29 s', '3 min 5 s', '2 h 10 min'."""
    total = round(seconds)
    if total < 100:
        return f"{total} s"
    minutes, second = divmod(total, 60)
    if minutes < 100:
        return f"{minutes} min {second} s"
    hours, minute = divmod(minutes, 60)
    return f"{hours} h {minute} min"
