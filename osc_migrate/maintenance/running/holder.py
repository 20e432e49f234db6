"""Which run has a host, by the service's reason, the lock and the journal."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Mapping

from osc_migrate import errors
from osc_migrate.maintenance.running import run_state, services, start
from osc_migrate.maintenance.running.lock import Lock
from osc_migrate.maintenance.running.results import Row
from osc_migrate.maintenance.running.run_state import RunState, Stage


@dataclasses.dataclass(frozen=True)
class Hold:
    """A run that has a host, or has left it disabled.

    :ivar machine: where it is at work; empty where not known.
    :ivar purpose: empty where its journal is not here.
    :ivar local: its journal is in this directory.
    """

    run: str
    stage: Stage
    machine: str = ""
    pid: int | None = None
    purpose: str = ""
    local: bool = False


def of(
    journal_dir: pathlib.Path, cloud: str, host: str, reason: str | None
) -> Hold | None:
    """None when no run has it.

    :param reason: why its service is disabled.
    """
    locked_by = Lock(journal_dir, cloud, host).holder()
    if hold := _at_work(journal_dir, locked_by):
        return hold
    run = services.mentioned(reason)
    if not run:
        return None
    hold = _hold(journal_dir, run)
    if hold is not None:
        return hold
    machine = services.machine_named(reason)
    stage = Stage.UNKNOWN if services.named(reason) else Stage.ENDED
    return Hold(run, stage, machine)


def rows(journal_dir: pathlib.Path, hold: Hold | None) -> Mapping[str, Row]:
    """What its journal has of each server; none where it is not here."""
    if hold is None or not hold.local:
        return {}
    with contextlib.suppress(errors.MigrateError):
        journal, order, states = start.opened(journal_dir, hold.run)
        with contextlib.closing(journal):
            return {row.id: row for row in start.rows(order, states)}
    return {}


def _at_work(journal_dir: pathlib.Path, run: str) -> Hold | None:
    """The run of the lock, unless it has ended and given it."""
    hold = _hold(journal_dir, run) if run_state.is_name(run) else None
    if hold is None or hold.stage in (Stage.ENDED, Stage.CANCELLED):
        return None
    return hold


def _hold(journal_dir: pathlib.Path, run: str) -> Hold | None:
    """None where its journal is not here, or cannot be read."""
    try:
        journal, order, _ = start.opened(journal_dir, run)
        with contextlib.closing(journal):
            state: RunState = run_state.read(journal)
    except errors.MigrateError:
        return None
    process = state.process
    return Hold(
        run,
        state.stage,
        process.machine if process else "",
        process.pid if process else None,
        order.plan.purpose.value,
        local=True,
    )
