"""Asks the person at the terminal."""

import sys


def agreed(question: str, *, default: bool = False) -> bool:
    """Whether a person says yes.

    :param default: the answer where nobody is there to be asked.
    """
    if not somebody():
        return default
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def somebody() -> bool:
    """Whether a person is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
