"""What a journal says of each server: what was begun, and what became."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any

from osc_migrate.maintenance.running import typed
from osc_migrate.maintenance.running.journal import Entry
from osc_migrate.maintenance.running.results import FINAL, Result, Row


@dataclasses.dataclass(frozen=True)
class StartedMove:
    """A move that was intended, and perhaps asked for.

    :ivar after: the server's newest migration record before it.
    :ivar status: the server's own before it.
    :ivar at: when, UTC.
    :ivar aborted: the run aborted it, as it stalled.
    """

    after: int
    status: str
    at: datetime.datetime
    way: str
    destination: str | None
    aborted: bool = False


@dataclasses.dataclass
class State:
    """Of one server.

    :ivar started: not yet known to have ended.
    :ivar row: what became of it, if that is final.
    """

    started: StartedMove | None = None
    row: Row | None = None


def replay(entries: Iterable[Entry]) -> dict[str, State]:
    """Server ID -> how it stands.

    :raises KeyError, TypeError, ValueError: it is not a journal of a run.
    """
    states: dict[str, State] = {}
    now = datetime.datetime.now(datetime.UTC)
    for entry in entries:
        if not entry.server:
            continue
        state = states.setdefault(entry.server, State())
        if entry.kind == "move":
            state.started = StartedMove(
                entry.data["after"],
                entry.data["status"],
                # A clock that was wrong then must not delay us now.
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
