"""How far a run is, by its journal and its process."""

import dataclasses
import datetime
import enum
import re

from osc_migrate.maintenance.running import process as processes
from osc_migrate.maintenance.running.journal import Entry, Journal
from osc_migrate.maintenance.running.process import Presence, Process

_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")


class Stage(enum.StrEnum):
    """Of a whole run."""

    AT_WORK = "at work"
    # Its process ended before it did.
    DIED = "died"
    ENDED = "ended"
    CANCELLED = "cancelled"
    # It has not ended, and its process cannot be looked at from here.
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class RunState:
    """Of one run.

    :ivar process: the last one that did it; None where the journal does not
        say.
    :ivar end: the line of its end; None while it has not ended.
    """

    run: str
    stage: Stage
    started_at: datetime.datetime | None = None
    process: Process | None = None
    end: Entry | None = None


def read(journal: Journal) -> RunState:
    """:raises JournalError: it cannot be read."""
    state = _read(journal)
    # It may have written its end just before its process was looked at.
    return _read(journal) if state.stage is Stage.DIED else state


def _read(journal: Journal) -> RunState:
    begin: Entry | None = None
    end: Entry | None = None
    first: Entry | None = None
    for entry in journal.entries("format", "begin", "end", "cancelled"):
        first = first or entry
        if entry.kind == "begin":
            # A run that was resumed has another end.
            begin, end = entry, None
        elif entry.kind in ("end", "cancelled"):
            end = entry
    process = processes.read(begin.data.get("process")) if begin else None
    state = RunState(
        journal.run,
        _stage(begin, end, process),
        first.at if first else None,
        process,
        end if end and end.kind == "end" else None,
    )
    return state


def _stage(
    begin: Entry | None, end: Entry | None, process: Process | None
) -> Stage:
    if end is not None:
        return Stage.CANCELLED if end.kind == "cancelled" else Stage.ENDED
    if begin is None or process is None:
        return Stage.UNKNOWN
    return {
        Presence.ALIVE: Stage.AT_WORK,
        Presence.ENDED: Stage.DIED,
        Presence.UNKNOWN: Stage.UNKNOWN,
    }[process.presence()]


def is_name(text: str) -> bool:
    """Whether it could name a run."""
    return _NAME.fullmatch(text) is not None
