"""The gate for all requests that start something.

Closing it is final. Moves in flight are still followed, aborted and confirmed:
only new moves and stops of servers pass through the gate.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator

from osc_migrate import errors


class Closed(errors.MigrateError):
    """Nothing may be started any more; no request was sent."""


class StartGate:
    """Open until :meth:`close`.

    :ivar why: why it was closed; empty while it is open.
    """

    def __init__(self) -> None:
        # Reentrant: a signal handler may close it in the thread that holds it.
        self._lock = threading.RLock()
        self._sending = 0
        self._closed: Callable[[], None] | None = None
        self.reason = ""

    def check(self) -> None:
        """:raises Closed: nothing may be started."""
        if self.reason:
            raise Closed(self.reason)

    @contextlib.contextmanager
    def passing(self) -> Iterator[None]:
        """Send one request that starts something.

        :raises Closed: it must not be sent.
        """
        with self._lock:
            self.check()
            self._sending += 1
        try:
            yield
        finally:
            with self._lock:
                self._sending -= 1
                closed = self._last()
            if closed:
                closed()

    def close(self, reason: str, closed: Callable[[], None]) -> int:
        """Let no further request pass.

        :param closed: called once when no request is being sent any more:
            at once, or by the thread of the last one. Not called if the gate
            was already closed.
        :returns: number of requests being sent at this moment.
        """
        with self._lock:
            if self.reason:
                return 0
            self.reason = reason
            self._closed = closed
            sending = self._sending
            now = self._last()
        if now:
            now()
        return sending

    def _last(self) -> Callable[[], None] | None:
        """Return what to call if closed and empty; once. Needs the lock."""
        if self._sending or self._closed is None:
            return None
        closed, self._closed = self._closed, None
        return closed
