"""The task for one server of a plan, from the last check to the end."""

import contextlib
import dataclasses
import datetime
import logging
from collections.abc import Callable
from typing import TypeVar

from osc_migrate import errors
from osc_migrate.checks import move_scope
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import Unread, or_none
from osc_migrate.maintenance.planning import method
from osc_migrate.maintenance.planning.plan import Skipped, Step, Way
from osc_migrate.maintenance.running.advice import advice
from osc_migrate.maintenance.running.context import Abandoned, Work
from osc_migrate.maintenance.running.journal import JournalError
from osc_migrate.maintenance.running.migration_attempt import (
    Carry,
    Ended,
    MoveRefused,
    Stopping,
    home,
    shut_down,
)
from osc_migrate.maintenance.running.recorded_state import StartedMove
from osc_migrate.maintenance.running.results import Result, Row
from osc_migrate.migration.follow import INTERVAL
from osc_migrate.migration.move import RECORD_WITHIN
from osc_migrate.migration.outage import Outage
from osc_migrate.migration.outcome import End
from osc_migrate.migration.progress import Progress
from osc_migrate.migration.start_gate import Closed
from osc_migrate.text import paste

LOG = logging.getLogger(__name__)
T = TypeVar("T")

# Maximum number of moves of one server: the second has another destination.
MOVES = 2
# Maximum number of plans for one step, if they turn out to be outdated.
PLANS = 4
# Attempts to read the facts while some of them are unknown.
READINGS = 3

_RESULTS = {
    End.MOVED: Result.MOVED,
    End.WAITS: Result.WAITS,
    End.RUNNING_ON: Result.RUNNING_ON,
}


class Task:
    """Moves one server; :meth:`run` is called in a separate thread.

    It holds a slot of its source and destination from its creation until
    :meth:`release`.

    :param begun: a move to the step's destination that an earlier process
        started.
    :ivar step: as last planned.
    :ivar progress: as last polled.
    """

    def __init__(
        self, work: Work, step: Step, started: StartedMove | None = None
    ) -> None:
        self._work = work
        self._started = started
        self.step = step
        self.progress = Progress("checking", "", 0)
        self._since = work.clock.now()
        self._holds = True
        self._moving = False
        # Row of a failed attempt, while another one is possible.
        self._failed: Row | None = None

    def run(self) -> Row:
        """Move the server. Never raises; the row has the result."""
        try:
            row = self._run()
        except Abandoned:
            row = self._left_off("no longer followed")
        except Closed as closed:
            row = self._not_started(str(closed))
        except JournalError as error:
            self._work.broken = str(error)
            row = self._left_off(str(error))
        except errors.MigrateError as error:
            row = self._left_off(str(error))
        except Unread as unread:
            row = self._left_off(f"not known: {unread.reason}")
        except Exception as error:
            # An unexpected error must not block the others forever.
            LOG.debug("the move of %s broke", self.step.id, exc_info=True)
            row = self._left_off(
                f"internal error: {error!r}; please report it with"
                " the output of --debug"
            )
        with contextlib.suppress(errors.MigrateError):
            self._work.journal.note("row", row.id, row=dataclasses.asdict(row))
        return row

    def _run(self) -> Row:
        first = self._patiently(self._read)
        if first is None:
            return self._elsewhere(None)
        ids = or_none(lambda: first.server.group_ids) or ()
        facts: MoveFacts | None = first
        with contextlib.ExitStack() as locks:
            for lock in self._work.groups(ids):
                while not lock.acquire(blocking=False):
                    # The holder may need the slot.
                    self.release()
                    self.progress = Progress("waiting for its group", "", 0)
                    self._pause()
                    facts = None
                locks.callback(lock.release)
            if self._started is not None:
                if row := self._resumed(self._started, facts):
                    return row
                self._started, facts = None, None
            self._hold()
            return self._moves(facts)

    # Resuming a move of a process that died

    def _resumed(
        self, started: StartedMove, facts: MoveFacts | None
    ) -> Row | None:
        """Return the result of a move that was started before.

        None if it never reached Nova, or failed and may be retried.
        """
        facts = facts or self._patiently(self._read)
        while facts is not None:
            newer = [m for m in facts.migrations if m.id > started.after]
            if newer:
                self._work.report(
                    f"following migration {newer[-1].id}, started earlier",
                    self.step.server,
                )
                self._moving = True
                carry = self._carry()
                # Nova accepts no second one meanwhile: the oldest is ours.
                ended = carry.taken_up(
                    facts, started.status, newer[-1], started.aborted
                )
                self._moving = False
                row = self._judged(ended)
                if not ended.retryable:
                    return row
                self._failed = row
                return None
            age = datetime.datetime.now(datetime.UTC) - started.at
            idle = facts.server.task_state is None
            if idle and age.total_seconds() > RECORD_WITHIN:
                break
            # The request of the other process may still be in transit.
            self.progress = Progress("looking for its migration", "", 0)
            self._work.clock.sleep(INTERVAL)
            facts = self._patiently(self._read)
        return None

    # Moving

    def _moves(self, facts: MoveFacts | None) -> Row:
        moves = plans = 0
        failed_hosts: list[str] = []
        while True:
            self._work.gate.check()
            facts = facts or self._patiently(self._read)
            if facts is None or home(facts) not in (self.step.source, None):
                return self._elsewhere(facts)
            if self.step.way is Way.STOP:
                return self._stop(facts)
            failure, next_step, facts = self._forbidden(facts)
            if not failure:
                moves += 1
                self._moving = True
                try:
                    ended = self._carry().begin(facts)
                except MoveRefused as error:
                    row, retry = self._row(Result.FAILED, str(error)), True
                else:
                    row, retry = self._judged(ended), ended.retryable
                self._moving = False
                if not retry or moves == MOVES:
                    return row
                self._failed = row
                self._hold()
                failure = row.reason
                failed = row.destination or self.step.destination
                failed_hosts += [failed] if failed else []
                self._work.report(
                    f"did not move: {failure}", row.server, warning=True
                )
            else:
                row = self._row(Result.LEFT, failure, command=next_step)
                failed_hosts += filter(None, [self.step.destination])
            plans += 1
            if plans == PLANS:
                return row
            step = self._patiently(self._planner(tuple(failed_hosts)))
            if isinstance(step, Skipped):
                reasons = "; ".join(step.reasons)
                reason = f"{row.reason}; no alternative: {reasons}"
                return self._row(
                    row.outcome, reason, row, row.next or step.next_step
                )
            self._planned_anew(step, failure)
            facts = None

    def _planner(self, hosts: tuple[str, ...]) -> Callable[[], Step | Skipped]:
        return lambda: self._work.replan(self.step, hosts)

    def _planned_anew(self, step: Step, reason: str) -> None:
        self._work.go_elsewhere(self.step, step)
        self.step = step
        self._work.report(
            f"replanned: {step.way} to {step.destination or 'any host'},"
            f" as {reason}",
            step.server,
        )
        self._work.journal.note(
            "again",
            step.id,
            way=step.way.value,
            destination=step.destination,
            why=reason,
        )

    def _carry(self) -> Carry:
        return Carry(self._work, self.step, self._on_look, self.release)

    def _forbidden(self, facts: MoveFacts) -> tuple[str, str, MoveFacts]:
        """Return (why a move is not safe or '', what to do, the facts)."""
        kind = Kind(self.step.way.value)
        for reading in range(1, READINGS + 1):
            report = move_scope.answer(
                facts, kind, self._work.ignored, self._work.node_findings
            ).report
            if report.safe:
                return "", "", facts
            worst = report.problems
            if reading == READINGS or any(
                f.status is Status.FAIL for f in worst
            ):
                break
            # A service that did not respond may do so now.
            self._pause()
            facts = self._patiently(self._read) or facts
        reasons = "; ".join(f"{f.check}: {f.detail}" for f in worst[:3])
        return reasons, method.next_step(worst), facts

    def _stop(self, facts: MoveFacts) -> Row:
        self._moving = True
        if shut_down(self._work, self.step, facts) is Stopping.STOPPED:
            return self._row(Result.STOPPED, "shut down where it is")
        return self._row(Result.FAILED, "stop accepted, but still running")

    # What is reported

    def _judged(self, ended: Ended) -> Row:
        outcome = ended.outcome
        result = _RESULTS.get(outcome.end, Result.FAILED)
        return Row(
            server=self.step.server,
            id=self.step.id,
            source=self.step.source,
            destination=outcome.destination,
            how=outcome.kind,
            outcome=result,
            seconds=self._seconds,
            migration_id=outcome.migration_id,
            reason="; ".join(filter(None, (outcome.reason, *ended.doubts))),
            next=advice(outcome, self._work.purpose),
        )

    def _elsewhere(self, facts: MoveFacts | None) -> Row:
        if facts is None:
            return self._row(Result.GONE, "the server was deleted meanwhile")
        host = home(facts)
        name = paste(self.step.server, self.step.id)
        if facts.server.status == "VERIFY_RESIZE":
            return self._row(
                Result.WAITS,
                f"moved to {host} outside this run; awaiting confirmation",
                command=f"openstack migrate cold {name} --confirm",
            )
        return self._row(Result.GONE, f"already on {host}")

    def _left_off(self, reason: str) -> Row:
        if not self._moving:
            return self._row(Result.NOT_BEGUN, reason)
        name = paste(self.step.server, self.step.id)
        command = f"openstack migrate watch {name}"
        return self._row(Result.RUNNING_ON, reason, command=command)

    def _not_started(self, closed_reason: str) -> Row:
        """Return the row if no request was sent because the gate is closed."""
        failed = self._failed
        if failed is None:
            return self._row(Result.NOT_BEGUN, closed_reason)
        reason = f"{failed.reason}; not tried again: {closed_reason}"
        return dataclasses.replace(failed, reason=reason)

    def _row(
        self,
        outcome: Result,
        reason: str,
        of: Row | None = None,
        command: str = "",
    ) -> Row:
        moved = outcome in (Result.FAILED, Result.RUNNING_ON)
        return Row(
            server=self.step.server,
            id=self.step.id,
            source=self.step.source,
            destination=(of.destination if of else None)
            or (self.step.destination if moved else None),
            how=self.step.way.value if moved else (of.how if of else ""),
            outcome=outcome,
            seconds=self._seconds,
            migration_id=of.migration_id if of else None,
            reason=reason,
            next=command or (of.next if of else ""),
        )

    @property
    def _seconds(self) -> float:
        return round(self._work.clock.now() - self._since, 1)

    # What is shared

    def _on_look(self, look: Progress) -> None:
        self.progress = look

    def release(self) -> None:
        """Release the slot: Nova has finished and another move may start."""
        if self._holds:
            self._holds = False
            with self._work.busy:
                self._work.slots.give(self.step)
                self._work.busy.notify_all()

    def _pause(self) -> None:
        """Wait before another attempt.

        :raises Closed: no further move is started and none is in flight.
        """
        self._work.clock.sleep(INTERVAL)
        if self._started is None:
            self._work.gate.check()

    def _hold(self) -> None:
        """Wait for a slot for another attempt.

        :raises Closed: no further move is started.
        """
        while not self._holds:
            with self._work.busy:
                if self._work.slots.free(self.step):
                    self._work.slots.take(self.step)
                    self._holds = True
                    return
            self._pause()

    def _read(self) -> MoveFacts | None:
        """Read the current facts; None if the server is gone."""
        try:
            return self._work.mover.facts(self.step.id, self.step.destination)
        except errors.NotFound:
            return None

    def _patiently(self, read: Callable[[], T]) -> T:
        """Call `read`, and repeat it while the API does not respond.

        :raises ApiError: the API refuses, or the outage lasts too long.
        """
        outage = Outage(self._work.clock.now)
        while True:
            try:
                return read()
            except errors.ApiError as error:
                outage.tolerate(error)
                self._pause()
