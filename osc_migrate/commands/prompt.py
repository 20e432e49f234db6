"""Ask the user at the terminal."""

import argparse
import sys
from collections.abc import Iterable

from osc_migrate.commands import base
from osc_migrate.errors import Declined


def approve(parsed_args: argparse.Namespace, summary: Iterable[str]) -> None:
    """Print the changes and ask for approval, only on a terminal.

    :raises Declined: the user did not agree.
    """
    if parsed_args.auto_approve or not is_interactive():
        return
    for line in summary:
        base.say(f"  {line}")
    if not agreed("Proceed?"):
        raise Declined("not approved; nothing was changed")


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
