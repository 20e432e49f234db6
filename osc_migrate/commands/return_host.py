"""openstack migrate return"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator

from osc_lib.command import command

from osc_migrate.commands import base, planning, prompt, run_base
from osc_migrate.maintenance import running as runs
from osc_migrate.maintenance.running.results import Row
from osc_migrate.text import some


class Return(base.Base, command.Lister):
    """Bring back the servers that a drain moved away

    The compute service of the host is enabled first. Then each server that the
    drain moved, and that still exists, is moved back, with the same checks,
    limits and journal as in a drain. A server that cannot come back stays
    where it is, and the reason is shown. Disks that the drain had to copy are
    copied back.

    Servers that the drain shut down in place stay shut down.

    Exit codes: 0 all servers are back and verified; 1 error, such as a run
    that moved no server; 2 wrong usage; 3 none could come back, or you
    declined; 4 some did not come back; 130 Ctrl-C: no further move is started
    and those in flight are followed to their end; a second Ctrl-C stops
    following them.
    """

    changes = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "run",
            metavar="<run>",
            help=(
                "Run to undo (ID from 'migrate run list'), or a compute"
                " host: its newest drain, and earlier ones that left it"
                " disabled and not empty"
            ),
        )
        planning.add_options(parser)
        run_base.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> run_base.Table:
        base.begin(f"planning the way back of {parsed_args.run}")
        run = runs.bring_back(
            self.connection,
            parsed_args.run,
            planning.request(parsed_args),
            run_base.options_of(parsed_args),
            journal_dir=parsed_args.journal_dir,
            approve=lambda rows: prompt.approve(parsed_args, _summary(rows)),
        )
        return run_base.execute(self, parsed_args, run)


def _summary(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a line for each host that gets servers back."""
    for host, number in sorted(Counter(row.source for row in rows).items()):
        yield f"{host} is enabled, {some(number, 'server')} to move back there"
