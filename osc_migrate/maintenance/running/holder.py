"""Which run holds a host: from disabled reason, lock and journal."""

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
    """A run that holds a host, or has left it disabled.

    :ivar machine: the machine it runs on; empty if unknown.
    :ivar purpose: empty without its journal.
    :ivar local: whether its journal is in this directory.
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
    """Return the run that holds a host, or None.

    :param reason: disabled reason of its service.
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
    """Return server ID -> row from its journal; empty without one."""
    if hold is None or not hold.local:
        return {}
    with contextlib.suppress(errors.MigrateError):
        journal, order, states = start.opened(journal_dir, hold.run)
        with contextlib.closing(journal):
            return {row.id: row for row in start.rows(order, states)}
    return {}


def _at_work(journal_dir: pathlib.Path, run: str) -> Hold | None:
    """Return the run that holds the lock, unless it has ended."""
    hold = _hold(journal_dir, run) if run_state.is_name(run) else None
    if hold is None or hold.stage in (Stage.ENDED, Stage.CANCELLED):
        return None
    return hold


def _hold(journal_dir: pathlib.Path, run: str) -> Hold | None:
    """Return the hold from a run's journal; None if it cannot be read."""
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
