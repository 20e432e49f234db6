"""A run: carries out a plan, with journal, locks and result."""

import contextlib
import dataclasses
import threading
from collections.abc import Collection, Iterator, Mapping

from osc_migrate import errors
from osc_migrate.cloud import fleet as fleets
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.facts import or_none
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning.plan import Purpose, Skipped, Step
from osc_migrate.maintenance.running import process
from osc_migrate.maintenance.running.context import CountersOf, RunClock, Work
from osc_migrate.maintenance.running.engine import Engine
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.lock import Lock
from osc_migrate.maintenance.running.recorded_state import ServerRecord
from osc_migrate.maintenance.running.results import (
    AWAY,
    Look,
    Result,
    Row,
    RunVerdict,
)
from osc_migrate.maintenance.running.services import Hosts
from osc_migrate.maintenance.running.stored_plan import Order
from osc_migrate.migration.mover import Mover

# With one of these results the cloud has changed: a host stays disabled.
_CHANGED = (
    Result.MOVED,
    Result.STOPPED,
    Result.WAITS,
    Result.RUNNING_ON,
)


class Run:
    """A run to carry out or to resume.

    :param locks: locks of its hosts, already taken; released at the end.
    :param before: what an earlier process has done.
    :ivar id: name, for --resume.
    :ivar verdict: set at the end of :meth:`looks`.
    """

    def __init__(
        self,
        mover: Mover,
        clock: RunClock,
        journal: Journal,
        order: Order,
        locks: Collection[Lock] = (),
        before: Mapping[str, ServerRecord] | None = None,
    ) -> None:
        self.id = journal.run
        self.plan = order.plan
        self.verdict = RunVerdict.SHORT
        self._mover = mover
        self._journal = journal
        self._order = order
        self._locks = locks
        # Servers are replanned one at a time: two must not use the same room.
        self._planning = threading.Lock()
        self._work = Work(
            mover,
            journal,
            clock,
            self._replan,
            order.plan.purpose,
            limits=order.request.limits,
            max_failures=order.options.max_failures,
            on_stall=order.options.on_stall,
            stall_after=order.options.stall_after,
            ignored=order.request.ignored,
            barriers=order.request.barriers,
        )
        self._hosts = self._emptied_hosts()
        self._engine = Engine(self._work, self.plan, self._hosts, before)

    def _emptied_hosts(self) -> Hosts | None:
        """Return the hosts to disable; None if it moves single servers."""
        empties_hosts = (
            self.plan.purpose is Purpose.DRAIN and self._order.request.hosts
        )
        if not empties_hosts:
            return None
        return Hosts(self._mover, self._journal, self.plan.sources)

    def count_by(self, counters: CountersOf | None) -> None:
        """Follow moves by these counters from now on, where available."""
        self._work.counters = counters

    @property
    def emptied(self) -> tuple[str, ...]:
        """The hosts to be emptied; none if it moves single servers."""
        return tuple(self._hosts.names) if self._hosts else ()

    @property
    def rows(self) -> list[Row]:
        """Every server in the order of the plan, then those that stay."""
        place = {step.id: step.order for step in self.plan.steps}
        last = len(place)
        return sorted(
            self._engine.rows.values(),
            key=lambda row: (place.get(row.id, last), row.server, row.id),
        )

    def stop(self, reason: str = "interrupted") -> None:
        """Start no further moves; follow those in flight to their end."""
        self._engine.stop(reason)

    def abandon(self) -> None:
        """Stop following moves in flight too; they continue in Nova."""
        self._engine.abandon()

    def looks(self) -> Iterator[Look]:
        """Carry out the run; yield a look at least every second.

        :raises MigrateError: it could not start; nothing was changed.
        """
        self._journal.note("begin", process=process.current())
        try:
            last: Look | None = None
            stopping = ""
            for look in self._engine.looks():
                if self._engine.stopped != stopping:
                    stopping = self._engine.stopped
                    # For processes that follow this run.
                    with contextlib.suppress(errors.MigrateError):
                        self._journal.note("stopping", reason=stopping)
                yield look
                last = look
            self._end()
            if last is not None:
                rows = self._engine.rows.values()
                yield dataclasses.replace(
                    last,
                    done=len(rows),
                    moving=(),
                    events=self._work.take_events(),
                )
        finally:
            for lock in self._locks:
                lock.give()

    def report_first(self, text: str) -> None:
        """Add an event to the first look."""
        self._work.report(text)

    # Replanning

    def _replan(
        self, step: Step, excluding: Collection[str]
    ) -> Step | Skipped:
        if self.plan.purpose is Purpose.REBALANCE:
            # Another destination would defeat the purpose of the plan.
            reason = f"{step.destination} does not take it"
            return Skipped(step.server, step.id, step.source, (reason,))
        with self._planning:
            fleet = fleets.read(self._mover.cloud, [step.source])
            if self.plan.purpose is Purpose.RETURN:
                # It can only be brought back to its home.
                homes = {step.id: self._order.homes[step.id]}
                plan = planning.plan_return(fleet, homes, self._order.request)
                for step_home in plan.steps:
                    if step_home.destination not in excluding:
                        return step_home
                reason = f"{step.destination} did not take it"
                none = Skipped(step.server, step.id, step.source, (reason,))
                return plan.stays[0] if plan.stays else none
            return planning.replan_step(
                fleet,
                step,
                self._order.request,
                excluding,
                self._engine.ahead(),
            )

    # The end

    def _end(self) -> None:
        rows = self._engine.rows
        left: list[Row] = []
        try:
            left = self._unplanned()
            rows.update((row.id, row) for row in left)
            known_all = True
        except errors.MigrateError as error:
            self._work.report(
                f"it is not known which servers are left: {error}",
                warning=True,
            )
            known_all = False
        self.verdict = self._judged(known_all)
        if self._hosts:
            with contextlib.suppress(errors.ApiError):
                self._leave(self._hosts)
        self._journal.note(
            "end",
            verdict=self.verdict.value,
            came=[dataclasses.asdict(row) for row in left],
        )

    def _leave(self, hosts: Hosts) -> None:
        changed = any(
            row.outcome in _CHANGED for row in self._engine.rows.values()
        )
        if not changed:
            for line in hosts.restore():
                self._work.report(f"{line}: no server was moved")
            return
        text = {
            RunVerdict.DONE: "emptied",
            RunVerdict.INTERRUPTED: "interrupted",
        }.get(self.verdict, "ended, not empty")
        hosts.finish(text)
        self._work.report(
            f"{', '.join(hosts.names)}: stays disabled. To enable it and bring"
            f" its servers back: openstack migrate return {self.id}"
        )

    def _unplanned(self) -> list[Row]:
        """Return rows of servers on a host of the run that are not planned.

        :raises ApiError: they cannot be listed.
        """
        if not self._hosts:
            return []
        unplanned = []
        for host in self._hosts.names:
            for server in on(self._mover.cloud, host):
                row = self._engine.rows.get(server.id)
                if row is None or row.outcome in AWAY:
                    unplanned.append(dataclasses.replace(server, source=host))
        return unplanned

    def _judged(self, known_all: bool) -> RunVerdict:
        rows = self._engine.rows.values()
        if self._engine.interrupted:
            return RunVerdict.INTERRUPTED
        well = all(
            row.outcome is Result.GONE
            or (row.outcome is Result.MOVED and not row.reason)
            for row in rows
        )
        if well and known_all:
            return RunVerdict.DONE
        attempted = any(
            row.outcome not in (Result.LEFT, Result.NOT_BEGUN) for row in rows
        )
        return RunVerdict.SHORT if attempted else RunVerdict.NOTHING


def on(cloud: Cloud, host: str) -> Iterator[Row]:
    """Yield a row for each server on a host according to Nova.

    :raises ApiError: they cannot be listed.
    """

    def shown(row: JsonObject) -> Row:
        server = cloud.parsed(row)
        name = or_none(lambda: server.name) or server.id
        return Row(
            name,
            server.id,
            host,
            None,
            "",
            Result.LEFT,
            reason="on the host, but not in the plan",
        )

    for row in cloud.servers({"host": host}):
        yield shown(row)
