"""Base of all commands: exit codes, and output that is terminal-safe."""

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
from osc_migrate.facts import or_none
from osc_migrate.redact import mask_secrets
from osc_migrate.text import paste, printable, utc

if typing.TYPE_CHECKING:
    from osc_migrate.migration.mover import Mover

# Documented and stable. cliff itself defines 1 (any error), 2 (wrong usage)
# and 130 (Ctrl-C).
USAGE = 2
NOT_SAFE = 3
NOT_MOVED = 4
RUNNING_ON = 5
UNCONFIRMED = 6

# Limit in characters for a table cell or a line on stderr: more is not
# readable, and untrusted text may have megabytes. Programs get everything.
WIDEST = 2000

# Columns that a table omits, because the verdict below it contains them.
IN_THE_VERDICT = ("reason", "next")

# Messages of Nova and Placement when a policy forbids the request.
_FORBIDDEN = re.compile(
    r"HTTP 403: (Access was denied to this resource\. )?"
    r"Policy does(n't| not) allow [\w:.-]+( to be performed)?\.?"
)

# Formats that escape control characters themselves; others print them.
_ESCAPING = ("json", "yaml")


class Base(command.Command):
    """A command that sets its exit code."""

    # Returned by run() if nothing was raised.
    exit_code = 0
    # Whether it changes the cloud: abbreviations ('migrate liv') are refused.
    changes = False
    # The verdict, printed after the results; see conclude().
    ending: Ending | None = None

    @property
    def auth_required(self) -> bool:
        """osc_lib asks for it first, before it checks the options."""
        sign_in.require_cloud(self.app)
        return True

    @property
    def required_scope(self) -> bool:
        """Read by osc_lib just before it requests a token (osc_lib/shell.py,
        prepare_to_run_command): failures there get a readable message."""
        with terminal.passing("connecting to the cloud ..."):
            sign_in.authenticate(self.app.client_manager)
        return False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        # argparse would join all paragraphs.
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
            sign_in.user_and_project, self.app.client_manager
        )
        # At exit Python scans everything that openstack imported for cycles,
        # which takes a third of the start-up time. The process ends anyway.
        atexit.register(gc.freeze)
        terminal.prepare()
        if sys.stdout.isatty() and hasattr(parsed_args, "fit_width"):
            # Reasons are sentences, which would break the table otherwise.
            parsed_args.fit_width = True
        try:
            if self.changes:
                self._refuse_prefix()
            try:
                return super().run(parsed_args) or self.exit_code
            finally:
                # By now cliff has printed the table, or failed to.
                say_ending(self.ending)
        except UsageError as error:
            say(str(error))
            return USAGE
        except Declined as error:
            say(str(error))
            return NOT_SAFE
        except MigrateError as error:
            # cliff prints errors unchanged, including text of services.
            text = mask_secrets(str(error)) + self._hint(error)
            permitted = _FORBIDDEN.sub("not permitted", text)
            if permitted != text:
                text = f"{permitted}; it needs an admin"
                if user := sign_in.user_and_project(self.app.client_manager):
                    text += f"; you are {user}"
            error.args = (printable(text, WIDEST),)
            raise

    def conclude(self, sentence: str, steps: Iterable[str] = ()) -> None:
        """Set the verdict, which is printed below the table.

        :param sentence: the result, for readers who only read this.
        :param steps: what to do next, each with at most one command.
        """
        self.ending = Ending(sentence, tuple(steps))

    def _hint(self, error: MigrateError) -> str:
        """Return a hint if a server was given where a host is expected."""
        if not isinstance(error, NotFound) or error.what != "compute host":
            return ""
        if "is a server" in str(error):
            return ""
        try:
            server = self.mover.cloud.server(error.name)
        except (MigrateError, AttributeError):
            return ""
        hint = f"; {paste(error.name, server.id)} is a server"
        host = or_none(lambda: server.host)
        return f"{hint} on {host}" if host else hint

    def _refuse_prefix(self) -> None:
        """Refuse abbreviated names of commands that change the cloud.

        cliff runs a command by its unique prefix, also in interactive mode
        (cliff/commandmanager.py, find_command).

        :raises UsageError: the command was abbreviated.
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
        """Print the result; without columns there is nothing to print."""
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
            # The reader or the terminal is gone; keep the exit code.
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
    """Return the paragraphs of a description, each filled separately."""
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
    """Print a line to stderr, for everything that is not a result."""
    permitted = _FORBIDDEN.sub("not permitted", mask_secrets(text))
    print(printable(permitted, WIDEST), file=sys.stderr, flush=True)


def begin(text: str) -> None:
    """Print what is in progress, only on a terminal."""
    if sys.stderr.isatty():
        say(text)


def say_ending(ending: Ending | None) -> None:
    """Print the last lines; a closed stream does not change the exit
    code."""
    if ending is None:
        return
    with contextlib.suppress(OSError):
        # What a command has printed itself stands above.
        sys.stdout.flush()
    with lost_output.surviving_lost_output(lambda: None):
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
    """Return the row of a result: its attributes named like the columns."""
    return cells(parsed_args, [getattr(result, name) for name in names])


def table_columns(
    parsed_args: argparse.Namespace, names: Sequence[str]
) -> Sequence[str]:
    """Return the columns, without those in the verdict if it is a table;
    machine-readable formats and --column have all."""
    if getattr(parsed_args, "formatter", "") != "table":
        return names
    if getattr(parsed_args, "columns", None):
        return names
    return [name for name in names if name not in IN_THE_VERDICT]


def cells(
    parsed_args: argparse.Namespace, row: Iterable[object]
) -> Sequence[object]:
    """Return a row that is safe for the chosen formatter."""
    formatter = getattr(parsed_args, "formatter", "")
    plain = map(_plain, row)
    shown = (
        _permitted(parsed_args, mask_secrets(cell))
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
    """Return the row with empty cells for None, which only JSON and YAML can
    represent."""
    if getattr(parsed_args, "formatter", "") in _ESCAPING:
        return tuple(row)
    return tuple("" if cell is None else cell for cell in row)


def _plain(value: object) -> object:
    """Convert a value for any formatter; all times are UTC."""
    if isinstance(value, datetime.datetime):
        return utc(value)
    return value.value if isinstance(value, enum.Enum) else value


def cell_text(formatter: str, text: str) -> str:
    """Escape text for a formatter that does not escape it itself."""
    if formatter == "table":
        return printable(text, WIDEST)
    if formatter == "shell":
        # cliff adds double quotes and escapes only these: a server named
        # $(reboot) would be executed by a shell that evaluates the output.
        return re.sub(r"([\\$`])", r"\\\1", printable(text))
    return printable(text)
