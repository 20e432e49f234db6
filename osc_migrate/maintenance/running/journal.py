"""The journal of a run: its intentions and their results.

One sqlite3 file for each run; lines are only appended. Each line is on disk
before the call that it announces is made: whenever a process is killed, the
file shows what may have been requested from Nova.
"""

import dataclasses
import datetime
import json
import os
import pathlib
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from osc_migrate import errors, private_files
from osc_migrate.maintenance.running import typed
from osc_migrate.redact import mask_secrets
from osc_migrate.text import printable

# Format of a file; others are not read.
FORMAT = "1"
_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
# Kind of a line -> required fields and their types.
_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "disable": {"host": str, "enabled": bool, "reason": str | None},
    "order": {"plan": str, "request": dict, "options": dict, "homes": dict},
}
# Kinds whose reasons are restored unchanged.
_EXACT = ("disable", "enable")
_SCHEMA = """
CREATE TABLE entries (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    server TEXT NOT NULL,
    data TEXT NOT NULL
)
"""


class JournalError(errors.MigrateError):
    """A journal cannot be read or written; nothing is done without one."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line.

    :ivar at: UTC.
    :ivar server: server ID; empty if the line is about the run.
    """

    n: int
    at: datetime.datetime
    kind: str
    server: str
    data: Mapping[str, Any]


def directory() -> pathlib.Path:
    """Return the journal directory, following the XDG specification."""
    state = os.environ.get("XDG_STATE_HOME", "")
    # The specification says to ignore relative paths.
    if not os.path.isabs(state):
        state = str(pathlib.Path.home() / ".local" / "state")
    return pathlib.Path(state, "osc-migrate", "runs")


def new_name() -> str:
    """Return a unique name for a new run; names sort by time."""
    now = datetime.datetime.now(datetime.UTC)
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def make_directory(path: pathlib.Path) -> pathlib.Path:
    """Create the directory, readable by its user only.

    :raises JournalError: it cannot be created.
    """
    try:
        private_files.make_directory(path)
    except OSError as error:
        raise JournalError(
            f"no journal can be kept in {path}: {error}; choose another"
            " directory with --journal-dir"
        ) from error
    return path


# Exceptions of sqlite3; the second one for a broken file whose error message
# is not UTF-8.
_BROKEN = (sqlite3.Error, UnicodeError)


class Journal:
    """The journal of one run; thread-safe."""

    def __init__(self, path: pathlib.Path, run: str) -> None:
        self.path = path
        self.run = run
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None, timeout=10
            )
            self._db.execute("PRAGMA synchronous=FULL")
        except _BROKEN as error:
            raise self._broken(error) from error

    @classmethod
    def create(cls, journal_dir: pathlib.Path, run: str = "") -> "Journal":
        """Create the journal of a new run.

        :param run: its name, from :func:`new_name`.
        :raises JournalError: it cannot be written.
        """
        make_directory(journal_dir)
        run = run or new_name()
        path = journal_dir / f"{run}.sqlite"
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except OSError as error:
            raise JournalError(
                f"the journal {path} cannot be written: {error}; choose"
                " another directory with --journal-dir"
            ) from error
        journal = cls(path, run)
        journal._execute(_SCHEMA)
        journal.note("format", version=FORMAT)
        return journal

    @classmethod
    def open(cls, journal_dir: pathlib.Path, run: str) -> "Journal":
        """Open the journal of a run.

        :raises NotFound: there is none.
        :raises JournalError: it cannot be read.
        """
        path = journal_dir / f"{run}.sqlite"
        if not _NAME.fullmatch(run) or not os.path.lexists(path):
            raise errors.NotFound(
                "run",
                printable(run),
                f"'openstack migrate run list' shows those in {journal_dir}",
            )
        try:
            private_files.require_private_directory(journal_dir)
            private_files.require_private_file(path)
        except OSError as error:
            raise JournalError(f"{path} is not read: {error}") from error
        journal = cls(path, run)
        first = next(journal.entries(), None)
        if first is None or first.data.get("version") != FORMAT:
            raise JournalError(
                f"{path} is not a journal of this version; nothing was changed"
            )
        return journal

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def note(self, kind: str, server: str = "", **data: object) -> None:
        """Append a line; it is on disk when this returns.

        :raises JournalError: it cannot be written.
        """
        at = datetime.datetime.now(datetime.UTC).isoformat()
        if kind not in _EXACT:
            data = {key: _masked(key, value) for key, value in data.items()}
        self._execute(
            "INSERT INTO entries (at, kind, server, data) VALUES (?, ?, ?, ?)",
            (at, kind, server, json.dumps(data, sort_keys=True)),
        )

    def entries(self, *kinds: str) -> Iterator[Entry]:
        """Yield all lines, or those of some kinds, oldest first.

        :raises JournalError: it cannot be read.
        """
        try:
            with self._lock:
                rows = self._db.execute(
                    "SELECT n, at, kind, server, data FROM entries ORDER BY n"
                ).fetchall()
            for row in rows:
                entry = _entry(*row)
                if not kinds or entry.kind in kinds:
                    yield entry
        except (
            sqlite3.Error,
            KeyError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            raise self._broken(error) from error

    def last(self, kind: str) -> Entry | None:
        """Return the newest line of that kind."""
        return next(reversed(list(self.entries(kind))), None)

    def _execute(
        self, statement: str, values: tuple[object, ...] = ()
    ) -> None:
        try:
            with self._lock:
                self._db.execute(statement, values)
        except _BROKEN as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> JournalError:
        detail = printable(error, 200) or type(error).__name__
        return JournalError(
            f"the journal {self.path} cannot be used: {detail}"
        )


def _masked(key: str, value: object) -> object:
    """Mask secrets in reasons, which contain messages of services."""
    if key == "reason" and isinstance(value, str):
        return mask_secrets(value)
    if isinstance(value, Mapping):
        return {name: _masked(name, inner) for name, inner in value.items()}
    return value


def _entry(n: Any, at: Any, kind: Any, server: Any, data: Any) -> Entry:
    """:raises KeyError, RecursionError, TypeError, ValueError: invalid."""
    entry = Entry(
        n, datetime.datetime.fromisoformat(at), kind, server, json.loads(data)
    )
    typed.require(entry, Entry, f"line {n}")
    if entry.at.tzinfo is None:
        raise ValueError(f"line {n} has a time without its zone")
    for name, hint in _FIELDS.get(entry.kind, {}).items():
        if name not in entry.data:
            raise ValueError(f"line {n} has no '{name}'")
        typed.require(entry.data[name], hint, f"'{name}' in line {n}")
    return entry


def runs(journal_dir: pathlib.Path) -> list[str]:
    """Return the runs with a journal there, newest first.

    :raises JournalError: others may have placed journals there.
    """
    if not journal_dir.is_dir():
        return []
    try:
        private_files.require_private_directory(journal_dir)
    except OSError as error:
        raise JournalError(
            f"no journal is read in {journal_dir}: {error}"
        ) from error
    names = (path.stem for path in journal_dir.glob("*.sqlite"))
    return sorted((n for n in names if _NAME.fullmatch(n)), reverse=True)
