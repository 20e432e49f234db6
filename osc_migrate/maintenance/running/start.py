"""Starts runs: drain, rebalance, resume and return; cancels them."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from osc_migrate import errors
from osc_migrate.cloud import fleet as fleets
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import Request
from osc_migrate.maintenance.planning.plan import Plan, Purpose, Way
from osc_migrate.maintenance.running import journal as journals
from osc_migrate.maintenance.running import services as host_services
from osc_migrate.maintenance.running import stored_plan
from osc_migrate.maintenance.running.context import RunClock
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.lock import Lock
from osc_migrate.maintenance.running.recorded_state import ServerRecord, replay
from osc_migrate.maintenance.running.results import Result, Row
from osc_migrate.maintenance.running.run import Run
from osc_migrate.maintenance.running.services import Hosts
from osc_migrate.maintenance.running.stored_plan import Options, Order
from osc_migrate.migration.mover import Mover
from osc_migrate.text import command, printable

TRIES = 5  # attempts for each read: a single failure does not end a run


def drain(
    connection: Any,
    request: Request,
    options: Options | None = None,
    *,
    plan: Plan | None = None,
    journal_dir: pathlib.Path | None = None,
) -> Run:
    """Return a run that empties hosts, or moves some servers away.

    Nothing is changed before :meth:`Run.looks` is iterated.

    :param connection: an ``openstack.connection.Connection``.
    :param plan: use this plan instead of making one.
    :param journal_dir: directory of the journals.
    :raises MigrateError: it cannot start, and why.
    """
    return _begin(
        connection, request, options, plan, journal_dir, planning.drain
    )


def rebalance(
    connection: Any,
    request: Request,
    options: Options | None = None,
    *,
    plan: Plan | None = None,
    journal_dir: pathlib.Path | None = None,
) -> Run:
    """Return a run that evens out the load of hosts; see :func:`drain`.

    A move that turns out to be impossible is skipped: another destination
    would defeat the purpose of the plan.
    """
    return _begin(
        connection, request, options, plan, journal_dir, planning.rebalance
    )


def _begin(
    connection: Any,
    request: Request,
    options: Options | None,
    plan: Plan | None,
    journal_dir: pathlib.Path | None,
    planner: Callable[[Fleet, Request], Plan],
) -> Run:
    mover, clock = _mover(connection)
    journal_dir = journal_dir or journals.directory()
    name = journals.new_name()
    with contextlib.ExitStack() as undo:
        sources: Iterable[str] = plan.sources if plan else request.hosts
        locks = _locked(undo, mover, journal_dir, name, sources)
        host_services.check(mover, name, sources)
        if plan is None:
            fleet = fleets.read(mover.cloud, _sources(mover, request))
            plan = planner(fleet, request)
            new_sources = [s for s in plan.sources if s not in sources]
            locks += _locked(undo, mover, journal_dir, name, new_sources)
        _refuse(mover, plan)
        request = planning.bind_request(request, plan)
        journal = Journal.create(journal_dir, name)
        order = Order(plan, request, options or Options())
        stored_plan.write(journal, order)
        run = Run(mover, clock, journal, order, locks)
        undo.pop_all()
    return run


def resume(
    connection: Any,
    name: str,
    *,
    journal_dir: pathlib.Path | None = None,
    keep_going: bool = False,
) -> Run:
    """Return a run that continues one whose process died.

    :raises NotFound: no such run.
    :raises MigrateError: it cannot be resumed, and why.
    """
    mover, clock = _mover(connection)
    journal_dir = journal_dir or journals.directory()
    journal, order, before = opened(journal_dir, name)
    with contextlib.ExitStack() as undo:
        locks = _locked(undo, mover, journal_dir, name, _hosts_to_lock(order))
        # Includes what another process wrote before it released the lock.
        before = states(journal)
        _refuse(mover, order.plan)
        if journal.last("cancelled"):
            raise errors.MigrateError(f"run {name} was cancelled")
        open_ = [
            step.server
            for step in order.plan.steps
            if step.id not in before or before[step.id].row is None
        ]
        if not open_ and journal.last("end"):
            raise errors.MigrateError(
                f"run {name} has ended, there is nothing left to do; see"
                f" 'openstack migrate run show {name}'"
            )
        if order.plan.purpose is Purpose.DRAIN and order.request.hosts:
            host_services.check(mover, name, order.plan.sources)
        order = stored_plan.kept_going(order) if keep_going else order
        run = Run(mover, clock, journal, order, locks, before)
        undo.pop_all()
    return run


def bring_back(
    connection: Any,
    name: str,
    request: Request | None = None,
    options: Options | None = None,
    *,
    journal_dir: pathlib.Path | None = None,
    approve: Callable[[list[Row]], None] = lambda rows: None,
) -> Run:
    """Return a run that brings back what a drain moved away.

    This call enables the services of the hosts.

    :param name: name of the drain, or a host: its newest drain, and earlier
        ones that left the host disabled.
    :param approve: raises to stop, before anything is changed.
    :raises NotFound: no such run, and none that drained such a host.
    """
    mover, clock = _mover(connection)
    journal_dir = journal_dir or journals.directory()
    drain, unreadable = drained(journal_dir, name)
    journal, order, _ = opened(journal_dir, drain)
    rows, lost = _moved(journal_dir, journal.run, name)
    homes = {row.id: row.source for row in rows}
    if order.plan.purpose is not Purpose.DRAIN or not homes:
        raise errors.MigrateError(
            f"run {journal.run} has moved no server that could be brought"
            " back; nothing was changed"
        )
    places = sorted(set(homes.values()))
    approve(rows)
    back = journals.new_name()
    with contextlib.ExitStack() as undo:
        locks = _locked(undo, mover, journal_dir, back, places)
        _refuse(mover, order.plan)
        host_services.check(mover, back, places)
        new_journal = Journal.create(journal_dir, back)
        new_journal.note("return", of=journal.run)
        messages = Hosts(mover, new_journal, places).enable()
        request = request or Request(limits=order.request.limits)
        request = dataclasses.replace(
            request,
            enabled=frozenset(places),
            # Disks that were copied must be copied back.
            block=request.block or any(r.how == Way.BLOCK for r in rows),
        )
        now = (mover.cloud.server_now(id) for id in homes)
        current_hosts = {server.host for server in now if server is not None}
        fleet = fleets.read(mover.cloud, sorted(current_hosts))
        plan = planning.plan_return(fleet, homes, request)
        new_order = Order(plan, request, options or Options(), homes)
        stored_plan.write(new_journal, new_order)
        run = Run(mover, clock, new_journal, new_order, locks)
        for line in messages:
            run.report_first(line)
        if lost:
            run.report_first(
                f"{name}: run {printable(lost)} moved servers away before;"
                f" its journal in {journal_dir} is missing or"
                " unreadable: they are not brought back"
            )
        for error in unreadable:
            run.report_first(f"{error}; its moves are not brought back")
        undo.pop_all()
    return run


def cancel(
    connection: Any, name: str, *, journal_dir: pathlib.Path | None = None
) -> list[str]:
    """Cancel a run: restore the services of its hosts.

    No server is moved. Moves in flight continue in Nova.

    :returns: what was done and what is left, as text.
    :raises MigrateError: it is in progress, or there is no such run.
    """
    mover, _ = _mover(connection)
    journal_dir = journal_dir or journals.directory()
    journal, order, before = opened(journal_dir, name)
    with contextlib.ExitStack() as undo:
        locks = _locked(undo, mover, journal_dir, name, _hosts_to_lock(order))
        _refuse(mover, order.plan)
        messages = Hosts(mover, journal, order.plan.sources).restore()
        for step in order.plan.steps:
            state = before.get(step.id)
            if state and state.started:
                messages.append(
                    f"{step.server}: its move may still be under way:"
                    f" {command('openstack', 'migrate', 'watch', step.id)}"
                )
        journal.note("cancelled")
        for lock in locks:
            lock.give()
    return messages or [f"run {name} is cancelled; no service was changed"]


def opened(
    journal_dir: pathlib.Path, name: str
) -> tuple[Journal, Order, dict[str, ServerRecord]]:
    """Read a run from its journal.

    :raises NotFound: no such run.
    :raises MigrateError: it cannot be read.
    """
    journal = Journal.open(journal_dir, name)
    try:
        return journal, stored_plan.read(journal), states(journal)
    except errors.MigrateError:
        journal.close()
        raise


def drained(journal_dir: pathlib.Path, name: str) -> tuple[str, list[str]]:
    """Find the run with that name, or the newest drain of that host.

    :returns: the run, and why newer ones cannot be read.
    :raises NotFound: neither exists.
    """
    names = journals.runs(journal_dir)
    if name in names:
        return name, []
    unreadable: list[str] = []
    for run in names:
        try:
            journal, order, before = opened(journal_dir, run)
        except errors.MigrateError as error:
            unreadable.append(f"run {run} is unreadable: {error}")
        else:
            journal.close()
            moved = any(
                state.row
                and state.row.outcome is Result.MOVED
                and state.row.source == name
                for state in before.values()
            )
            if order.plan.purpose is Purpose.DRAIN and moved:
                return run, unreadable
    raise errors.NotFound(
        f"run, nor host emptied by a run in {journal_dir},",
        printable(name),
        "; ".join(["see 'openstack migrate run list'", *unreadable[:3]]),
    )


def _moved(
    journal_dir: pathlib.Path, run: str, name: str
) -> tuple[list[Row], str | None]:
    """Return what a drain moved; for a host, earlier drains too.

    :param name: name of the run, or the host.
    :returns: the rows, and a run whose journal is missing.
    """
    moved_rows: dict[str, Row] = {}
    visited_runs: set[str] = set()
    earlier: str | None = run
    while earlier and earlier not in visited_runs:
        visited_runs.add(earlier)
        try:
            journal, _, before = opened(journal_dir, earlier)
        except errors.MigrateError:
            return list(moved_rows.values()), earlier
        for state in before.values():
            row = state.row
            if (
                row is not None
                and row.outcome is Result.MOVED
                and name in (run, row.source)
            ):
                moved_rows.setdefault(row.id, row)
        earlier = host_services.left_by(journal, name)
    return list(moved_rows.values()), None


def rows(order: Order, before: dict[str, ServerRecord]) -> Iterator[Row]:
    """Yield each server of a run, from its journal."""
    for step in order.plan.steps:
        state = before.get(step.id, ServerRecord())
        if state.row is not None:
            yield state.row
            continue
        result = Result.RUNNING_ON if state.started else Result.NOT_BEGUN
        yield Row(
            step.server,
            step.id,
            step.source,
            step.destination,
            step.way.value,
            result,
            reason="started; its end is not known" if state.started else "",
        )
    for stay in order.plan.stays:
        yield Row(
            *(stay.server, stay.id, stay.source, None, "", Result.LEFT),
            reason="; ".join(stay.reasons),
            next=stay.next_step,
        )


def _mover(connection: Any) -> tuple[Mover, RunClock]:
    clock = RunClock()
    return Mover(connection, clock.plain(), TRIES), clock


def _locked(
    undo: contextlib.ExitStack,
    mover: Mover,
    journal_dir: pathlib.Path,
    run: str,
    hosts: Iterable[str],
) -> list[Lock]:
    """:raises HostLocked: another run holds one of them."""
    locks = []
    for host in sorted(hosts):
        lock = Lock(journal_dir, mover.cloud.nova.identity, host)
        lock.take(run)
        undo.callback(lock.give)
        locks.append(lock)
    return locks


def _hosts_to_lock(order: Order) -> list[str]:
    if order.plan.purpose is Purpose.RETURN:
        return sorted(set(order.homes.values()))
    return list(order.plan.sources)


def _sources(mover: Mover, request: Request) -> list[str]:
    """Return the current hosts of the servers to move."""
    if not request.servers:
        return list(request.hosts)
    servers = (mover.cloud.server_now(id) for id in request.servers)
    return sorted({server.host for server in servers if server is not None})


def _refuse(mover: Mover, plan: Plan) -> None:
    """:raises MigrateError: for another cloud, or with a server twice."""
    if plan.cloud != mover.cloud.nova.identity:
        raise errors.MigrateError(
            f"the plan was made for another cloud ({printable(plan.cloud)}),"
            f" not for this one ({mover.cloud.nova.identity}); nothing was"
            " changed"
        )
    ids = [s.id for s in plan.steps] + [s.id for s in plan.stays]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    if twice:
        raise errors.MigrateError(
            f"the plan has server {printable(twice[0])} more than once;"
            " nothing was changed"
        )


def states(journal: Journal) -> dict[str, ServerRecord]:
    try:
        return replay(journal.entries())
    except (KeyError, TypeError, ValueError) as error:
        raise journals.JournalError(
            f"{journal.path} is unreadable: {printable(repr(error), 200)}"
        ) from error
