"""openstack migrate live"""

import argparse

from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import on_stall
from osc_migrate.migration.move import Move
from osc_migrate.nodes.guests.checks import disks_are_where_the_move_needs_them
from osc_migrate.nodes.guests.copying import (
    guest_writes_slower_than_it_is_copied,
)


class Live(on_stall.Stalling):
    """Live-migrate a server and verify the result

    The move is checked first, as by 'migrate preflight' (with --nodes, its two
    hosts are checked too), started with a single request, and followed until
    its migration record ends. No disk is copied, unless --auto lets Nova
    decide.

    If the guest writes memory as fast as it is copied, the migration does not
    converge; --on-stall selects what to do then.

    Exit codes: 0 the server moved, as its migration record, host and status
    confirm (with --no-wait: Nova accepted the request); 1 error; 2 wrong
    usage; 3 not safe, nothing was changed; 4 the migration failed; 5 timeout,
    the move continues; 130 Ctrl-C, the move continues.
    """

    kind = Kind.LIVE
    announced_checks = (guest_writes_slower_than_it_is_copied.id,)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--auto",
            action="store_true",
            help=(
                "Let Nova choose between live and block migration;"
                " block migration copies the disks (supported with"
                " --os-compute-api-version 2.25 or above)"
            ),
        )
        return parser

    def start(self, parsed_args: argparse.Namespace, facts: MoveFacts) -> Move:
        return self.mover.live(facts, auto=parsed_args.auto)

    def ignored(self, parsed_args: argparse.Namespace) -> list[str]:
        check_ids = super().ignored(parsed_args)
        if parsed_args.auto:
            # In this case Nova copies disks that it detects as local.
            check_ids.append(disks_are_where_the_move_needs_them.id)
        return check_ids
