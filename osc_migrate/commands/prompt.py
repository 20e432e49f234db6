"""Asks the person at the terminal."""

import sys


def agreed(question: str, *, default: bool = False) -> bool:
    """Whether a person says yes.

    :param default: the answer of a non-interactive run.
    """
    if not is_interactive():
        return default
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def is_interactive() -> bool:
    """Whether stdin and stderr are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()
