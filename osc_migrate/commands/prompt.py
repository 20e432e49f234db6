"""Ask the user at the terminal."""

import sys


def agreed(question: str, *, default: bool = False) -> bool:
    """Ask a question; return whether the user agrees.

    :param default: result of a non-interactive run.
    """
    if not is_interactive():
        return default
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def is_interactive() -> bool:
    """Whether both stdin and stderr are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()
