"""Common parts of the programs that start and stop labs."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

from testbed.cloud.errors import CloudError

Options = argparse.Namespace


def say(text: str) -> None:
    """Print a message for people, separate from the program's output."""
    print(text, file=sys.stderr, flush=True)


class Parser:
    """Parser of a program whose commands all have a state directory."""

    def __init__(self, program: str, description: str, state: str) -> None:
        self.parser = argparse.ArgumentParser(
            prog=program, description=description
        )
        self._common = argparse.ArgumentParser(add_help=False)
        self._common.add_argument(
            "--state",
            metavar="DIR",
            default=state,
            help="where everything of it is kept (default: %(default)s)",
        )
        self._commands = self.parser.add_subparsers(
            dest="command", required=True
        )

    def command(self, name: str, text: str) -> argparse.ArgumentParser:
        """Add a command."""
        return self._commands.add_parser(
            name, parents=[self._common], help=text, description=text
        )

    def down(self, text: str) -> argparse.ArgumentParser:
        """Add `down`, with an option for a guard to name its owner."""
        command = self.command("down", text)
        command.add_argument("--owner", help=argparse.SUPPRESS)
        return command


def main(
    parser: argparse.ArgumentParser,
    make: Callable[[str], Any],
    commands: Mapping[str, Callable[[Any, Options], int]],
    arguments: list[str] | None,
    errors: tuple[type[Exception], ...] = (CloudError,),
) -> int:
    """Run one command; return the exit status.

    :param make: returns the lab in a state directory
    :param errors: exceptions that are reported in one line
    """
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return commands[options.command](make(options.state), options)
    except errors as exc:
        say(f"error: {exc}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; what was started has been stopped")
        return 130


def _interrupt(number: int, frame: Any) -> None:
    """Make a terminated `up` clean up like an interrupted one."""
    raise KeyboardInterrupt
