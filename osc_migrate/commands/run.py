"""openstack migrate run list, run show"""

import argparse
import contextlib
from collections.abc import Iterable, Iterator, Sequence

from osc_lib.command import command

from osc_migrate import errors
from osc_migrate.commands import base, options, run_base, verdicts
from osc_migrate.commands.ending import Ending
from osc_migrate.maintenance.running import journal as journals
from osc_migrate.maintenance.running import run_state, start
from osc_migrate.maintenance.running.results import AWAY, RunVerdict
from osc_migrate.maintenance.running.run_state import RunState, Stage
from osc_migrate.text import some, utc


class RunList(base.Base, command.Lister):
    """List the runs that have a journal on this machine, newest first

    A run whose process died is shown as interrupted: 'migrate drain --resume'
    continues it and --cancel cancels it. It is 'not yet' ended while its
    process runs, or where that cannot be checked from this machine.
    """

    COLUMNS = ("run", "purpose", "hosts", "began", "ended", "gone", "servers")
    LONG = (*COLUMNS, "outcomes", "cloud", "journal")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_long(
            parser,
            (
                "Also show the counts by outcome, the cloud and the journal"
                " file"
            ),
        )
        parser.add_argument(
            "--limit",
            metavar="<n>",
            type=options.count,
            help="Show only this many runs, newest first (default: all)",
        )
        run_base.add_directory(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        names = self.LONG if parsed_args.long else self.COLUMNS
        rows = list(self._rows(parsed_args))
        self.ending = _summary(rows)
        return names, [
            base.cells(parsed_args, row[: len(names)]) for row in rows
        ]

    def _rows(
        self, parsed_args: argparse.Namespace
    ) -> Iterator[Sequence[object]]:
        journal_dir = parsed_args.journal_dir or journals.directory()
        for name in journals.runs(journal_dir)[: parsed_args.limit]:
            try:
                journal, order, before = start.opened(journal_dir, name)
                with contextlib.closing(journal):
                    state = run_state.read(journal)
            except errors.MigrateError as error:
                base.say(f"run {name} is unreadable: {error}")
                continue
            rows = list(start.rows(order, before))
            hosts = order.plan.sources or sorted(set(order.homes.values()))
            yield (
                name,
                order.plan.purpose.value,
                ", ".join(hosts),
                utc(state.started_at) or "",
                _ended(state),
                sum(row.outcome in AWAY for row in rows),
                len(rows),
                run_base.counts(rows),
                order.plan.cloud,
                str(journal.path),
                # Not shown.
                state.stage is Stage.DIED or verdicts.is_resumable(rows),
            )


def _summary(rows: Sequence[Sequence[object]]) -> Ending:
    """The runs, newest first, and how the newest that stopped continues."""
    ended = RunList.COLUMNS.index("ended")
    sentence = f"{some(len(rows), 'run')} on this machine"
    interrupted = [
        row for row in rows if row[ended] == RunVerdict.INTERRUPTED.value
    ]
    if interrupted:
        sentence += f", {len(interrupted)} interrupted"
    steps = [
        f"to continue: openstack migrate drain --resume {row[0]}"
        for row in interrupted
        if row[-1]
    ]
    return Ending(sentence, tuple(steps[:1]))


def _ended(state: RunState) -> str:
    """How the run ended, for a cell."""
    if state.stage is Stage.CANCELLED:
        return "cancelled"
    if state.stage is Stage.DIED:
        return RunVerdict.INTERRUPTED.value
    return str(state.end.data.get("verdict")) if state.end else "not yet"


class RunShow(base.Base, command.Lister):
    """Show each server of a run, as recorded in its journal

    The cloud is not queried: what happened after the run ended, or after its
    process died, is not shown.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "run",
            metavar="<run>",
            help="Run to show (ID from 'migrate run list')",
        )
        options.add_long(parser, "Also show what was planned for each server")
        run_base.add_directory(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        journal_dir = parsed_args.journal_dir or journals.directory()
        _, order, before = start.opened(journal_dir, parsed_args.run)
        return run_base.table(
            parsed_args, order.plan, start.rows(order, before)
        )
