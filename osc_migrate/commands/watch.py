"""openstack migrate watch"""

import argparse
import typing
from collections.abc import Iterable, Iterator, Sequence

from osc_lib.command import command

from osc_migrate.cloud import in_flight
from osc_migrate.commands import base, drawing, options, progress, terminal
from osc_migrate.facts import or_none
from osc_migrate.migration.watch import Watched, Watcher

# Nova's statuses of successful migrations.
SUCCEEDED = ("completed", "finished", "confirmed", "reverted", "done")
# Number of ended migrations that stay on the screen.
MAX_ENDED_SHOWN = 10


class Watch(base.Base, command.Lister):
    """Watch the migrations in flight of all users

    Shows the migrations of one server, from or to one host, or of the whole
    cloud. On a terminal each migration has a progress bar; elsewhere each
    change is a line. The command ends when nothing is in flight, unless
    --forever is given. Ctrl-C stops watching, not the migration.

    With a machine-readable format such as -f json, the current state is
    printed once. An orphaned migration, whose record Nova has left open, is
    listed but not waited for.

    Exit codes: 0 nothing is in flight any more, or the current state was
    printed; 1 error; 2 wrong usage; 130 Ctrl-C.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_which(
            parser, "Server whose migrations to watch", all_allowed=True
        )
        parser.add_argument(
            "--forever",
            action="store_true",
            help="Keep watching even if nothing is in flight",
        )
        options.add_long(
            parser,
            "Also show the UUID, the last update, the percentage and the"
            " speed (in machine-readable formats)",
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        watcher = self._watcher(parsed_args)
        if parsed_args.formatter != "table":
            names = Watched.LONG if parsed_args.long else Watched.COLUMNS
            return names, [
                base.cells(parsed_args, watched.row[: len(names)])
                for watched in watcher.look()
            ]
        looks = watcher.looks(parsed_args.forever, _trouble)
        show(looks)
        base.say("Nothing is under way.")
        return (), ()

    def _watcher(self, parsed_args: argparse.Namespace) -> Watcher:
        cloud = self.mover.cloud
        server = host = None
        if parsed_args.server:
            server = cloud.server(parsed_args.server)
        elif parsed_args.host:
            host = in_flight.host_called(cloud, parsed_args.host)
        return self.mover.watch(server, host)


def show(looks: Iterable[list[Watched]]) -> None:
    """Draw the polls until they end."""
    if terminal.draws():
        _live(looks)
    else:
        for line in lines(looks):
            base.say(line)


def _trouble(trouble: str) -> None:
    base.say(
        f"{trouble}; the migrations continue, retrying"
        if trouble
        else "the API answers again"
    )


def lines(looks: Iterable[list[Watched]]) -> Iterator[str]:
    """Yield a line for each migration that appears, changes its phase, stalls
    or ends; and at least one per minute for each."""
    minutes: dict[int, float] = {}
    phases: dict[int, str] = {}
    stalled: set[int] = set()
    silent: set[int] = set()
    for migrations in looks:
        for watched in migrations:
            id, phase = watched.record.id, watched.progress.phase
            if phases.get(id) != phase:
                phases[id] = phase
                yield f"{_label(watched)}: {phase}"
            if bool(watched.progress.silence) != (id in silent):
                silent ^= {id}
                if text := progress.silence_change(watched.progress):
                    yield f"{_label(watched)}: {text}"
            if watched.progress.stalled != (id in stalled):
                stalled ^= {id}
                if text := progress.convergence(watched.progress):
                    yield f"{_label(watched)}: {text}"
            elapsed = watched.progress.elapsed
            if elapsed - minutes.setdefault(id, elapsed) >= progress.AT_LEAST:
                minutes[id] = elapsed
                yield (
                    f"{_label(watched)}: {phase}"
                    f"  {progress.described(watched.progress)}"
                )


def _label(watched: Watched) -> str:
    return f"{watched.server} ({watched.record.id}, {_route(watched)})"


def _route(watched: Watched) -> str:
    source = or_none(lambda: watched.record.source)
    destination = or_none(lambda: watched.record.destination)
    return f"{source or '?'} -> {destination or '?'}"


def _live(looks: Iterable[list[Watched]]) -> None:
    # Imported here: slow, and only needed on a terminal.
    from rich import live

    console = drawing.screen()
    # Keep ended migrations on the screen.
    ended: dict[int, Watched] = {}

    def drawn(migrations: Sequence[Watched]) -> typing.Any:
        rows = drawing.routes(console)
        for watched in migrations:
            style = drawing.colour(watched.progress)
            if watched.over:
                style = (
                    "green" if watched.record.status in SUCCEEDED else "red"
                )
            drawing.add(
                *(console, rows, watched.server, watched.progress, style),
                route=_route(watched),
                ended=watched.over,
            )
        return rows

    with live.Live(console=console, auto_refresh=False) as display:
        for migrations in looks:
            ended |= {
                watched.record.id: watched
                for watched in migrations
                if watched.over
            }
            shown = {watched.record.id: watched for watched in migrations}
            recent = list(ended.values())[-MAX_ENDED_SHOWN:]
            rows = [
                watched for watched in recent if watched.record.id not in shown
            ]
            display.update(drawn([*rows, *migrations]), refresh=True)
