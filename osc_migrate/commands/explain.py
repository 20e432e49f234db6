"""openstack migrate explain"""

import argparse
import functools
from collections.abc import Iterable, Sequence
from typing import Any

from osc_lib.command import command

from osc_migrate.commands import base, nodes, options
from osc_migrate.commands.table import FittedFormatter
from osc_migrate.explain import reader
from osc_migrate.explain.explanation import Explanation


class Explain(base.Base, command.Lister):
    """Show how a server's moves went, and why one failed

    Joins what Nova keeps in different places: migration records, the
    request's steps on each host, the server's fault and the state of the
    services; and recognises known causes. The newest move is shown, field
    by field; with --all every move is a row.

    Nova's API gives no reason for a failure while the hypervisor copies the
    guest: only nova-compute's log on the source has it. With --nodes that
    log is read over SSH, on the hosts of a move that failed:
    only lines that name the server or the request, from a minute before to
    two minutes after, with passwords and tokens in them masked. Without
    --nodes, the log to read is named.

    Nothing is changed, neither in the cloud nor on the nodes. The exit code
    is 0 even if the move failed: it was explained.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_server(parser, "Server that moved, or should have")
        selection = parser.add_mutually_exclusive_group()
        selection.add_argument(
            "--migration",
            metavar="<migration>",
            help="Migration to explain (ID or UUID; default: the newest)",
        )
        selection.add_argument(
            "--all",
            action="store_true",
            help="Explain every migration, newest first",
        )
        options.add_long(
            parser, "Show the IDs, the steps and where the cause is known from"
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
        cloud = self.mover.cloud
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

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
    ) -> int:
        rows = list(data)
        if parsed_args.formatter != "table" or parsed_args.all:
            return super().produce_output(parsed_args, column_names, rows)
        # One move is more than a row can hold: for people it stands
        # upright. Programs get the same shape with and without --all.
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


def _row(
    parsed_args: argparse.Namespace,
    explanation: Explanation,
    names: Sequence[str],
) -> Sequence[object]:
    """A row as the chosen formatter may print it, lists included."""
    return [
        _listed(parsed_args.formatter, cell)
        if isinstance(cell, tuple)
        else cell
        for cell in base.fields(parsed_args, explanation, names)
    ]


def _listed(formatter: str, lines: tuple[str, ...]) -> object:
    if formatter in ("json", "yaml"):
        return list(lines)
    between = "\n" if formatter == "table" else "; "
    return between.join(base.cell_text(formatter, line) for line in lines)
