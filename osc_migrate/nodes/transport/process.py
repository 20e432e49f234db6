"""A local process with three pipes that never block."""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
import typing
from collections.abc import Callable, Sequence

# Bytes per read.
_CHUNK = 65536
# Seconds between checks whether the process exists: its children may keep the
# pipes open.
_TICK = 0.2
# Seconds for it to exit after the end of its input.
_GRACE = 0.2


def environment() -> dict[str, str]:
    """Return the environment for a program that connects to a node.

    Messages of ssh and sudo are parsed, so they must be in English. No node
    gets the credentials of the cloud.
    """
    inherited = {n: v for n, v in os.environ.items() if n[:3] != "OS_"}
    return inherited | {"LC_ALL": "C", "LANGUAGE": ""}


class Process:
    """Runs `argv` in a separate session, so that all of it can be killed.

    :raises OSError: the program does not exist or may not be run.
    """

    def __init__(
        self,
        argv: Sequence[str],
        out: Callable[[bytes], None],
        err: Callable[[bytes], None],
    ) -> None:
        self._popen = subprocess.Popen(  # noqa: S603 - argv, no shell
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            env=environment(),
        )
        self._lock = threading.Lock()
        self._unsent = bytearray()
        self._selector = selectors.DefaultSelector()
        for pipe, sink in (
            (self._popen.stdout, out),
            (self._popen.stderr, err),
        ):
            os.set_blocking(pipe.fileno(), False)  # type: ignore[union-attr]
            self._selector.register(
                typing.cast(typing.IO[bytes], pipe), selectors.EVENT_READ, sink
            )
        self._input = typing.cast(typing.IO[bytes], self._popen.stdin)
        os.set_blocking(self._input.fileno(), False)
        self._reading = 2
        self.ended = False

    def write(self, data: bytes) -> None:
        """Queue `data` for the process; :meth:`pump` sends it."""
        if not self._unsent and not self._input.closed:
            self._selector.register(self._input, selectors.EVENT_WRITE)
        self._unsent += data

    def pump(self, patience: float) -> None:
        """Transfer data for at most `patience` seconds.

        Sets `ended` when nothing more will come.
        """
        ready = self._selector.select(max(0.0, min(patience, _TICK)))
        for key, _ in ready:
            if key.fileobj is self._input:
                self._send()
            else:
                self._receive(key)
        if not self._reading or (not ready and self._exited()):
            self.ended = True

    def _send(self) -> None:
        try:
            del self._unsent[: os.write(self._input.fileno(), self._unsent)]
        except BlockingIOError:
            return
        except OSError:  # It has ended; its last output is still to be read.
            self._unsent.clear()
            self._selector.unregister(self._input)
            self._input.close()
            return
        if not self._unsent:
            self._selector.unregister(self._input)

    def _receive(self, key: selectors.SelectorKey) -> None:
        try:
            data = os.read(key.fd, _CHUNK)
        except BlockingIOError:
            return
        if data:
            key.data(data)
        else:
            self._selector.unregister(key.fileobj)
            self._reading -= 1

    def _exited(self) -> bool:
        """Return whether it has ended; it is not reaped, to keep its ID."""
        if self._popen.returncode is not None:
            return True
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._popen.pid, flags) is not None

    def signal(self) -> None:
        """Kill it and all its children; from any thread."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._popen.returncode is None:
                os.killpg(self._popen.pid, signal.SIGKILL)

    def finish(self) -> None:
        """Close its input, which makes a shell exit."""
        if not self._input.closed:
            if self._unsent:
                self._selector.unregister(self._input)
            self._input.close()

    def close(self, grace: float = _GRACE) -> int:
        """Wait for it, kill it after `grace` seconds, and reap it.

        :returns: its exit status; negative if a signal ended it.
        """
        if self._popen.returncode is not None:
            return self._popen.returncode
        end = time.monotonic() + grace
        self.finish()
        while not self._exited() and time.monotonic() < end:
            time.sleep(0.002)
        self.signal()
        with self._lock:
            status = self._popen.wait()
        self._selector.close()
        for pipe in (self._popen.stdout, self._popen.stderr):
            pipe.close()  # type: ignore[union-attr]
        return status
