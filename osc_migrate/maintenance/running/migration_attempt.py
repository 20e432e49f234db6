"""One move of one server: request it once, follow it, finish it, record it.

Each call that changes something is written to the journal first.
"""

import contextlib
import dataclasses
import enum
from collections.abc import Callable

from osc_migrate import errors
from osc_migrate.checks import registry
from osc_migrate.checks.findings import Report
from osc_migrate.cloud.migrations import Kind, Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import or_none
from osc_migrate.maintenance.planning.plan import Step, Way
from osc_migrate.maintenance.running.context import Work
from osc_migrate.migration import follow, on_stall, repair
from osc_migrate.migration.confirm import Decision, Verb
from osc_migrate.migration.move import Move
from osc_migrate.migration.outcome import End, Outcome
from osc_migrate.migration.progress import Progress
from osc_migrate.migration.repair import RepairAction
from osc_migrate.migration.start_gate import Closed

# Attempts to send a request if responses are lost and nothing happens.
STARTS = 3
# Seconds for a guest to shut down; Nova gives it 60, then powers it off
# ([DEFAULT]shutdown_timeout).
STOPPED_WITHIN = 300.0


class MoveRefused(errors.MigrateError):
    """Nova refused to start the move; nothing was changed."""


@dataclasses.dataclass(frozen=True)
class Ended:
    """The result of one move.

    :ivar outcome: includes the confirmation.
    :ivar doubts: problems of a server that moved.
    :ivar retryable: the server is unchanged on its source, so the move may be
        retried.
    """

    outcome: Outcome
    doubts: tuple[str, ...] = ()
    retryable: bool = False


class Carry:
    """One move.

    :param see: called with the progress of each poll.
    :param landed: called once, when Nova has ended the migration: the rest
        does not block other moves.
    """

    def __init__(
        self,
        work: Work,
        step: Step,
        on_look: Callable[[Progress], None],
        landed: Callable[[], None],
    ) -> None:
        self._work = work
        self._step = step
        self._on_look = on_look
        self._landed = landed
        self._stopped = False

    def begin(self, facts: MoveFacts) -> Ended:
        """Move the server.

        :param facts: read and judged just before.
        :raises MoveRefused, Closed: nothing was changed.
        :raises ApiError, Unclear: it is unknown whether it moves.
        """
        return self.go_on(self._start(facts), facts)

    def taken_up(
        self,
        facts: MoveFacts,
        before: str,
        record: Migration,
        aborted: bool = False,
    ) -> Ended:
        """Resume a move started by a process that died.

        :param before: the server's status before the move.
        :param aborted: whether that process had aborted it.
        """
        self._stopped = aborted
        server = facts.server.but(status=before, host=self._step.source)
        kind = Kind(self._step.way.value).value
        move = self._work.mover.taken_up(
            facts.but(server=server), record, kind
        )
        move.aborted = aborted
        return self.go_on(move, facts)

    def go_on(self, move: Move, facts: MoveFacts) -> Ended:
        """Follow the move to its end and finish it."""
        with contextlib.ExitStack() as stack:
            if self._work.counters:
                kind = Kind(self._step.way.value)
                counters = stack.enter_context(
                    self._work.counters(facts, kind)
                )
                if counters:
                    move.count_by(counters)
            self._follow(move)
        self._landed()
        return self._finish(move.outcome())

    def _follow(self, move: Move) -> None:
        work, step = self._work, self._step
        recorded_id: int | None = None
        move.follower_name = "this run"
        looks = move.follow(stall_after=work.stall_after)
        for look in on_stall.act_on_stall(
            looks, move, work.on_stall, self._stall
        ):
            self._on_look(look)
            if move.migration_id and recorded_id is None:
                recorded_id = move.migration_id
                work.journal.note(
                    "accepted",
                    step.id,
                    request=move.request_id,
                    migration=recorded_id,
                )

    def _finish(self, outcome: Outcome) -> Ended:
        work, step = self._work, self._step
        work.journal.note("ended", step.id, end=outcome.end.value)
        if outcome.end is End.WAITS:
            outcome, unconfirmed = self._confirm(outcome)
            if unconfirmed:
                return Ended(outcome, unconfirmed)
        if outcome.end is End.MOVED:
            facts = work.mover.facts_after(outcome.id, work.clock.plain())
            return Ended(outcome, _problem_texts(registry.judge_after(facts)))
        if outcome.end is not End.NOT_MOVED:
            return Ended(outcome)
        well, doubts = self._as_before()
        return Ended(outcome, doubts, well and not self._stopped)

    def _start(self, facts: MoveFacts) -> Move:
        """:raises MoveRefused, Closed, ApiError, Unclear: as :meth:`begin`."""
        lost: errors.Unclear | None = None
        work, step, server = self._work, self._step, facts.server
        after = facts.last_migration
        for attempt in range(1, STARTS + 1):
            work.journal.note(
                "move",
                step.id,
                after=after,
                status=server.status,
                way=step.way.value,
                source=step.source,
                destination=step.destination,
            )
            try:
                return self._request(facts)
            except Closed as error:
                if lost is not None:
                    # The first request may have arrived nevertheless.
                    raise lost from error
                work.journal.note("refused", step.id, reason=str(error))
                raise
            except errors.Unclear as error:
                lost = error
                now = work.mover.facts(server.id, step.destination)
                newer = [m for m in now.migrations if m.id > after]
                if newer:
                    kind = Kind(step.way.value).value
                    return work.mover.taken_up(facts, newer[-1], kind)
                idle = now.server.task_state is None
                if (
                    attempt == STARTS
                    or not idle
                    or work.gate.reason
                    or now.server.host != server.host
                ):
                    raise
                work.report(
                    f"{error}; sending the request again",
                    step.server,
                    warning=True,
                )
            except errors.ApiError as error:
                work.journal.note("refused", step.id, reason=str(error))
                raise MoveRefused(str(error)) from error
        raise AssertionError("the last attempt returns or raises")

    def _request(self, facts: MoveFacts) -> Move:
        mover = self._work.mover
        match self._step.way:
            case Way.LIVE:
                return mover.live(facts)
            case Way.BLOCK:
                return mover.block(facts)
            case Way.COLD:
                return mover.cold(facts)
            case Way.STOP:
                raise AssertionError("a server that is stopped does not move")

    def _stall(self, text: str) -> None:
        if text == on_stall.REPORTS["abort"]:
            self._stopped = True
            self._work.journal.note("abort", self._step.id)
        self._work.report(text, self._step.server, warning=True)

    # A cold migration that waits

    def _confirm(self, outcome: Outcome) -> tuple[Outcome, tuple[str, ...]]:
        """Return the outcome, and why it was not confirmed."""
        work, step = self._work, self._step
        facts = work.mover.facts(step.id, None)
        report = registry.judge_waiting(facts)
        if not report.safe:
            return outcome, _problem_texts(report)
        server = facts.server
        record = work.mover.waiting(server)
        work.journal.note("confirm", step.id, migration=record.id)
        decision = self._decided(server, record)
        for look in decision.follow():
            self._on_look(look)
        decided = decision.outcome()
        work.journal.note("confirmed", step.id, end=decided.end.value)
        if decided.end is not End.MOVED:
            return decided, (decided.reason,)
        return dataclasses.replace(decided, source=outcome.source), ()

    def _decided(self, server: Server, record: Migration) -> Decision:
        """Confirm it, even if responses are lost."""
        work = self._work
        for attempt in range(1, STARTS + 1):
            try:
                return work.mover.decide(server, record, Verb.CONFIRM)
            except errors.ApiError as error:
                now = work.mover.cloud.server_now(server.id)
                waits = (
                    now is not None
                    and now.status == "VERIFY_RESIZE"
                    and now.task_state is None
                )
                if waits and (attempt == STARTS or not error.passing):
                    raise
                if not waits:
                    break
                work.clock.sleep(follow.INTERVAL)
        return Decision(
            work.mover.cloud, server, record, Verb.CONFIRM, work.clock.plain()
        )

    # A move that did not work

    def _as_before(self) -> tuple[bool, tuple[str, ...]]:
        """Return whether the server is fine on its source, and what was done.

        Its status is reset if that is proven to be safe.
        """
        work, step = self._work, self._step
        facts = work.mover.facts(step.id, None)
        if facts.server.host != step.source:
            return False, ()
        if facts.server.status != "ERROR":
            return facts.server.task_state is None, ()
        for repair_step in repair.plan(facts, float("inf")):
            if repair_step.action is RepairAction.RESET:
                work.journal.note("reset", step.id)
                now = work.mover.activate(facts.server)
                if now is not None and now.status != "ERROR":
                    text = (
                        f"{repair_step.what}: state reset: {repair_step.why}"
                    )
                    work.report(text, step.server)
                    return True, (f"its state was reset to {now.status}",)
        return False, ()


class Stopping(enum.Enum):
    """The result of asking a server to stop."""

    STOPPED = "stopped"
    RUNS = "it still runs"


def shut_down(work: Work, step: Step, facts: MoveFacts) -> Stopping:
    """Stop a server in place, and wait until it is off.

    :raises ApiError: Nova refused, or does not respond.
    :raises Closed: nothing may be started; nothing was changed.
    """
    if facts.server.status == "SHUTOFF":
        return Stopping.STOPPED
    work.journal.note("stop", step.id)
    try:
        work.mover.shut_down(facts.server)
    except errors.ApiError as error:
        if not error.passing and error.status != 409:
            raise
    until = work.clock.now() + STOPPED_WITHIN
    while work.clock.now() < until:
        now = work.mover.cloud.server_now(step.id)
        if now is None or now.status == "SHUTOFF":
            return Stopping.STOPPED
        work.clock.sleep(follow.INTERVAL)
    return Stopping.RUNS


def home(facts: MoveFacts) -> str | None:
    """Return the server's host according to Nova."""
    return or_none(lambda: facts.server.host)


def _problem_texts(report: Report) -> tuple[str, ...]:
    return tuple(f"{f.check}: {f.detail}" for f in report.problems)
