"""Text for people: safe to print, and safe to paste into a shell."""

import datetime
import difflib
import re
import shlex
from collections.abc import Iterable, Sequence

_PLAIN = re.compile(r"[A-Za-z0-9_.@:+][A-Za-z0-9_.@:+-]*")
# Like is_uuid_like of oslo.utils: a server's name may be another one's ID.
_ID = re.compile(r"(urn:|uuid:|[-{}])*([0-9A-Fa-f][-{}]*){32}")


def printable(text: object, limit: int = 0) -> str:
    """Return `text` without characters that control a terminal.

    Names and messages are untrusted: control characters, line breaks and
    bidirectional marks become visible escapes.

    :param limit: maximum number of characters; 0 means no limit.
    """
    shown = str(text)
    if limit:
        # Cut first: the text may have megabytes.
        shown = shown[: limit + 1]
    if not shown.isprintable():
        shown = "".join(
            c if c.isprintable() else c.encode("unicode_escape").decode()
            for c in shown
        )
    return (
        shown[: limit - 3] + "..." if limit and len(shown) > limit else shown
    )


def paste(name: str, other: str = "") -> str:
    """Return `name` as one word of a command to paste into a shell.

    :param other: ID to use instead if the name needs quotes or looks like an
        ID.
    """
    if _PLAIN.fullmatch(name) and not (other and _ID.fullmatch(name)):
        return name
    return other or shlex.quote(printable(name))


def command(*words: object) -> str:
    """Return a shell command, with words quoted where necessary."""
    return shlex.join(map(str, words))


def confirm_or_revert(server: str, *, resized: bool = False) -> str:
    """Return the command that ends a move awaiting confirmation.

    :param server: from :func:`paste`.
    :param resized: it is a resize, for which the client has commands.
    """
    confirm = f"openstack migrate cold {server} --confirm"
    revert = f"openstack migrate cold {server} --revert"
    if resized:
        confirm = f"openstack server resize confirm {server}"
        revert = f"openstack server resize revert {server}"
    return f"when the guest is well: {confirm}; otherwise: {revert}"


def some(count: int, thing: str) -> str:
    """Return a count and its noun: '1 move', '2 moves'."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def listed(items: Sequence[str], most: int = 5, between: str = ", ") -> str:
    """Return the first items: 'HostA, HostB and 3 more'."""
    shown = between.join(items[:most])
    hidden = len(items) - most
    return f"{shown} and {hidden} more" if hidden > 0 else shown


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a question with the most similar names, or ''."""
    similar_names = difflib.get_close_matches(name, names, 3)
    if not similar_names:
        return ""
    return f"did you mean {' or '.join(map(paste, similar_names))}?"


def utc(moment: datetime.datetime | None) -> str | None:
    """Format a time in UTC as ISO 8601: '2025-06-01T12:00:00Z'."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def size(count: float) -> str:
    """Format bytes as '1.5 GiB'."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(count) < 1024 or unit == "TiB":
            break
        count /= 1024
    digits = 0 if unit == "B" or count >= 100 else 1
    return f"{count:.{digits}f} {unit}"


def duration(seconds: float) -> str:
    """Format seconds as '0:07', '12:05' or '1:02:03'."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minute:02}:{second:02}"
    return f"{minute}:{second:02}"
