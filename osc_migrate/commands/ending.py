"""The ending of a command: its verdict and the next steps. Pure."""

import dataclasses
import re
from collections.abc import Iterator

# A step with more characters has its command on a separate line; up to this
# length it fits 80 columns together with its number.
_ONE_LINE = 74
# Quoted text is not split; it may be the name of a server.
_BETWEEN = re.compile(r"(?<!\w)'(?:[^']|'\"'\"')*'|; ")
# 'It is so. To change that: openstack ...': the verdict has the first part.
_REMARK = re.compile(r"[^:]*\. To ([^:]*: openstack .*)")
_COMMAND = re.compile(r"(.*?:) (openstack [^:]*)")


@dataclasses.dataclass(frozen=True)
class Ending:
    """A verdict in one sentence, and the next steps."""

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
    """Split an advice into its steps: 'do this; or: do that'."""
    steps, start = [], 0
    for match in _BETWEEN.finditer(text):
        if match[0] == "; ":
            steps.append(text[start : match.start()])
            start = match.end()
    steps.append(text[start:])
    # Numbered steps do not need 'or'.
    bare = (step.removeprefix("or: ").strip() for step in steps)
    return tuple(
        dict.fromkeys(_REMARK.sub(r"to \1", step) for step in bare if step)
    )


def elapsed_text(seconds: float) -> str:
    """Format a duration: '29 s', '3 min 5 s', '2 h 10 min'."""
    total = round(seconds)
    if total < 100:
        return f"{total} s"
    minutes, second = divmod(total, 60)
    if minutes < 100:
        return f"{minutes} min {second} s"
    hours, minute = divmod(minutes, 60)
    return f"{hours} h {minute} min"
