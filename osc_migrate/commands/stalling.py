"""What a live move does when it does not get on."""

import argparse
from collections.abc import Iterable

from osc_migrate import errors
from osc_migrate.commands import base, moving, options
from osc_migrate.facts import past
from osc_migrate.model.progress import Progress
from osc_migrate.moves import stalls
from osc_migrate.moves.move import Move


class Stalling(moving.Moving):
    """A move of a running server, whose guest may outrun the copying."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_stall(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> moving.Shown:
        if parsed_args.on_stall != "wait" and not parsed_args.wait:
            raise errors.MigrateError(
                f"--on-stall {parsed_args.on_stall} has to follow the move;"
                " leave out --no-wait"
            )
        return super().take_action(parsed_args)

    def foretell(self, parsed_args: argparse.Namespace) -> None:
        """The second opinion, beside the forecast of --nodes."""
        if not parsed_args.nodes:
            return
        if found := past.past(self.mover.cloud, self.kind):
            base.say(f"live migrations take {found}")

    def looks(
        self, parsed_args: argparse.Namespace, move: Move
    ) -> Iterable[Progress]:
        found = move.follow(parsed_args.timeout, parsed_args.stall_after)
        return stalls.acted(found, move, parsed_args.on_stall, base.say)
