"""Carries out a plan: services, waves, limits, and when to stop.

Each server in flight has a thread, which runs its task (server_task.py). All
decisions for the run as a whole are made here, in a single thread.
"""

import dataclasses
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from osc_migrate import errors
from osc_migrate.cloud import whole_cloud
from osc_migrate.facts import Unread
from osc_migrate.maintenance.planning.plan import Plan, Purpose, Step, Way
from osc_migrate.maintenance.running import health
from osc_migrate.maintenance.running.context import Work
from osc_migrate.maintenance.running.recorded_state import ServerRecord
from osc_migrate.maintenance.running.results import (
    AWAY,
    Look,
    MoveProgress,
    Result,
    Row,
)
from osc_migrate.maintenance.running.server_task import Task
from osc_migrate.maintenance.running.services import Hosts
from osc_migrate.migration.outage import PATIENCE
from osc_migrate.text import paste, some

# Seconds between two looks without events.
TICK = 1.0
# Seconds between two health checks while services are unhealthy.
GATE_TICK = 5.0


class Engine:
    """One run.

    :param before: what an earlier process has done.
    :param hosts: hosts to disable meanwhile; None for none.
    :ivar rows: server ID -> row, for finished servers.
    """

    def __init__(
        self,
        work: Work,
        plan: Plan,
        hosts: Hosts | None = None,
        before: Mapping[str, ServerRecord] | None = None,
    ) -> None:
        self._work = work
        self._plan = plan
        self._hosts = hosts
        self._before = dict(before or {})
        self._since = time.monotonic()
        self._tasks: dict[str, Task] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._failures = 0
        self.interrupted = False
        self.rows: dict[str, Row] = {}
        # A task that waits for its group does not poll.
        work.clock.following = lambda: work.slots.total

    @property
    def stopped(self) -> str:
        """Why no further move is started; empty while moves may start."""
        return self._work.gate.reason

    def ahead(self) -> list[Step]:
        """Return the steps that have not started."""
        with self._work.busy:
            known = {*self.rows, *self._tasks}
        return [step for step in self._plan.steps if step.id not in known]

    # Ctrl-C

    def stop(self, reason: str = "interrupted") -> None:
        """Start no further moves; follow those in flight to their end."""
        self.interrupted = True
        self._stop(reason)

    def abandon(self) -> None:
        """Stop following; moves in flight continue in Nova."""
        self.stop()
        self._work.clock.abandon()

    def _stop(self, reason: str) -> None:
        """Report it once it is true: when no request is being sent."""
        warning = not self.interrupted
        # The lock keeps the two messages in order.
        with self._work.busy:
            sending = self._work.gate.close(
                reason,
                lambda: self._work.report(
                    f"no new move begins: {reason}", warning=warning
                ),
            )
            if sending:
                self._work.report(
                    f"{reason}: waiting for Nova's answer to"
                    f" {some(sending, 'request')} being sent"
                )

    # The run

    def looks(self) -> Iterator[Look]:
        """Carry out the plan; yield a look after each event and each second.

        :raises MigrateError: the run could not start; nothing was changed.
        """
        for stay in self._plan.stays:
            reasons = "; ".join(stay.reasons)
            row = Row(stay.server, stay.id, stay.source, None, "", Result.LEFT)
            self._finish(
                dataclasses.replace(row, reason=reasons, next=stay.next_step)
            )
        for id, state in self._before.items():
            if state.row is not None:
                self.rows[id] = state.row
        if self._hosts and not self.stopped:
            self._hosts.close(self._work)
        steps = [s for s in self._plan.steps if s.id not in self.rows]
        # Moves that an earlier process started, of any wave.
        started_steps = [s for s in steps if self._started(s)]
        yield from self._wave(started_steps)
        numbers = sorted({step.wave for step in steps})
        for number, next_wave in itertools.zip_longest(numbers, numbers[1:]):
            wave = [
                step
                for step in steps
                if step.wave == number and step.id not in self.rows
            ]
            yield from self._gate()
            yield from self._wave(
                sorted(wave, key=lambda s: s.order),
                joined=self._joined(number, next_wave),
            )
        for step in steps:
            if step.id not in self.rows:
                self.rows[step.id] = self._not_begun(step)
        yield self._look()

    def _not_begun(self, step: Step) -> Row:
        """Return the row of a server that this run has not touched."""
        row = Row(
            step.server,
            step.id,
            step.source,
            step.destination,
            "",
            Result.NOT_BEGUN,
            reason=self.stopped,
        )
        if not self._started(step):
            return row
        name = paste(step.server, step.id)
        return dataclasses.replace(
            row,
            how=step.way.value,
            outcome=Result.RUNNING_ON,
            reason=f"started earlier, not followed now: {self.stopped}",
            next=f"openstack migrate watch {name}",
        )

    def _started(self, step: Step) -> bool:
        state = self._before.get(step.id)
        return state is not None and state.started is not None

    def _joined(self, wave: int, next_wave: int | None) -> bool:
        """Return whether the next wave may start while this one is running.

        In a drain no move depends on room freed by another, and locks keep
        the members of a group apart. Otherwise a host would be idle: its next
        server is checked and requested while one is being sent.
        """
        wave_steps, next_steps = (
            [step for step in self._plan.steps if step.wave == number]
            for number in (wave, next_wave)
        )
        return (
            self._plan.purpose is Purpose.DRAIN
            and {step.source for step in wave_steps}
            == {step.source for step in next_steps}
            # Servers placed by the scheduler may take the room of others
            # that have not moved yet.
            and all(
                step.destination or step.way is Way.STOP for step in next_steps
            )
        )

    def _wave(
        self, steps: list[Step], *, joined: bool = False
    ) -> Iterator[Look]:
        """Run all steps until they have ended or, if joined, started."""
        waiting = list(steps)
        while (waiting and not self.stopped) or (self._tasks and not joined):
            with self._work.busy:
                for step in [] if self.stopped else list(waiting):
                    if self._start(step):
                        waiting.remove(step)
                if self._tasks:
                    self._work.busy.wait(TICK)
            self._collect()
            if self._work.broken:
                self._stop(self._work.broken)
            yield self._look()

    def _limit_failures(self) -> None:
        """Stop after too many failures. Needs the lock."""
        if self._failures >= self._work.max_failures:
            self._stop(f"{self._failures} failed")

    def _start(self, step: Step) -> bool:
        """Start a step if the limits allow it. Needs the lock."""
        state = self._before.get(step.id)
        started_move = state.started if state else None
        if started_move is not None:
            step = dataclasses.replace(
                step,
                way=Way(started_move.way),
                destination=started_move.destination,
            )
        elif not self._work.slots.free(step):
            return False
        self._work.slots.take(step)
        task = Task(self._work, step, started_move)

        def run() -> None:
            row = task.run()
            with self._work.busy:
                self.rows[step.id] = row
                self._failures += row.outcome is Result.FAILED
                self._limit_failures()
                task.release()
                self._work.busy.notify_all()

        thread = threading.Thread(target=run, name=step.id, daemon=True)
        self._tasks[step.id] = task
        self._threads[step.id] = thread
        thread.start()
        return True

    def _collect(self) -> None:
        """Collect the tasks that have ended."""
        for id in [id for id in self._tasks if id in self.rows]:
            self._threads.pop(id).join()
            task = self._tasks.pop(id)
            self._finish(self.rows[id], task.step.destination)

    def _finish(self, row: Row, planned_host: str | None = None) -> None:
        self.rows[row.id] = row
        host = row.destination or planned_host
        self._work.report(
            dataclasses.replace(row, destination=host).summary,
            row.server,
            warning=row.outcome not in (*AWAY, Result.LEFT),
        )

    # Between waves

    def _gate(self) -> Iterator[Look]:
        """Wait until the cloud is healthy; stop if that takes too long."""
        since = time.monotonic()
        reported = ""
        while not self.stopped:
            problem = self._problem()
            if not problem:
                if reported:
                    self._work.report("the cloud is healthy again")
                return
            if problem != reported:
                reported = problem
                self._work.report(f"waiting: {problem}", warning=True)
            if time.monotonic() - since > PATIENCE:
                self._stop(f"{problem}, for {PATIENCE:.0f} s")
                return
            self._collect()
            yield self._look()
            with self._work.busy:
                self._work.busy.wait(GATE_TICK)

    def _problem(self) -> str:
        cloud = self._work.mover.cloud
        # A return has many sources: each is checked by its own step.
        sources = self._plan.sources if self._hosts else ()
        try:
            services = whole_cloud.services(cloud)
            if self._hosts and (takeover := self._hosts.taken(services)):
                self._stop(takeover)
            return health.trouble(services, sources)
        except (errors.ApiError, Unread) as error:
            return str(error)

    # What is reported

    def _look(self) -> Look:
        with self._work.busy:
            tasks = list(self._tasks.values())
            rows = list(self.rows.values())
        total = len(self._plan.steps) + len(self._plan.stays)
        elapsed = time.monotonic() - self._since
        return Look(
            run=self._work.journal.run,
            elapsed=elapsed,
            done=len(rows),
            total=total,
            counts=Counter(row.outcome for row in rows),
            moving=tuple(
                MoveProgress(
                    task.step.server,
                    task.step.source,
                    task.step.destination,
                    task.progress,
                )
                for task in tasks
            ),
            events=self._work.take_events(),
            left=self._left(elapsed, rows),
        )

    def _left(self, elapsed: float, rows: list[Row]) -> float | None:
        """Return the remaining seconds, from this run's moves or the plan."""
        steps = len(self._plan.steps)
        planned_ids = {step.id for step in self._plan.steps}
        finished = sum(row.id in planned_ids for row in rows)
        if finished >= 3:
            return elapsed / finished * (steps - finished)
        if self._plan.seconds is None:
            return None
        return max(0.0, self._plan.seconds - elapsed)
