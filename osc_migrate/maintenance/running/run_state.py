"""The stage of a run, from its journal and its process."""

import dataclasses
import datetime
import enum
import re

from osc_migrate.maintenance.running import process as processes
from osc_migrate.maintenance.running.journal import Entry, Journal
from osc_migrate.maintenance.running.process import Presence, ProcessIdentity

_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")


class Stage(enum.StrEnum):
    """Stage of a run."""

    AT_WORK = "at work"
    # Its process died.
    DIED = "died"
    ENDED = "ended"
    CANCELLED = "cancelled"
    # It has not ended, and its process cannot be checked from here.
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class RunState:
    """State of one run.

    :ivar process: its last process; None if the journal does not have it.
    :ivar end: the final line of the journal; None if it has not ended.
    """

    run: str
    stage: Stage
    started_at: datetime.datetime | None = None
    process: ProcessIdentity | None = None
    end: Entry | None = None


def read(journal: Journal) -> RunState:
    """Return the state of a run.

    :raises JournalError: it cannot be read.
    """
    state = _read(journal)
    # It may have written its end just before its process was checked.
    return _read(journal) if state.stage is Stage.DIED else state


def _read(journal: Journal) -> RunState:
    begin: Entry | None = None
    end: Entry | None = None
    first: Entry | None = None
    for entry in journal.entries("format", "begin", "end", "cancelled"):
        first = first or entry
        if entry.kind == "begin":
            # A resumed run has another end.
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
    begin: Entry | None, end: Entry | None, process: ProcessIdentity | None
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
    """Return whether it could be the name of a run."""
    return _NAME.fullmatch(text) is not None
