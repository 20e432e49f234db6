"""The state of each server, from the journal."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any

from osc_migrate.maintenance.running import typed
from osc_migrate.maintenance.running.journal import Entry
from osc_migrate.maintenance.running.results import FINAL, Result, Row


@dataclasses.dataclass(frozen=True)
class StartedMove:
    """A move that was intended, and may have been requested.

    :ivar after: ID of the server's newest migration record before it.
    :ivar status: the server's status before it.
    :ivar at: time, UTC.
    :ivar aborted: whether the run aborted it because it stalled.
    """

    after: int
    status: str
    at: datetime.datetime
    way: str
    destination: str | None
    aborted: bool = False


@dataclasses.dataclass
class ServerRecord:
    """State of one server.

    :ivar started: a move not known to have ended.
    :ivar row: the result, if it is final.
    """

    started: StartedMove | None = None
    row: Row | None = None


def replay(entries: Iterable[Entry]) -> dict[str, ServerRecord]:
    """Return server ID -> state.

    :raises KeyError, TypeError, ValueError: not a journal of a run.
    """
    states: dict[str, ServerRecord] = {}
    now = datetime.datetime.now(datetime.UTC)
    for entry in entries:
        if not entry.server:
            continue
        state = states.setdefault(entry.server, ServerRecord())
        if entry.kind == "move":
            state.started = StartedMove(
                entry.data["after"],
                entry.data["status"],
                # A wrong clock at that time must not cause a delay now.
                min(entry.at, now),
                entry.data["way"],
                entry.data["destination"],
            )
            typed.require(state.started, StartedMove, "move")
        elif entry.kind == "abort" and state.started is not None:
            state.started = dataclasses.replace(state.started, aborted=True)
        elif entry.kind == "refused":
            state.started = None
        elif entry.kind == "row":
            row = row_of(entry.data["row"])
            if row.outcome in FINAL:
                state.started, state.row = None, row
    return states


def row_of(data: dict[str, Any]) -> Row:
    row = Row(**{**data, "outcome": Result(data["outcome"])})
    typed.require(row, Row, "row")
    return row
