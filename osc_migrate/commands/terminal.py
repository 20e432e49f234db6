"""What the terminal can show: letters, and lines drawn anew."""

import codecs
import contextlib
import io
import locale
import os
import sys
from collections.abc import Iterator


def prepare() -> None:
    """Makes both streams write only what the terminal has letters for.

    A letter that it lacks is escaped: names are still shown, and the command
    continues. Python writes UTF-8 under LC_ALL=C all the same (PEP 540).
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.isatty() and _is_ascii():
            stream.reconfigure(encoding="ascii", errors="backslashreplace")
        else:
            stream.reconfigure(errors="backslashreplace")


def _is_ascii() -> bool:
    """Whether the locale has no letters but those of ASCII."""
    try:
        return codecs.lookup(locale.nl_langinfo(locale.CODESET)).name == (
            "ascii"
        )
    except LookupError:
        return False


def draws() -> bool:
    """Whether stderr is a terminal on which lines can be drawn anew."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in (
        "dumb",
        "unknown",
    )


@contextlib.contextmanager
def passing(text: str) -> Iterator[None]:
    """Shows it on a terminal, and erases it at the end."""
    shown = draws()
    if shown:
        print(text, end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if shown:
            # To the start of the line, and erases it.
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
