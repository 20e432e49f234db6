"""How runs begin: a drain, one that goes on, a return, a cancel."""

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
from osc_migrate.maintenance.running.context import Clock
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.lock import Lock
from osc_migrate.maintenance.running.recorded_state import State, replay
from osc_migrate.maintenance.running.results import Result, Row
from osc_migrate.maintenance.running.run import Run
from osc_migrate.maintenance.running.services import Hosts
from osc_migrate.maintenance.running.stored_plan import Options, Order
from osc_migrate.migration.mover import Mover
from osc_migrate.text import command, printable

# So often a reading is asked for, where one failure is no end.
TRIES = 5


def drain(
    connection: Any,
    request: Request,
    options: Options | None = None,
    *,
    plan: Plan | None = None,
    where: pathlib.Path | None = None,
) -> Run:
    """A run that empties hosts, or moves some servers away.

    Nothing is changed before :meth:`Run.looks` is asked.

    :param connection: an ``openstack.connection.Connection``.
    :param plan: this one, instead of one made now.
    :param where: the directory of the journals.
    :raises MigrateError: it cannot begin; the words say why.
    """
    return _begin(connection, request, options, plan, where, planning.drain)


def rebalance(
    connection: Any,
    request: Request,
    options: Options | None = None,
    *,
    plan: Plan | None = None,
    where: pathlib.Path | None = None,
) -> Run:
    """A run that evens out the load of hosts; see :func:`drain`.

    A move that turns out not to be possible is left: another host is not
    what the plan was for.
    """
    return _begin(
        connection, request, options, plan, where, planning.rebalance
    )


def _begin(
    connection: Any,
    request: Request,
    options: Options | None,
    plan: Plan | None,
    where: pathlib.Path | None,
    make: Callable[[Fleet, Request], Plan],
) -> Run:
    mover, clock = _mover(connection)
    where = where or journals.directory()
    name = journals.new_name()
    with contextlib.ExitStack() as undo:
        sources: Iterable[str] = plan.sources if plan else request.hosts
        locks = _locked(undo, mover, where, name, sources)
        host_services.check(mover, name, sources)
        if plan is None:
            fleet = fleets.read(mover.cloud, _sources(mover, request))
            plan = make(fleet, request)
            more = [s for s in plan.sources if s not in sources]
            locks += _locked(undo, mover, where, name, more)
        _refuse(mover, plan)
        request = planning.bound(request, plan)
        journal = Journal.create(where, name)
        order = Order(plan, request, options or Options())
        stored_plan.write(journal, order)
        run = Run(mover, clock, journal, order, locks)
        undo.pop_all()
    return run


def resume(
    connection: Any, name: str, *, where: pathlib.Path | None = None
) -> Run:
    """Goes on with a run whose process ended before it did.

    :raises NotFound: no such run.
    :raises MigrateError: it cannot go on; the words say why.
    """
    mover, clock = _mover(connection)
    where = where or journals.directory()
    journal, order, before = opened(where, name)
    with contextlib.ExitStack() as undo:
        locks = _locked(undo, mover, where, name, _ours(order))
        # What another process wrote before it gave the lock.
        before = _states(journal)
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
                f"run {name} has ended, nothing of it is left to do; see"
                f" 'openstack migrate run show {name}'"
            )
        if order.plan.purpose is Purpose.DRAIN and order.request.hosts:
            host_services.check(mover, name, order.plan.sources)
        run = Run(mover, clock, journal, order, locks, before)
        undo.pop_all()
    return run


def bring_back(
    connection: Any,
    name: str,
    request: Request | None = None,
    options: Options | None = None,
    *,
    where: pathlib.Path | None = None,
) -> Run:
    """A run that brings back what a drain has moved.

    The services of the hosts are enabled by this call.

    :param name: of the drain, or a host: then its newest drain, and those
        which that one went on with: they had left the host disabled.
    :raises NotFound: no such run, and none that emptied such a host.
    """
    mover, clock = _mover(connection)
    where = where or journals.directory()
    drain, unreadable = drained(where, name)
    journal, order, _ = opened(where, drain)
    rows, lost = _moved(where, journal.run, name)
    homes = {row.id: row.source for row in rows}
    if order.plan.purpose is not Purpose.DRAIN or not homes:
        raise errors.MigrateError(
            f"run {journal.run} has moved no server that could be brought"
            " back; nothing was changed"
        )
    places = sorted(set(homes.values()))
    back = journals.new_name()
    with contextlib.ExitStack() as undo:
        locks = _locked(undo, mover, where, back, places)
        _refuse(mover, order.plan)
        host_services.check(mover, back, places)
        made = Journal.create(where, back)
        made.note("return", of=journal.run)
        said = Hosts(mover, made, places).enable()
        asked = request or Request(limits=order.request.limits)
        asked = dataclasses.replace(
            asked,
            enabled=frozenset(places),
            # Disks that had to be copied then have to be now.
            block=asked.block or any(r.how == Way.BLOCK for r in rows),
        )
        now = (mover.cloud.server_now(id) for id in homes)
        there = {server.host for server in now if server is not None}
        fleet = fleets.read(mover.cloud, sorted(there))
        plan = planning.back(fleet, homes, asked)
        done = Order(plan, asked, options or Options(), homes)
        stored_plan.write(made, done)
        run = Run(mover, clock, made, done, locks)
        for line in said:
            run.say(line)
        if lost:
            run.say(
                f"{name}: run {printable(lost)} moved servers away before;"
                f" it has no readable journal in {where}: they are not brought"
                " back"
            )
        for error in unreadable:
            run.say(f"{error}; what that run moved is not brought back")
        undo.pop_all()
    return run


def cancel(
    connection: Any, name: str, *, where: pathlib.Path | None = None
) -> list[str]:
    """Gives a run up: its hosts' services become what they were.

    No server is moved. What is under way goes on in Nova.

    :returns: what was done, and what is left, in words.
    :raises MigrateError: it is at work, or there is no such run.
    """
    mover, _ = _mover(connection)
    where = where or journals.directory()
    journal, order, before = opened(where, name)
    with contextlib.ExitStack() as undo:
        locks = _locked(undo, mover, where, name, _ours(order))
        _refuse(mover, order.plan)
        told = Hosts(mover, journal, order.plan.sources).restore()
        for step in order.plan.steps:
            state = before.get(step.id)
            if state and state.begun:
                told.append(
                    f"{step.server}: its move may go on:"
                    f" {command('openstack', 'migrate', 'watch', step.id)}"
                )
        journal.note("cancelled")
        for lock in locks:
            lock.give()
    return told or [f"run {name} has changed no service; it is given up"]


def opened(
    where: pathlib.Path, name: str
) -> tuple[Journal, Order, dict[str, State]]:
    """A run as its journal has it.

    :raises NotFound: no such run.
    :raises MigrateError: it cannot be read.
    """
    journal = Journal.open(where, name)
    try:
        return journal, stored_plan.read(journal), _states(journal)
    except errors.MigrateError:
        journal.close()
        raise


def drained(where: pathlib.Path, name: str) -> tuple[str, list[str]]:
    """The run of that name, or the newest drain of that host.

    :returns: the run, and why newer ones cannot be read.
    :raises NotFound: neither exists.
    """
    names = journals.runs(where)
    if name in names:
        return name, []
    unreadable: list[str] = []
    for run in names:
        try:
            journal, order, before = opened(where, run)
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
        f"run, nor a host that a run in {where} has moved servers away from,",
        printable(name),
        "; ".join(["see 'openstack migrate run list'", *unreadable[:3]]),
    )


def _moved(
    where: pathlib.Path, run: str, name: str
) -> tuple[list[Row], str | None]:
    """What a drain has moved; of a host, the drains before it as well.

    :param name: of the run, or the host.
    :returns: the rows, and the run among them whose journal is not here.
    """
    found: dict[str, Row] = {}
    seen: set[str] = set()
    earlier: str | None = run
    while earlier and earlier not in seen:
        seen.add(earlier)
        try:
            journal, _, before = opened(where, earlier)
        except errors.MigrateError:
            return list(found.values()), earlier
        for state in before.values():
            row = state.row
            if (
                row is not None
                and row.outcome is Result.MOVED
                and name in (run, row.source)
            ):
                found.setdefault(row.id, row)
        earlier = host_services.left_by(journal, name)
    return list(found.values()), None


def rows(order: Order, before: dict[str, State]) -> Iterator[Row]:
    """Each server of a run, as its journal has it."""
    for step in order.plan.steps:
        state = before.get(step.id, State())
        if state.row is not None:
            yield state.row
            continue
        became = Result.RUNNING_ON if state.begun else Result.NOT_BEGUN
        yield Row(
            step.server,
            step.id,
            step.source,
            step.destination,
            step.way.value,
            became,
            reason="begun, and its end is not known" if state.begun else "",
        )
    for stay in order.plan.stays:
        yield Row(
            stay.server,
            stay.id,
            stay.source,
            None,
            "",
            Result.LEFT,
            reason="; ".join(stay.reasons),
        )


def _mover(connection: Any) -> tuple[Mover, Clock]:
    clock = Clock()
    return Mover(connection, clock.plain(), TRIES), clock


def _locked(
    undo: contextlib.ExitStack,
    mover: Mover,
    where: pathlib.Path,
    run: str,
    hosts: Iterable[str],
) -> list[Lock]:
    """:raises Held: another run has one of them."""
    locks = []
    for host in sorted(hosts):
        lock = Lock(where, mover.cloud.nova.identity, host)
        lock.take(run)
        undo.callback(lock.give)
        locks.append(lock)
    return locks


def _ours(order: Order) -> list[str]:
    if order.plan.purpose is Purpose.RETURN:
        return sorted(set(order.homes.values()))
    return list(order.plan.sources)


def _sources(mover: Mover, request: Request) -> list[str]:
    """Where what is to move is now."""
    if not request.servers:
        return list(request.hosts)
    found = (mover.cloud.server_now(id) for id in request.servers)
    return sorted({server.host for server in found if server is not None})


def _refuse(mover: Mover, plan: Plan) -> None:
    """:raises MigrateError: the plan is not of this cloud, or moves a server
    twice."""
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


def _states(journal: Journal) -> dict[str, State]:
    try:
        return replay(journal.entries())
    except (KeyError, TypeError, ValueError) as error:
        raise journals.JournalError(
            f"{journal.path} has lines that cannot be read:"
            f" {printable(repr(error), 200)}"
        ) from error
