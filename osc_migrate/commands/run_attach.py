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
    """Follow a run of another process to its end

    Shows a drain, return or rebalance that was started in another terminal of
    this machine as it is shown there, from its journal. The final table and
    the exit code are those of the run. Ctrl-C stops following, not the run:
    use 'migrate run stop' for that. If the run has already ended, its result
    is shown at once.

    Exit codes: those of the run (0 everything was done; 3 nothing was started:
    no move is safe; 4 some servers are left; 130 the run was interrupted), or
    130 Ctrl-C here; 1 error, such as a run whose process died; 2 wrong usage.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "run",
            metavar="<run>",
            help="Run to follow (ID from 'migrate run list')",
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
    """Progress of the migrations in flight, read every other second."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._last: Mapping[int, Progress] = {}
        self._turn = 0

    def read(self) -> Mapping[int, Progress]:
        """Return the counters; the previous ones if the API is silent."""
        self._turn += 1
        if self._turn % 2:
            with contextlib.suppress(errors.ApiError):
                self._last = {
                    watched.record.id: watched.progress
                    for watched in self._watcher.look()
                }
        return self._last


class RunStop(base.Base):
    """Stop a run: finish the moves in flight and start no more

    Has the same effect as the first Ctrl-C in the terminal of the run: moves
    in flight are followed to their end, then the run ends as interrupted.
    'migrate drain --resume' continues it. This command does not wait for that:
    use 'migrate run attach'.

    The process of the run is sent SIGTERM. It must be on this machine, and its
    process ID and start time must match the journal; otherwise no signal is
    sent.

    Exit codes: 0 the run was signalled; 1 it is not in progress, or its
    process could not be identified; 2 wrong usage.
    """

    changes = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "run",
            metavar="<run>",
            help="Run to stop (ID from 'migrate run list')",
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
