"""openstack migrate preflight"""

import argparse
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_migrate import checks
from osc_migrate.commands import base, options
from osc_migrate.model.findings import Kind

COLUMNS = ("check", "subject", "status", "detail", "remedy")


class Preflight(base.Base, command.Lister):
    """Tell whether a server could move to a host, and if not, why

    Nothing is changed. Every check is a line; the exit code is 0 when the
    move is safe and 3 when it is not, or when that cannot be known.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_server(parser)
        parser.add_argument(
            "host",
            metavar="<host>",
            help="Compute host where the server is to go",
        )
        options.add_ignore(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        facts = self.mover.facts(parsed_args.server, parsed_args.host)
        report = checks.judge_move(facts, Kind.LIVE, parsed_args.ignore)
        if not report.safe:
            self.exit_code = base.NOT_SAFE
        rows = (finding.as_dict() for finding in report)
        return COLUMNS, [
            base.cells(parsed_args, (row[name] for name in COLUMNS))
            for row in rows
        ]
