"""A UNIX socket connected to a program: ssh, which connects to libvirt.

libvirt's module can start ssh itself, but not with our options. It is given
this socket instead, so that nodes are reached in the same way as by our
shells. Killing the program ends every call that waits for the socket.
"""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence

from osc_migrate.nodes.transport.process import environment


class Tunnel:
    """Starts `argv` for the first connection, and accepts no second one.

    :raises OSError: the socket could not be created.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = list(argv)
        # The directory is accessible to its owner only.
        self._place = tempfile.TemporaryDirectory(prefix="osc-migrate-")
        self.path = os.path.join(self._place.name, "libvirt")
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self.path)
        self._server.listen(1)
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            end, _ = self._server.accept()
        except OSError:
            return  # closed before a client connected
        with end, self._lock, contextlib.suppress(OSError):
            if not self._closed:
                self._process = subprocess.Popen(  # noqa: S603 - argv
                    self._argv,
                    stdin=end.fileno(),
                    stdout=end.fileno(),
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    env=environment(),
                )

    def close(self) -> None:
        """Kill the program; from any thread, also repeatedly."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        with contextlib.suppress(OSError):
            # Closing alone does not interrupt accept() in another thread.
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._place.cleanup()
