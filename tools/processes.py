"""Runs commands in separate process groups, all of which end with us."""

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from testbed.cloud.guard import Guard

_SUBREAPER = 36  #: PR_SET_CHILD_SUBREAPER
_PATIENCE = 15.0  #: seconds until a group that was asked to end is killed
_GUARDS = 60.0  #: seconds for what brings clouds and labs down


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP do what Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Groups:
    """Commands under way."""

    def __init__(self) -> None:
        self._running: dict[subprocess.Popen[Any], Guard] = {}
        self._lock = threading.Lock()
        self._ended = False

    def call(self, command: Sequence[str]) -> int:
        """Run a command to its end; its exit status."""
        return self._run(command)[0]

    def output(self, command: Sequence[str]) -> tuple[int, str]:
        """The same, with what it says."""
        return self._run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def _run(self, command: Sequence[str], **options: Any) -> tuple[int, str]:
        with self._lock:
            if self._ended:
                return -signal.SIGTERM, "interrupted"
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **options,
            )
            self._running[process] = Guard.of_group(process.pid)
        said, _ = process.communicate()
        with self._lock:
            if guard := self._running.pop(process, None):
                guard.release()
        return process.returncode, said or ""

    def end(self) -> list[str]:
        """End all of them, and wait until nothing is left of them.

        :returns: the command lines of what had to be killed besides
        """
        # Who loses its parent now becomes our child, so none is missed.
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        with self._lock:
            self._ended = True
            running, self._running = self._running, {}
        for process in running:
            _signal(process, signal.SIGINT)
        end = time.monotonic() + _PATIENCE
        while any(p.poll() is None for p in running):
            if time.monotonic() > end:
                break
            time.sleep(0.1)
        for process, guard in running.items():
            _signal(process, signal.SIGKILL)
            guard.release()
        end = time.monotonic() + _GUARDS
        while time.monotonic() < end:
            # First: of a process that is dying, the children are not ours yet.
            dying = [p for p in running if _has_members(p)]
            if not children() and not dying:
                break
            time.sleep(0.1)
        return _kill(children())


def _has_members(process: subprocess.Popen[Any]) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _signal(process: subprocess.Popen[Any], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def children() -> dict[int, str]:
    """The children of this process that live: pid, and command line."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The command's name is in brackets and may contain anything.
            fields = path.read_text(errors="replace").rpartition(")")[2]
            state, parent, *_ = fields.split()
            if int(parent) == os.getpid():
                pid = int(path.parent.name)
                if state in "ZX":
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)
                    continue
                line = path.with_name("cmdline").read_bytes()
                found[pid] = line.decode(errors="replace").replace("\0", " ")
    return found


def _kill(left: dict[int, str]) -> list[str]:
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return list(left.values())
