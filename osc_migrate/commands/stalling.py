"""What a live move does when it does not get on."""

import argparse
from collections.abc import Iterable, Iterator

from osc_migrate import errors
from osc_migrate.commands import base, moving, options
from osc_migrate.facts import past
from osc_migrate.model.progress import Progress
from osc_migrate.moves.mover import Move
from osc_migrate.moves.pace import STALL_AFTER
from osc_migrate.moves.stopping import AGAIN

# What Nova's copying is called while it can be forced or aborted.
RUNNING = "running"


class Stalling(moving.Moving):
    """A move of a running server, whose guest may outrun the copying."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--on-stall",
            choices=("wait", "force", "abort"),
            default="wait",
            help=(
                "What to do when what remains does not fall any more, as the"
                " guest writes too fast: wait (default); force, which pauses"
                " the guest or switches to post-copy (see 'migrate"
                " force-complete'); or abort (exit code 4)"
            ),
        )
        parser.add_argument(
            "--stall-after",
            metavar="<seconds>",
            type=options.positive,
            default=STALL_AFTER,
            help=(
                "Call it a stall when what remains has not fallen for this"
                " long (default: 15; Nova counts every 5 s)"
            ),
        )
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
        if parsed_args.on_stall == "wait":
            return found
        return acted(found, move, parsed_args.on_stall)


def acted(
    looks: Iterable[Progress], move: Move, rung: str
) -> Iterator[Progress]:
    """The looks; at the first stall that rung is taken, and said.

    Nova's 202 is no promise: an abort that changes nothing is asked for
    again. A guest is forced once.
    """
    taken: float | None = None
    for look in looks:
        yield look
        if look.trouble or look.status != RUNNING:
            continue
        if taken is None and not look.stalled:
            continue
        if taken is not None and (
            rung == "force" or look.elapsed - taken < AGAIN
        ):
            continue
        first, taken = taken is None, look.elapsed
        try:
            if rung == "force":
                move.force()
            else:
                move.abort()
        except errors.MigrateError as error:
            # It may have gone on meanwhile: the record tells.
            base.say(f"stalled, but {error}; following it all the same")
            continue
        if first:
            base.say(SAID[rung])


SAID = {
    "force": (
        "stalled: forced to complete, the guest is paused or switched to"
        " post-copy"
    ),
    "abort": "stalled: aborting, the guest stays where it is",
}
