"""openstack migrate run attach, run stop"""

import argparse
import contextlib
import time
from collections.abc import Mapping

from osc_lib.command import command

from osc_migrate import errors
from osc_migrate.commands import base, run_base, run_drawing
from osc_migrate.maintenance.running import attached
from osc_migrate.maintenance.running.attached import Attached
from osc_migrate.migration.progress import Progress
from osc_migrate.migration.watch import Watcher


class RunAttach(base.Base, command.Lister):
    """Follow a run that another process does, to its end

    A drain, a return or a rebalance that was begun in another terminal of
    this machine is shown as it is there, by its journal. The table at the
    end and the exit code are those of the run. Ctrl-C ends the following,
    not the run: 'migrate run stop' does that. A run that has ended already
    is shown at once.

    Exit codes: those of the run: 0 all was done; 3 nothing was begun, as no
    move would be safe; 4 something is left; 130 the run was interrupted, or
    Ctrl-C here; 1 error, such as a run whose process ended before it did;
    2 wrong usage.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "run",
            metavar="<run>",
            help="Run to follow, as 'migrate run list' shows it",
        )
        run_base.add_show_options(parser)
        run_base.add_directory(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> run_base.Table:
        run = Attached(parsed_args.run, parsed_args.journal_dir)
        reader = _Counters(self.mover.watch(None, None))
        looks = run.looks(reader.read, time.sleep)
        if run_base.is_quiet(self, parsed_args):
            for _ in looks:
                pass
        else:
            base.say(run_base.opening(run))
            run_drawing.draw(looks)
        self.exit_code = run_base.EXIT[run.verdict]
        self.ending = run_base.ending(run)
        return run_base.table(parsed_args, run.plan, run.rows)


class _Counters:
    """How far the migrations in flight are, every other second."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._last: Mapping[int, Progress] = {}
        self._turn = 0

    def read(self) -> Mapping[int, Progress]:
        """What was read last where the API does not answer."""
        self._turn += 1
        if self._turn % 2:
            with contextlib.suppress(errors.ApiError):
                self._last = {
                    watched.record.id: watched.progress
                    for watched in self._watcher.look()
                }
        return self._last


class RunStop(base.Base):
    """Have a run begin no new move

    As a first Ctrl-C in the terminal of the run: moves under way are
    followed to their end, then the run ends as interrupted. 'migrate drain
    --resume' continues it. Nothing waits for that here: 'migrate run attach'
    does.

    The process of the run is asked with SIGTERM. It has to be on this
    machine and is compared with the journal first: by its ID and by when it
    started. In every other case nothing is sent.

    Exit codes: 0 the run was asked to stop; 1 it is not at work, or its
    process is not certain; 2 wrong usage.
    """

    changes = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "run",
            metavar="<run>",
            help="Run to stop, as 'migrate run list' shows it",
        )
        run_base.add_directory(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        state = attached.stop(parsed_args.run, parsed_args.journal_dir)
        pid = state.process.pid if state.process else "?"
        base.say(
            f"run {state.run} was asked to stop (process {pid}): it begins no"
            " new move and follows those under way to their end. To see it:"
            f" openstack migrate run attach {state.run}"
        )
