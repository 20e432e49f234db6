"""What the terminal supports: characters, and redrawing of lines."""

import codecs
import contextlib
import io
import locale
import os
import sys
from collections.abc import Iterator


def prepare() -> None:
    """Make both streams write only characters that the terminal supports.

    Others are escaped, so that names are still shown and the command
    continues. Under LC_ALL=C Python would write UTF-8 anyway (PEP 540).
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.isatty() and _is_ascii():
            stream.reconfigure(encoding="ascii", errors="backslashreplace")
        else:
            stream.reconfigure(errors="backslashreplace")


def _is_ascii() -> bool:
    """Whether the locale only has ASCII characters."""
    try:
        return codecs.lookup(locale.nl_langinfo(locale.CODESET)).name == (
            "ascii"
        )
    except LookupError:
        return False


def draws() -> bool:
    """Whether stderr is a terminal that can redraw lines."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in (
        "dumb",
        "unknown",
    )


@contextlib.contextmanager
def passing(text: str) -> Iterator[None]:
    """Show a text on a terminal, and erase it at the end."""
    shown = draws()
    if shown:
        print(text, end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if shown:
            # Move to the start of the line and erase it.
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
