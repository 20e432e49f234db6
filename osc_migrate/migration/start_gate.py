"""The one gate that requests which start something pass on their way to Nova.

Closing it is final. What is under way is followed, aborted and confirmed all
the same: only new moves and stops of servers pass here.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator

from osc_migrate import errors


class Closed(errors.MigrateError):
    """Nothing new may be started; nothing was sent."""


class StartGate:
    """Open until :meth:`close`.

    :ivar why: the reason it is closed; empty while it is open.
    """

    def __init__(self) -> None:
        # Reentrant: a signal handler may close it while its thread does.
        self._lock = threading.RLock()
        self._sending = 0
        self._closed: Callable[[], None] | None = None
        self.reason = ""

    def check(self) -> None:
        """:raises Closed: nothing new may be started."""
        if self.reason:
            raise Closed(self.reason)

    @contextlib.contextmanager
    def passing(self) -> Iterator[None]:
        """Sends one request that starts something.

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
        """From now on no request passes.

        :param closed: called once, when no request is being sent any more:
            at once, or by the thread of the last one. Not called when the
            gate is closed already.
        :returns: the number of requests that are being sent right now.
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
        """What to call when closed and empty; once. The lock is held."""
        if self._sending or self._closed is None:
            return None
        closed, self._closed = self._closed, None
        return closed
