"""Stop everything that a process has started, even if it is killed.

A guard is a shell that reads from a pipe.  Only its owner holds the other
end, and the kernel closes that end however the owner dies; the guard then
runs one command.  It has a separate session, so that a signal that kills the
owner does not reach it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from testbed.cloud.processes import ROOT, Process, describe

#: a line read means: released
_SCRIPT = "trap '' HUP INT TERM; read -r line || exec \"$@\""


class Guard:
    """Run a command if this process ends before it calls `release`."""

    def __init__(self, command: Sequence[str]) -> None:
        path = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
        self._shell = subprocess.Popen(
            ["sh", "-c", _SCRIPT, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            start_new_session=True,
            bufsize=0,
        )

    @classmethod
    def of_lab(cls, module: str, state: str) -> "Guard":
        """Return a guard that takes down a lab of this process.

        :param module: module whose command line has `down`
        """
        return cls(
            [
                *(sys.executable, "-W", "ignore", "-m", module, "down"),
                *("--state", state, "--owner", owner_text(this_process())),
            ]
        )

    @classmethod
    def of_group(cls, leader: int) -> "Guard":
        """Return a guard that kills a process group."""
        return cls(["sh", "-c", 'kill -s KILL -- "-$1"', "sh", str(leader)])

    def release(self) -> None:
        """Stop the guard without running its command."""
        if self._shell.poll() is None:
            try:
                self._shell.stdin.write(b"released\n")
            except BrokenPipeError:
                self._shell.send_signal(signal.SIGKILL)
        self._shell.stdin.close()
        self._shell.wait()


def this_process() -> Process:
    """Return the record of this process."""
    return describe("owner", os.getpid())


def owner_text(owner: Process) -> str:
    """Format an owner as an argument for the command line."""
    return f"{owner.pid}:{owner.started}"
