"""What a process has started ends with it, even when it is killed.

A guard is a shell that reads from a pipe.  Only the process that has started
it holds the other end, and the kernel closes that end whatever the process
dies of; then the guard runs one command.  The guard has a session of its own,
so that what kills its owner does not reach it.
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
    """Runs a command when this process ends before it has let go."""

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
        """Bring a lab of this process down.

        :param module: whose command line has `down`
        """
        return cls(
            [
                *(sys.executable, "-W", "ignore", "-m", module, "down"),
                *("--state", state, "--owner", owner_text(this_process())),
            ]
        )

    @classmethod
    def of_group(cls, leader: int) -> "Guard":
        """Kill a process group."""
        return cls(["sh", "-c", 'kill -s KILL -- "-$1"', "sh", str(leader)])

    def release(self) -> None:
        """There is nothing left to be ended."""
        if self._shell.poll() is None:
            try:
                self._shell.stdin.write(b"released\n")
            except BrokenPipeError:
                self._shell.send_signal(signal.SIGKILL)
        self._shell.stdin.close()
        self._shell.wait()


def this_process() -> Process:
    """The record of this process."""
    return describe("owner", os.getpid())


def owner_text(owner: Process) -> str:
    """How the command line is given an owner."""
    return f"{owner.pid}:{owner.started}"
