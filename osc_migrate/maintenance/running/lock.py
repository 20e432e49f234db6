"""Locks a host for one run, until its process ends."""

import fcntl
import hashlib
import os
import pathlib

from osc_migrate import errors, private_files
from osc_migrate.maintenance.running import journal
from osc_migrate.text import printable


class HostLocked(errors.MigrateError):
    """Another run holds the host."""


class Lock:
    """Lock of one host of one cloud, within one journal directory."""

    def __init__(self, directory: pathlib.Path, cloud: str, host: str) -> None:
        name = hashlib.sha256(f"{cloud}\0{host}".encode()).hexdigest()[:32]
        self._path = directory / f"{name}.lock"
        self._host = host
        self._file: int | None = None

    def take(self, run: str) -> None:
        """:raises HostLocked: another run holds it.
        :raises JournalError: the file cannot be written."""
        journal.make_directory(self._path.parent)
        try:
            self._file = private_files.open_private(
                self._path, os.O_CREAT | os.O_RDWR
            )
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(self._file, 200, 0).decode(errors="replace")
                self.give()
                raise HostLocked(
                    f"{self._host} is locked by run"
                    f" {printable(holder.strip())}; nothing was changed."
                    " Watch it: openstack migrate watch --host"
                    f" {self._host}"
                ) from None
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{run} (process {os.getpid()})".encode(), 0)
        except OSError as error:
            raise journal.JournalError(
                f"{self._host} cannot be locked: {error}"
            ) from error

    def holder(self) -> str:
        """Return the run that took the lock last, or '' if unknown.

        It may have released it. Nothing is locked or created.
        """
        try:
            number = private_files.open_private(self._path, os.O_RDONLY)
        except OSError:
            return ""
        try:
            text = os.pread(number, 200, 0).decode(errors="replace")
        finally:
            os.close(number)
        return text.partition(" ")[0]

    def give(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
