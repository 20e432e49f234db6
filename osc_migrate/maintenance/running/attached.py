"""Follows or stops a run of another process, using its journal."""

import contextlib
import dataclasses
import datetime
import pathlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from osc_migrate import errors
from osc_migrate.maintenance.planning.plan import Plan, Purpose
from osc_migrate.maintenance.running import journal as journals
from osc_migrate.maintenance.running import run_state, start
from osc_migrate.maintenance.running.journal import Entry, Journal
from osc_migrate.maintenance.running.recorded_state import row_of
from osc_migrate.maintenance.running.results import (
    AWAY,
    FINAL,
    Look,
    MoveProgress,
    Result,
    Row,
    RunEvent,
    RunVerdict,
)
from osc_migrate.maintenance.running.run_state import RunState, Stage
from osc_migrate.migration.progress import Progress
from osc_migrate.text import printable

# Seconds between two reads of the journal.
INTERVAL = 1.0
# Returns migration ID -> progress; empty if it cannot be read now.
ReadProgress = Callable[[], Mapping[int, Progress]]


class Attached:
    """A run that another process carries out.

    :ivar id: its name.
    :ivar verdict, rows: set at the end of :meth:`looks`; the rows are those of
        every server, unplanned ones last.
    :raises NotFound: no such run.
    :raises MigrateError: its journal cannot be read.
    """

    def __init__(self, name: str, journal_dir: pathlib.Path | None) -> None:
        journal_dir = journal_dir or journals.directory()
        self._journal, self._order, _ = start.opened(journal_dir, name)
        self.id = self._journal.run
        self.verdict = RunVerdict.SHORT
        self.rows: list[Row] = []
        self._events: list[RunEvent] = []
        self._last = 0
        self._since = datetime.datetime.now(datetime.UTC)
        self._moving: dict[str, _Attempt] = {}
        self._rows: dict[str, Row] = {}
        self._ended_at: datetime.datetime | None = None
        # Why no further move is started.
        self._stopping = ""
        self._names = {step.id: step.server for step in self.plan.steps}

    @property
    def plan(self) -> Plan:
        return self._order.plan

    @property
    def emptied(self) -> tuple[str, ...]:
        """The hosts to be emptied; none if it moves single servers."""
        empties_hosts = (
            self.plan.purpose is Purpose.DRAIN and self._order.request.hosts
        )
        return tuple(self.plan.sources) if empties_hosts else ()

    def looks(
        self,
        progress: ReadProgress,
        pause: Callable[[float], None],
    ) -> Iterator[Look]:
        """Yield a look per second until the run ends; the first has no events.

        :raises MigrateError: its process died, or it was cancelled; the
            message says what to do.
        """
        with contextlib.closing(self._journal):
            self._read()
            self._events = []
            while True:
                state = run_state.read(self._journal)
                self._read()
                if state.stage in (Stage.DIED, Stage.CANCELLED):
                    yield self._look({})
                    raise _over(state)
                ended = state.stage is Stage.ENDED
                self._ended_at = state.end.at if state.end else None
                yield self._look(
                    {} if ended or not self._moving else progress()
                )
                if ended:
                    self._end(state)
                    return
                pause(INTERVAL)

    def _end(self, state: RunState) -> None:
        data = state.end.data if state.end else {}
        try:
            self.verdict = RunVerdict(data.get("verdict"))
            unplanned = [row_of(row) for row in data.get("came", ())]
        except (KeyError, TypeError, ValueError) as error:
            raise journals.JournalError(
                f"the end of run {self.id} cannot be read:"
                f" {printable(repr(error), 200)}"
            ) from error
        states = start.states(self._journal)
        rows = {
            row.id: (
                dataclasses.replace(row, how="", reason=self._stopping)
                if row.outcome is Result.NOT_BEGUN
                else row
            )
            for row in start.rows(self._order, states)
        }
        # After the end, rows that are not final count too.
        rows |= self._rows
        rows |= {row.id: row for row in unplanned}
        self.rows = list(rows.values())

    def _read(self) -> None:
        """Read the lines added since the last call."""
        for entry in self._journal.entries():
            if entry.n > self._last:
                self._last = entry.n
                with contextlib.suppress(KeyError, TypeError, ValueError):
                    self._take(entry)

    def _take(self, entry: Entry) -> None:
        """:raises KeyError, TypeError, ValueError: of another version."""
        id, data = entry.server, entry.data
        match entry.kind:
            case "begin":
                # Resumed: everything that was not final starts again.
                self._since = entry.at
                self._stopping = ""
                self._rows = {
                    id: row
                    for id, row in self._rows.items()
                    if row.outcome in FINAL
                }
            case "move":
                self._moving[id] = _Attempt(
                    str(data["source"]), data["destination"], entry.at
                )
            case "accepted" if id in self._moving:
                self._moving[id].migration_id = int(data["migration"])
            case "refused":
                self._moving.pop(id, None)
                self._report(f"did not begin: {data['reason']}", id, True)
            case "row":
                self._moving.pop(id, None)
                self._rows[id] = row = row_of(data["row"])
                self._report(
                    row.summary,
                    id,
                    row.outcome not in (*AWAY, Result.LEFT),
                )
            case "stopping":
                self._stopping = str(data["reason"])
                self._report(
                    f"no new move begins: {self._stopping}", warning=True
                )
            case _:
                self._report(*_event_of(entry))

    def _report(self, text: str, id: str = "", warning: bool = False) -> None:
        if text:
            self._events.append(
                RunEvent(text, self._names.get(id, id), warning)
            )

    def _look(self, progress: Mapping[int, Progress]) -> Look:
        events, self._events = tuple(self._events), []
        now = self._ended_at or datetime.datetime.now(datetime.UTC)
        elapsed = max(0.0, (now - self._since).total_seconds())
        planned = len(self.plan.steps)
        finished = sum(id in self._names for id in self._rows)
        left = None
        if finished >= 3:
            left = elapsed / finished * (planned - finished)
        counts = Counter(row.outcome for row in self._rows.values())
        counts[Result.LEFT] += len(self.plan.stays)
        return Look(
            run=self.id,
            elapsed=elapsed,
            done=finished + len(self.plan.stays),
            total=planned + len(self.plan.stays),
            counts=counts,
            moving=tuple(
                MoveProgress(
                    self._names.get(id, id),
                    attempt.source,
                    attempt.destination,
                    attempt.progress(progress, now),
                )
                for id, attempt in self._moving.items()
            ),
            events=events,
            left=left,
        )


class _Attempt:
    """A move in flight."""

    def __init__(
        self,
        source: str,
        destination: str | None,
        started_at: datetime.datetime,
    ) -> None:
        self.source = source
        self.destination = destination
        self.started_at = started_at
        self.migration_id: int | None = None

    def progress(
        self, progress: Mapping[int, Progress], now: datetime.datetime
    ) -> Progress:
        elapsed = max(0.0, (now - self.started_at).total_seconds())
        unread = Progress("under way", "", elapsed)
        return progress.get(self.migration_id or -1, unread)


def _event_of(entry: Entry) -> tuple[str, str, bool]:
    """Convert a line of the journal to an event: text, server, warning."""
    id, data = entry.server, entry.data
    match entry.kind:
        case "disabled":
            text = (
                f"{data['host']}: nova-compute is disabled: no new servers"
                " will be scheduled there"
            )
            return text, "", False
        case "enable":
            return f"{data['host']}: nova-compute is enabled", "", False
        case "again":
            host = data["destination"] or "any host"
            text = f"replanned: {data['way']} to {host}, as {data['why']}"
            return text, id, False
        case "abort":
            return "stalled: aborting", id, True
    return "", "", False


def _over(state: RunState) -> errors.MigrateError:
    if state.stage is Stage.CANCELLED:
        return errors.MigrateError(f"run {state.run} was cancelled")
    process = state.process
    named = f"process {process.pid}" if process else "its process"
    return errors.MigrateError(
        f"run {state.run} has not ended, but {named} has; moves under way"
        " continue in Nova. To continue the run: openstack migrate drain"
        f" --resume {state.run}"
    )


def stop(name: str, journal_dir: pathlib.Path | None) -> RunState:
    """Stop a run on this machine, like a first Ctrl-C.

    :returns: the run as it was just before.
    :raises NotFound: no such run.
    :raises MigrateError: it is not in progress, or its process could not be
        identified; no signal was sent.
    """
    journal_dir = journal_dir or journals.directory()
    journal = Journal.open(journal_dir, name)
    with contextlib.closing(journal):
        state = run_state.read(journal)
    if state.stage is Stage.ENDED:
        raise errors.MigrateError(
            f"run {state.run} has ended; see: openstack migrate run show"
            f" {state.run}"
        )
    if state.stage in (Stage.DIED, Stage.CANCELLED):
        raise _over(state)
    if state.process is None:
        raise errors.MigrateError(
            f"the journal of run {state.run} does not name its process."
            " It was begun by an older version, or has not begun."
            " Nothing was sent; press Ctrl-C where it runs"
        )
    state.process.terminate()
    return state
