"""Run a command on a pseudo-terminal, and return its output."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence


def on_a_terminal(
    words: Sequence[str], environment: Mapping[str, str], columns: int = 100
) -> tuple[int, str]:
    """Return the exit code, and both streams with escape sequences."""
    ours, theirs = pty.openpty()
    size = struct.pack("HHHH", 40, columns, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    environment = {**environment, "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)
    with subprocess.Popen(
        words, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65536):
                said += part
        except OSError:  # the last process has closed it
            pass
        code = process.wait(timeout=600)
    os.close(ours)
    return code, said.decode(errors="replace")
