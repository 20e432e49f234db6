"""Common parts of commands that carry out a run: options, output, ending."""

import argparse
import contextlib
import pathlib
import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from osc_migrate.checks.findings import Finding, Status
from osc_migrate.commands import (
    base,
    junit,
    lost_output,
    options,
    run_drawing,
    signals,
    verdicts,
)
from osc_migrate.commands.ending import Ending
from osc_migrate.maintenance.planning.plan import Plan, Step
from osc_migrate.maintenance.running import Options, Run
from osc_migrate.maintenance.running.attached import Attached
from osc_migrate.maintenance.running.results import (
    AWAY,
    Result,
    Row,
    RunVerdict,
)
from osc_migrate.maintenance.running.stored_plan import UNLIMITED

Table = tuple[Sequence[str], Iterable[Sequence[object]]]

# Columns of --long from the plan; those of Row are the results.
PLANNED = ("wave", "planned_kind", "planned_destination", "planned_reason")

EXIT = {
    RunVerdict.DONE: 0,
    RunVerdict.SHORT: base.NOT_MOVED,
    RunVerdict.NOTHING: base.NOT_SAFE,
    RunVerdict.INTERRUPTED: 130,
}


def add_show_options(parser: argparse.ArgumentParser) -> None:
    """Add options for the output of a run."""
    options.add_long(
        parser,
        "Also show what was planned for each server; in a plan, the"
        " resources that it needs",
    )
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="Show only the verdict and the result of each server",
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add options for carrying out a run, and for its records."""
    add_show_options(parser)
    group = parser.add_argument_group("run")
    options.add_auto_approve(group)
    failures = group.add_mutually_exclusive_group()
    failures.add_argument(
        "--max-failures",
        metavar="<n>",
        type=options.count,
        default=3,
        help="Start no new move after this many failures (default: 3)",
    )
    failures.add_argument(
        "--keep-going",
        action="store_true",
        help=(
            "Continue no matter how many moves fail; an unhealthy cloud"
            " still stops the run"
        ),
    )
    options.add_stall(group)
    group.add_argument(
        "--junit",
        metavar="<file>",
        help="Write the result of each server to this file as JUnit XML",
    )
    add_directory(group)


def add_directory(parser: options.Parser) -> None:
    parser.add_argument(
        "--journal-dir",
        metavar="<directory>",
        type=pathlib.Path,
        help=(
            "Directory of the journals of runs (default:"
            " $XDG_STATE_HOME/osc-migrate/runs)"
        ),
    )


def options_of(parsed_args: argparse.Namespace) -> Options:
    return Options(
        max_failures=(
            UNLIMITED if parsed_args.keep_going else parsed_args.max_failures
        ),
        on_stall=parsed_args.on_stall,
        stall_after=parsed_args.stall_after,
    )


def execute(
    command: base.Base, parsed_args: argparse.Namespace, run: Run
) -> Table:
    """Carry out a run, draw its progress, and return the final table."""
    with (
        interruptible(run),
        lost_output.surviving_lost_output(
            lambda: run.stop("interrupted: the output has no reader")
        ),
    ):
        if is_quiet(command, parsed_args):
            for _ in run.looks():
                pass
        else:
            base.say(opening(run))
            run_drawing.draw(run.looks())
        command.exit_code = EXIT[run.verdict]
        command.ending = ending(run)
    if parsed_args.junit:
        suite = f"openstack migrate {run.plan.purpose.value} {run.id}"
        junit.write(parsed_args.junit, suite, map(finding, run.rows))
    return table(parsed_args, run.plan, run.rows)


def is_quiet(command: base.Base, parsed_args: argparse.Namespace) -> bool:
    """Whether --quiet was given: 'openstack' accepts it anywhere and sets
    this level (cliff/app.py, build_option_parser)."""
    options = getattr(getattr(command, "app", None), "options", None)
    return parsed_args.quiet or getattr(options, "verbose_level", 1) == 0


def opening(run: Run | Attached) -> str:
    """Return the first line of a run."""
    return (
        f"run {run.id}: {len(run.plan.steps)} to move,"
        f" {len(run.plan.stays)} stay"
    )


def ending(run: Run | Attached) -> Ending:
    """Return the last lines of a run."""
    return verdicts.of_run(
        run.id, run.plan.purpose, run.verdict, run.rows, run.emptied
    )


def table(
    parsed_args: argparse.Namespace, plan: Plan, rows: Iterable[Row]
) -> Table:
    """Return the servers of a run; with --long, also their planned moves."""
    names = Row.COLUMNS
    table = [(row.id, base.fields(parsed_args, row, names)) for row in rows]
    if not parsed_args.long:
        return names, [cells for _, cells in table]
    steps = {step.id: step for step in plan.steps}
    return (*names, *PLANNED), [
        (*cells, *base.cells(parsed_args, _planned_columns(steps.get(id))))
        for id, cells in table
    ]


def _planned_columns(step: Step | None) -> Sequence[object]:
    """Return the planned columns; empty for a server that was to stay."""
    if step is None:
        return ("",) * len(PLANNED)
    return (
        step.wave,
        step.way.value,
        step.destination or "",
        "; ".join((step.reason, *step.notes)),
    )


@contextlib.contextmanager
def interruptible(run: Run) -> Iterator[None]:
    """Handle signals: the first Ctrl-C stops new moves, the second one stops
    following those in flight.

    SIGTERM and SIGHUP count as a first Ctrl-C, even if repeated: on a closed
    terminal, both the kernel and the shell send SIGHUP. SIGPIPE would end the
    process in the middle of a move, and is ignored until the process ends.
    """
    stopped = False

    def stop(number: int, _frame: Any) -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            run.stop(signals.STOPPED_BY[number])
        elif number == signal.SIGINT:
            run.abandon()

    # With cliff's setting it ends the process.
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with signals.handled(stop):
        yield


def counts(rows: Iterable[Row]) -> str:
    """Count servers by outcome: '2 moved, 1 failed'."""
    outcomes = Counter(row.outcome for row in rows)
    return ", ".join(
        f"{outcomes[outcome]} {outcome}"
        for outcome in Result
        if outcomes[outcome]
    )


def finding(row: Row) -> Finding:
    """Return the row as a finding."""
    status = Status.PASS
    if row.outcome in (Result.RUNNING_ON, Result.NOT_BEGUN):
        status = Status.UNKNOWN
    elif row.outcome not in AWAY:
        status = Status.FAIL
    elif row.reason and row.outcome is Result.MOVED:
        status = Status.WARN
    detail = f"{row.outcome}: {row.reason}" if row.reason else row.outcome
    return Finding(
        row.outcome.value.replace(" ", "-"),
        f"{row.server} ({row.id})",
        status,
        str(detail),
        row.next,
    )
