"""What all commands share: exit codes, and output safe for a terminal."""

import argparse
import atexit
import contextlib
import datetime
import enum
import errno
import functools
import gc
import re
import shutil
import sys
import textwrap
import typing
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_migrate.cloud import sign_in
from osc_migrate.commands import lost_output, terminal
from osc_migrate.commands.ending import Ending
from osc_migrate.commands.table import FittedFormatter
from osc_migrate.errors import Declined, MigrateError, NotFound, UsageError
from osc_migrate.facts import known
from osc_migrate.redact import masked
from osc_migrate.text import paste, printable, utc

if typing.TYPE_CHECKING:
    from osc_migrate.migration.mover import Mover

# Documented and stable. 1 is any error, 2 wrong usage, 130 Ctrl-C: those are
# cliff's own.
USAGE = 2
NOT_SAFE = 3
NOT_MOVED = 4
RUNNING_ON = 5
UNCONFIRMED = 6

# Characters of one cell in a table, or of one line on stderr: people read no
# more, and a stranger may have sent megabytes. Programs get everything.
WIDEST = 2000

# Columns whose content a table for people leaves to the verdict below it.
IN_THE_VERDICT = ("reason", "next")

# Nova's and Placement's words where a policy forbids the request.
_FORBIDDEN = re.compile(
    r"HTTP 403: (Access was denied to this resource\. )?"
    r"Policy does(n't| not) allow [\w:.-]+( to be performed)?\.?"
)

# These escape control characters themselves; the others print them.
_ESCAPING = ("json", "yaml")


class Base(command.Command):
    """A command that sets its exit code."""

    # What run() returns when nothing was raised.
    exit_code = 0
    # Changes the cloud: cliff's prefixes ('migrate liv') are refused.
    changes = False
    # The verdict, printed when the results are; see conclude().
    ending: Ending | None = None

    @property
    def auth_required(self) -> bool:
        """osc_lib asks for it first, before it checks the options."""
        sign_in.require_cloud(self.app)
        return True

    @property
    def required_scope(self) -> bool:
        """osc_lib asks for it just before it gets a token (osc_lib/shell.py,
        prepare_to_run_command): whatever fails there is raised in words."""
        with terminal.passing("connecting to the cloud ..."):
            sign_in.authenticate(self.app.client_manager)
        return False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        # argparse would make one block of all paragraphs.
        plain: typing.Any = parser.formatter_class
        paragraphs: typing.Any = type(
            "Paragraphs", (plain,), {"_fill_text": _filled}
        )
        parser.formatter_class = paragraphs
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        self.exit_code = 0
        self.ending = None
        # For cells; see _permitted().
        parsed_args.signed_in_as = functools.partial(
            sign_in.who, self.app.client_manager
        )
        # At its end Python looks through all that openstack has imported for
        # cycles, a third of what the start costs; the process ends anyway.
        atexit.register(gc.freeze)
        terminal.prepare()
        if sys.stdout.isatty() and hasattr(parsed_args, "fit_width"):
            # Reasons are sentences: without it they would tear the table.
            parsed_args.fit_width = True
        try:
            if self.changes:
                self._refuse_prefix()
            try:
                return super().run(parsed_args) or self.exit_code
            finally:
                # cliff has printed the table, or could not.
                say_ending(self.ending)
        except UsageError as error:
            say(str(error))
            return USAGE
        except Declined as error:
            say(str(error))
            return NOT_SAFE
        except MigrateError as error:
            # cliff prints an error as it is, and a service's words are in it.
            text = masked(str(error)) + self._hint(error)
            permitted = _FORBIDDEN.sub("not permitted", text)
            if permitted != text:
                text = f"{permitted}; it needs an admin"
                if user := sign_in.who(self.app.client_manager):
                    text += f"; you are {user}"
            error.args = (printable(text, WIDEST),)
            raise

    def conclude(self, sentence: str, steps: Iterable[str] = ()) -> None:
        """The last words of this command, below its table.

        :param sentence: what is true now, for a person who reads only this.
        :param steps: what to do next, each with one command at most.
        """
        self.ending = Ending(sentence, tuple(steps))

    def _hint(self, error: MigrateError) -> str:
        """A server where a host is expected: what it is."""
        if not isinstance(error, NotFound) or error.what != "compute host":
            return ""
        if "is a server" in str(error):
            return ""
        try:
            server = self.mover.cloud.server(error.name)
        except (MigrateError, AttributeError):
            return ""
        hint = f"; {paste(error.name, server.id)} is a server"
        host = known(lambda: server.host)
        return f"{hint} on {host}" if host else hint

    def _refuse_prefix(self) -> None:
        """:raises UsageError: the command was abbreviated.

        cliff runs the one command that begins so, in interactive mode too
        (cliff/commandmanager.py, find_command).
        """
        typed = getattr(self, "cmd_name", None)
        if not typed:
            return
        names = [name for name, _ in self.app.command_manager]
        if typed in names:
            return
        parts = typed.split()
        candidates = [
            name
            for name in names
            if len(name.split()) == len(parts)
            and all(map(str.startswith, name.split(), parts))
        ]
        raise UsageError(
            f"'{typed}' is not a command, and one that changes the cloud is"
            f" not run by its first letters; did you mean: openstack"
            f" {' or '.join(candidates)}? Nothing was changed"
        )

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: typing.Any,
    ) -> int:
        """Prints the result; without columns there is none: all was said."""
        if not column_names:
            return 0
        lister: typing.Any = self  # cliff's Lister or ShowOne, as is super()
        if parsed_args.formatter == "table":
            lister.formatter = FittedFormatter()
        shown: typing.Any = super()
        try:
            code: int = shown.produce_output(parsed_args, column_names, data)
            sys.stdout.flush()
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise
            # Its reader, or the terminal, is gone: the exit code is not.
            lost_output.discard(sys.stdout)
            return 0
        return code

    @property
    def mover(self) -> "Mover":
        manager: typing.Any = self.app.client_manager
        return typing.cast("Mover", manager.migrate)

    @property
    def connection(self) -> typing.Any:
        """The openstacksdk connection, for runs, which create a Mover."""
        return self.app.client_manager.sdk_connection


def _filled(
    _self: argparse.HelpFormatter, text: str, width: int, indent: str
) -> str:
    """The paragraphs of a description, each filled by itself."""
    return "\n\n".join(
        textwrap.fill(
            " ".join(paragraph.split()),
            width,
            initial_indent=indent,
            subsequent_indent=indent,
        )
        for paragraph in text.split("\n\n")
    )


def say(text: str) -> None:
    """A line on stderr: everything that is not a result."""
    permitted = _FORBIDDEN.sub("not permitted", masked(text))
    print(printable(permitted, WIDEST), file=sys.stderr, flush=True)


def begin(text: str) -> None:
    """What is being done, before there is a result; at a terminal alone."""
    if sys.stderr.isatty():
        say(text)


def say_ending(ending: Ending | None) -> None:
    """The last lines; whatever becomes of their reader, the exit code
    stands."""
    if ending is None:
        return
    with contextlib.suppress(OSError):
        # What a command has printed itself stands above.
        sys.stdout.flush()
    with lost_output.survived(lambda: None):
        sentence, *steps = ending.lines
        for line in (*_wrapped(sentence), *steps):
            say(line)


def _wrapped(sentence: str) -> Sequence[str]:
    """The sentence, not broken within a word at the edge of a terminal;
    steps stay one line each, to be copied."""
    if not sys.stderr.isatty():
        return (sentence,)
    return textwrap.wrap(
        printable(sentence, WIDEST),
        shutil.get_terminal_size().columns,
        break_long_words=False,
        break_on_hyphens=False,
    )


def fields(
    parsed_args: argparse.Namespace, result: object, names: Sequence[str]
) -> Sequence[object]:
    """The row of a result: its attributes with the names of the columns."""
    return cells(parsed_args, [getattr(result, name) for name in names])


def table_columns(
    parsed_args: argparse.Namespace, names: Sequence[str]
) -> Sequence[str]:
    """The columns, without those that the verdict says in a table for
    people; a format for programs and --column have all."""
    if getattr(parsed_args, "formatter", "") != "table":
        return names
    if getattr(parsed_args, "columns", None):
        return names
    return [name for name in names if name not in IN_THE_VERDICT]


def cells(
    parsed_args: argparse.Namespace, row: Iterable[object]
) -> Sequence[object]:
    """A row as the chosen formatter may print it."""
    formatter = getattr(parsed_args, "formatter", "")
    plain = map(_plain, row)
    shown = (
        _permitted(parsed_args, masked(cell))
        if isinstance(cell, str)
        else cell
        for cell in plain
    )
    if formatter in _ESCAPING:
        return tuple(shown)
    return tuple(
        cell_text(formatter, cell) if isinstance(cell, str) else cell
        for cell in shown
    )


def _permitted(parsed_args: argparse.Namespace, text: str) -> str:
    """The text; what a policy forbids is said as a person would."""
    if not _FORBIDDEN.search(text):
        return text
    user = getattr(parsed_args, "signed_in_as", str)()
    needed = "needs an admin" + (f"; you are {user}" if user else "")
    return _FORBIDDEN.sub(lambda _: needed, text)


def blank(
    parsed_args: argparse.Namespace, row: Iterable[object]
) -> Sequence[object]:
    """The row with empty cells where something is not known or not so; JSON
    and YAML have a word for that."""
    if getattr(parsed_args, "formatter", "") in _ESCAPING:
        return tuple(row)
    return tuple("" if cell is None else cell for cell in row)


def _plain(value: object) -> object:
    """A value that every formatter knows; all times are UTC."""
    if isinstance(value, datetime.datetime):
        return utc(value)
    return value.value if isinstance(value, enum.Enum) else value


def cell_text(formatter: str, text: str) -> str:
    """Text as that formatter may print it, which does not escape itself."""
    if formatter == "table":
        return printable(text, WIDEST)
    if formatter == "shell":
        # cliff puts it between double quotes and escapes those alone: a
        # server called $(reboot) would run in who evaluates the output.
        return re.sub(r"([\\$`])", r"\\\1", printable(text))
    return printable(text)
