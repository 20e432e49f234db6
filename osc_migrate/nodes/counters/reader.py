"""Reads the job of a migration periodically, in a separate thread.

The follower of the move takes the last reading and never waits: if a node
hangs or is lost, only the finer numbers are missing.
"""

import contextlib
import dataclasses
import logging
import threading
import time
import typing
from collections.abc import Callable, Mapping

from osc_migrate.facts import Unread
from osc_migrate.nodes.counters.job import Job, job

LOG = logging.getLogger(__name__)
# Seconds between two readings.
INTERVAL = 0.5
# Older readings are less useful than Nova's counters.
FRESH = 3.0
# A reading that takes longer is abandoned together with its connection.
HUNG = 10.0
# Readings without a job, after some with one, that mean that it has ended.
_ABSENT = 2
# Seconds until a lost connection is retried, at first and at most.
_FIRST_RETRY, _LAST_RETRY = 1.0, 30.0


class Reader(typing.Protocol):
    """A connection to one node's libvirt."""

    def job(self, server_id: str) -> Mapping[str, int]: ...

    def close(self) -> None:
        """Abandon pending calls; from any thread."""


class CounterReader:
    """The job of one server's migration, from libvirt on its source.

    :param connect: returns a Reader at once; it connects on the first reading.
    :ivar trouble: why the last reading failed, or ''.
    """

    def __init__(
        self,
        connect: Callable[[], Reader],
        server_id: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._server_id = server_id
        self._now = now
        self._stopped = threading.Event()
        self._reader: Reader | None = None
        self._last: Job | None = None
        self._last_job: Job | None = None
        self._absent = 0
        # When the pending reading was started; None if none is pending.
        self._waiting: float | None = None
        self.trouble = ""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> typing.Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._close()
        # If it hangs nevertheless, it ends with the process.
        self._thread.join(1.0)

    def latest(self) -> Job | None:
        """Return the last reading; None if outdated or without a migration."""
        since = self._waiting
        if since is not None and self._now() - since > HUNG:
            self._close()
        last = self._last
        if last is None or self._now() - last.at > FRESH:
            return None
        return last

    def _run(self) -> None:
        pause = _FIRST_RETRY
        while not self._stopped.is_set():
            try:
                reader = self._reader = self._connect()
                while not self._stopped.is_set():
                    self._read(reader)
                    pause = _FIRST_RETRY
                    self._stopped.wait(INTERVAL)
            except Unread as unread:
                self.trouble = unread.reason
            except Exception as error:
                LOG.debug("reading libvirt", exc_info=True)
                self.trouble = f"{type(error).__name__}: {error}"
            self._close()
            self._stopped.wait(pause)
            pause = min(2 * pause, _LAST_RETRY)

    def _read(self, reader: Reader) -> None:
        started = self._waiting = self._now()
        try:
            self._last = self._judged(
                job(reader.job(self._server_id), started), started
            )
        finally:
            self._waiting = None
        self.trouble = ""

    def _judged(self, reading: Job | None, at: float) -> Job | None:
        """Return the reading or, after the end, the last one as over."""
        if reading is not None:
            self._last_job, self._absent = reading, 0
            return reading
        self._absent += 1
        if self._last_job is None or self._absent < _ABSENT:
            return None
        return dataclasses.replace(self._last_job, at=at, over=True)

    def _close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            with contextlib.suppress(Exception):
                reader.close()
