"""openstack migrate explain"""

import argparse
import datetime
import functools
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from typing import Any

from osc_lib.command import command
from stevedore import extension

from osc_migrate.cloud.cloud import Cloud
from osc_migrate.commands import base, nodes, options, shell_rows
from osc_migrate.commands.table import FittedFormatter
from osc_migrate.errors import UsageError
from osc_migrate.explain import failed, reader
from osc_migrate.explain.explanation import Explanation
from osc_migrate.explain.failed import Failure
from osc_migrate.text import some

# Default of --since.
DEFAULT_PERIOD = datetime.timedelta(hours=8)

_DETAILS = "what to do about each: openstack migrate explain --failed --long"


class Explain(base.Base, command.Lister):
    """Show how a server was moved, and why a move failed

    Joins what Nova keeps in different places (migration records, the steps of
    the request on each host, the server's fault, the state of the services)
    and recognizes known causes. The newest move is shown field by field; with
    --all, each move is a row.

    Nova's API gives no reason for a failure while the hypervisor copies the
    guest: only the logs on the hosts have it. With --nodes, nova-compute's log
    on both hosts and QEMU's log on the destination of a failed move are read
    over SSH. Only lines that name the server or the request are kept, from one
    minute before the move to two minutes after it, with passwords and tokens
    masked. Without --nodes, the log to read is named.

    With --failed and no server, every failure in this cloud in the last hours
    is shown, one row for each cause, newest first. The 50 newest failures are
    read, with at most 152 requests.

    Nothing is changed, neither in the cloud nor on the nodes. The exit code is
    0 even if the move failed, as long as it could be explained.
    """

    def _load_formatter_plugins(self) -> Any:
        """Load the formatters of lists, and shell for a list of one row."""
        plugins = super()._load_formatter_plugins()
        plugin = shell_rows.ShellRows
        point = metadata.EntryPoint(
            "shell", f"{plugin.__module__}:{plugin.__name__}", ""
        )
        shell = extension.Extension("shell", point, plugin, plugin())
        return extension.ExtensionManager.make_test_instance([*plugins, shell])

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "server",
            metavar="<server>",
            nargs="?",
            help="Server that moved, or should have (name or ID)",
        )
        selection = parser.add_mutually_exclusive_group()
        selection.add_argument(
            "--migration",
            metavar="<migration>",
            help="Migration to explain (ID or UUID; default: the newest)",
        )
        selection.add_argument(
            "--all",
            action="store_true",
            help="Explain every migration of the server, newest first",
        )
        selection.add_argument(
            "--failed",
            action="store_true",
            help=(
                "Show every failure in this cloud, by cause, instead of one"
                " server"
            ),
        )
        parser.add_argument(
            "--since",
            metavar="<time>",
            type=options.period,
            help=(
                "With --failed: how far to look back, such as 30m, 8h or 2d"
                " (default: 8h)"
            ),
        )
        options.add_long(
            parser, "Also show IDs, the steps and the source of the cause"
        )
        parser.add_argument(
            "--control",
            metavar="<node>",
            action="append",
            default=[],
            help=(
                "With --nodes: also read the nova-conductor and"
                " nova-scheduler logs of this node (name in the inventory;"
                " repeatable)"
            ),
        )
        options.add_nodes(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        if not parsed_args.nodes:
            nodes.refuse_alone(parsed_args, "inventory", "control")
        _require_one_subject(parsed_args)
        cloud = self.mover.cloud
        if parsed_args.failed:
            base.begin("reading what failed in this cloud")
            return self._failures(parsed_args, cloud)
        base.begin(
            f"reading what Nova knows of the moves of {parsed_args.server}"
        )
        server = cloud.server(parsed_args.server)
        explanations = reader.of_server(
            cloud,
            server,
            migration=parsed_args.migration,
            all_moves=parsed_args.all,
            reach=(
                functools.partial(nodes.sessions, parsed_args)
                if parsed_args.nodes
                else None
            ),
            control=parsed_args.control,
        )
        if not explanations:
            base.say(
                f"{parsed_args.server} has never moved: Nova has no"
                " migration of it"
            )
        names: Sequence[str] = Explanation.COLUMNS
        if parsed_args.long:
            names = Explanation.LONG
        elif parsed_args.all:
            names = Explanation.ROWS
        return names, [
            _row(parsed_args, explanation, names)
            for explanation in explanations
        ]

    def _failures(
        self, parsed_args: argparse.Namespace, cloud: Cloud
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        period = parsed_args.since or DEFAULT_PERIOD
        failures = failed.failures_since(cloud, period, failed.MAX_EXPLAINED)
        span = f"the last {options.period_text(period)}"
        if failures.left_out:
            base.say(
                f"{some(failures.left_out, 'older failure')} left out; the"
                f" newest {failures.count} are shown"
            )
        if failures.count:
            self.conclude(
                f"failed moves in {span}: {failures.count}, causes:"
                f" {len(failures.groups)}",
                () if parsed_args.long else (_DETAILS,),
            )
        else:
            self.conclude(f"no move failed in {span}")
        names = Failure.LONG if parsed_args.long else Failure.COLUMNS
        listing: Callable[[Sequence[str]], object] = failed.shorten_list
        if parsed_args.formatter in ("json", "yaml"):
            listing = list
        return names, [
            base.cells(parsed_args, failure.cells(names, listing))
            for failure in failures.groups
        ]

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
    ) -> int:
        rows = list(data)
        if parsed_args.formatter == "table" and parsed_args.failed:
            return super().produce_output(
                parsed_args, column_names if rows else (), rows
            )
        if parsed_args.formatter != "table" or parsed_args.all:
            return super().produce_output(parsed_args, column_names, rows)
        # One move does not fit a row, so a table shows it vertically.
        # Programs get the same structure with and without --all.
        for row in rows:
            shown_names, _ = self._generate_columns_and_selector(
                parsed_args, column_names
            )
            shown = {
                name: value
                for name, value in zip(column_names, row, strict=True)
                if name in shown_names
                and (parsed_args.columns or value not in (None, ""))
            }
            FittedFormatter().emit_one(
                list(shown), list(shown.values()), self.app.stdout, parsed_args
            )
        return 0


def _require_one_subject(parsed_args: argparse.Namespace) -> None:
    """Require a server or --failed.

    :raises UsageError: neither or both were given.
    """
    if not parsed_args.failed:
        if not parsed_args.server:
            raise UsageError(
                "name a server, or give --failed for everything that failed"
            )
        if parsed_args.since:
            raise UsageError("--since needs --failed")
        return
    for name, value in (
        ("a server", parsed_args.server),
        ("--nodes", parsed_args.nodes),
    ):
        if value:
            raise UsageError(f"{name} and --failed exclude each other")


def _row(
    parsed_args: argparse.Namespace,
    explanation: Explanation,
    names: Sequence[str],
) -> Sequence[object]:
    """Return a row for the chosen formatter, which may contain lists."""
    return [
        _joined_lines(parsed_args.formatter, cell)
        if isinstance(cell, tuple)
        else cell
        for cell in base.fields(parsed_args, explanation, names)
    ]


def _joined_lines(formatter: str, lines: tuple[str, ...]) -> object:
    if formatter in ("json", "yaml"):
        return list(lines)
    between = "\n" if formatter == "table" else "; "
    return between.join(base.cell_text(formatter, line) for line in lines)
