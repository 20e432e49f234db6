"""openstack migrate watch"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence

from osc_lib.command import command

from osc_migrate.cloud import in_flight
from osc_migrate.commands import base, options, progress
from osc_migrate.facts import known
from osc_migrate.migration.watch import Watched, Watcher

# Nova's words for one that did what it should.
GOOD = ("completed", "finished", "confirmed", "reverted", "done")
# So many that ended stay on the screen.
KEPT = 10


class Watch(base.Base, command.Lister):
    """Watch every migration that is under way, whoever started it

    Of one server, of the servers that leave or reach a host, or of the whole
    cloud. On a terminal each migration has a bar of its own; elsewhere each
    change is a line. It ends when nothing is under way any more, or goes on
    with --forever; Ctrl-C ends the watching, no migration.

    With a format for programs, such as -f json, what is under way at this
    moment is printed and nothing is waited for. A record that Nova has left
    open, of a move that nobody makes any more, is named and not waited for.

    Exit codes: 0 nothing is under way any more, or the snapshot is printed;
    1 error; 2 wrong usage; 130 Ctrl-C.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_which(
            parser, "Server whose migrations to watch", every=True
        )
        parser.add_argument(
            "--forever",
            action="store_true",
            help="Go on when nothing is under way: the next one may come",
        )
        options.add_long(
            parser,
            "Show the UUID, the last update, the percentage and the speed"
            " too (with a format for programs)",
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        watcher = self._watcher(parsed_args)
        if parsed_args.formatter != "table":
            names = Watched.LONG if parsed_args.long else Watched.COLUMNS
            return names, [
                base.cells(parsed_args, one.row[: len(names)])
                for one in watcher.look()
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
    """Draws every look until they end."""
    if sys.stderr.isatty():
        _live(looks)
    else:
        for line in lines(looks):
            base.say(line)


def _trouble(words: str) -> None:
    base.say(
        f"{words}; the migrations go on, asking again"
        if words
        else "the API answers again"
    )


def lines(looks: Iterable[list[Watched]]) -> Iterator[str]:
    """A line for each that comes, changes its phase, stalls or ends."""
    phases: dict[int, str] = {}
    stalled: set[int] = set()
    silent: set[int] = set()
    for seen in looks:
        for one in seen:
            id, phase = one.record.id, one.progress.phase
            if phases.get(id) != phase:
                phases[id] = phase
                yield f"{_what(one)}: {phase}"
            if bool(one.progress.silence) != (id in silent):
                silent ^= {id}
                if words := progress.news(one.progress):
                    yield f"{_what(one)}: {words}"
            if one.progress.stalled != (id in stalled):
                stalled ^= {id}
                if words := progress.convergence(one.progress):
                    yield f"{_what(one)}: {words}"


def _what(one: Watched) -> str:
    return f"{one.server} ({one.record.id}, {_route(one)})"


def _route(one: Watched) -> str:
    source = known(lambda: one.record.source)
    destination = known(lambda: one.record.destination)
    return f"{source or '?'} -> {destination or '?'}"


def _live(looks: Iterable[list[Watched]]) -> None:
    # Only for a person at a terminal, who has the time.
    from rich import console, live, table

    screen = console.Console(stderr=True)
    # Those that ended stay to be seen.
    ended: dict[int, Watched] = {}

    def drawn(seen: Sequence[Watched]) -> table.Table:
        grid = table.Table.grid(padding=(0, 1))
        for one in seen:
            look = one.progress
            style = "yellow" if look.stalled else "cyan"
            if one.over:
                style = "green" if one.record.status in GOOD else "red"
            progress.add_row(
                grid, one.server, _route(one), look, style, ended=one.over
            )
        return grid

    with live.Live(console=screen, auto_refresh=False) as display:
        for seen in looks:
            ended |= {one.record.id: one for one in seen if one.over}
            shown = {one.record.id: one for one in seen}
            recent = list(ended.values())[-KEPT:]
            rows = [o for o in recent if o.record.id not in shown]
            display.update(drawn([*rows, *seen]), refresh=True)
