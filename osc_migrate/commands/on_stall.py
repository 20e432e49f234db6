"""What to do when a live migration stalls."""

import argparse
from collections.abc import Iterable

from osc_migrate import errors
from osc_migrate.cloud import durations
from osc_migrate.commands import base, migrate_base, options
from osc_migrate.migration import on_stall
from osc_migrate.migration.move import Move
from osc_migrate.migration.progress import Progress


class Stalling(migrate_base.Moving):
    """A move of a running server, whose guest may outrun the copying."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_stall(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> migrate_base.Shown:
        if parsed_args.on_stall != "wait" and not parsed_args.wait:
            raise errors.MigrateError(
                f"--on-stall {parsed_args.on_stall} has to follow the"
                " move: leave out --no-wait"
            )
        return super().take_action(parsed_args)

    def foretell(self, parsed_args: argparse.Namespace) -> None:
        """Print a second forecast, in addition to that of --nodes."""
        if not parsed_args.nodes:
            return
        if past := durations.past_durations(self.mover.cloud, self.kind):
            base.say(f"live migrations usually take {past}")

    def looks(
        self, parsed_args: argparse.Namespace, move: Move
    ) -> Iterable[Progress]:
        progress = move.follow(parsed_args.timeout, parsed_args.stall_after)
        return on_stall.act_on_stall(
            progress, move, parsed_args.on_stall, base.say
        )
