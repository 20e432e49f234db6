"""What a known cause is."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Cause:
    """A known reason of failure."""

    # What operators call it: 'shared-storage-missing'.
    id: str
    # Stable parts of the messages that it shows itself by. Searched in text
    # of strangers and any size: fixed strings, and no repetition without a
    # bound.
    pattern: re.Pattern[str]
    # What is wrong, and what to do about it.
    meaning: str
    remedy: str
    # The check that finds it before the move; None where none can.
    check: str | None
    # The module that has the message, or where it was seen.
    source: str
    # It only sums up that others failed: the last resort.
    summary: bool = False
    # How many reasons end. A cause that is not general wins over it, and its
    # meaning says where the reason is.
    general: bool = False
    # The remedy in a drain or a rebalance, where an option of theirs is what
    # another command is to a single move; empty where it is the same.
    batch_remedy: str = ""


def cause(
    id: str,
    pattern: str,
    meaning: str,
    remedy: str,
    check: str | None = None,
    *,
    source: str,
    summary: bool = False,
    general: bool = False,
    batch_remedy: str = "",
) -> Cause:
    return Cause(
        id,
        re.compile(pattern),
        meaning,
        remedy,
        check,
        source,
        summary,
        general,
        batch_remedy,
    )
