"""A state directory with a file that records the running processes."""

import fcntl
import json
import os
import pathlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from testbed.cloud.guard import owner_text
from testbed.cloud.processes import Process

_PATIENCE = 600.0  #: seconds to wait for another `up` or `down`


class Record:
    """Something that is recorded by a file of facts in its own directory."""

    #: its name in messages, and the exception to raise
    what = "cloud"
    error: type[Exception] = RuntimeError

    def __init__(
        self, path: pathlib.Path | str, marker: str, lock: str
    ) -> None:
        self.path = pathlib.Path(path).absolute()
        self.marker = self.path / marker
        self.lock = self.path / lock

    @property
    def exists(self) -> bool:
        """Whether one was started here and not yet removed."""
        return self.marker.is_file()

    def refuse_other(self) -> None:
        """:raises error: the directory holds something else."""
        found = (
            {one.name for one in self.path.iterdir()}
            if self.path.is_dir()
            else set()
        )
        if not self.exists and found - {self.lock.name}:
            raise self.error(
                f"{self.path} is not empty and holds no {self.what}; "
                "choose another --state"
            )

    def load(self) -> dict[str, Any]:
        """Return the recorded facts; empty if there are none."""
        try:
            return json.loads(self.marker.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as exc:
            raise self.error(f"{self.marker} cannot be read: {exc}") from exc

    def write(self, facts: dict[str, Any]) -> None:
        """Record these facts atomically."""
        new = self.marker.with_suffix(".new")
        new.write_text(json.dumps(facts, indent=1) + "\n")
        new.replace(self.marker)

    def processes(self) -> list[Process]:
        """Return the recorded processes, dead or alive."""
        return [
            Process(name, entry["pid"], entry["started"])
            for name, entry in self.load().get("processes", {}).items()
        ]

    def owner(self) -> Process | None:
        """Return the process with which it ends; None if independent."""
        entry = self.load().get("owner")
        return entry and Process("owner", entry["pid"], entry["started"])

    @property
    def abandoned(self) -> bool:
        """Whether its owner is gone, so that it should have ended too."""
        owner = self.owner()
        return owner is not None and not owner.alive

    def belongs_to_another(self, owner: str | None) -> bool:
        """Whether it was restarted since a guard's owner ended.

        Call it with the lock held: an `up` may be in progress.

        :param owner: see guard.owner_text; None for any process
        """
        if owner is None:
            return False
        now = self.owner()
        return now is None or owner_text(now) != owner

    def remove(self) -> None:
        """Delete the contents of the directory, if it is one of ours.

        The lock remains: its holder removes it, and then the directory.
        """
        if not self.exists:
            return
        for path in self.path.iterdir():
            if path not in (self.marker, self.lock):
                self.delete(path)
        self.marker.unlink()

    def delete(self, path: pathlib.Path) -> None:
        """Delete a file or a directory tree."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    @contextmanager
    def locked(self, patience: float = _PATIENCE) -> Iterator[None]:
        """Hold the lock against any other `up` and `down`.

        :param patience: seconds to wait for the lock
        :raises error: another one holds it for longer
        """
        lock = self._take_lock(time.monotonic() + patience)
        try:
            yield
        finally:
            # It was never created, or was removed: remove the lock too.
            if not self.exists and self._is_the_lock(lock):
                with suppress(OSError):
                    self.lock.unlink()
                    self.path.rmdir()
            lock.close()

    def _take_lock(self, deadline: float) -> IO[str]:
        while True:
            self.path.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # the directory was removed
                lock = open(self.lock, "w")  # noqa: SIM115
                with suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if self._is_the_lock(lock):
                        return lock
                lock.close()
            if time.monotonic() > deadline:
                raise self.error(
                    f"another `up` or `down` of the {self.what} in {self.path}"
                    " does not end"
                )
            time.sleep(0.05)

    def _is_the_lock(self, lock: IO[str]) -> bool:
        """Whether the locked file is still the one at the lock's path."""
        try:
            return os.path.samestat(
                os.fstat(lock.fileno()), os.stat(self.lock)
            )
        except FileNotFoundError:
            return False
