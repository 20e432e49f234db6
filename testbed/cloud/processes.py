"""Start, recognise and stop the processes of a cloud.

A process is identified by its PID *and* its start time: the kernel reuses
PIDs, and stopping an unrelated process would be worse than leaving one of
ours running.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: the directory that holds the package ``functional_tests``
ROOT = pathlib.Path(__file__).parents[2]


@dataclass(frozen=True)
class Process:
    """A started service, as recorded in the state file."""

    name: str
    pid: int
    started: int

    @property
    def alive(self) -> bool:
        """Whether this very process still runs and is not a zombie."""
        return _start_time(self.pid) == self.started

    @property
    def entry(self) -> dict[str, int]:
        """The process as an entry of the state file."""
        return {"pid": self.pid, "started": self.started}


def _start_time(pid: int) -> int | None:
    """Return the start time in clock ticks since boot; None if it is gone."""
    try:
        with open(
            f"/proc/{pid}/stat", encoding="ascii", errors="replace"
        ) as f:
            # The command's name is in brackets and may contain anything.
            fields = f.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def describe(name: str, pid: int) -> Process:
    """Return the record of a running process, such as this one."""
    started = _start_time(pid)
    return Process(name, pid, -1 if started is None else started)


def spawn(
    name: str,
    module: str,
    arguments: Sequence[str],
    log: pathlib.Path,
    pass_fds: Sequence[int],
    environment: Mapping[str, str] | None = None,
) -> tuple[Process, subprocess.Popen[bytes]]:
    """Run one of our modules in a separate session and process group."""
    env = {**os.environ, **(environment or {})}
    env["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), env.get("PYTHONPATH")])
    )
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    return spawn_command(name, command, log, pass_fds, env)


def spawn_command(
    name: str,
    command: Sequence[str],
    log: pathlib.Path,
    pass_fds: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> tuple[Process, subprocess.Popen[bytes]]:
    """Run any command in a separate session and process group.

    :param environment: variables in addition to this process's own
    """
    with open(log, "ab") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=log.parent,
            env={**os.environ, **(environment or {})},
            pass_fds=pass_fds,
            start_new_session=True,
        )
    return describe(name, child.pid), child


def stop(processes: Iterable[Process], patience: float = 5.0) -> list[str]:
    """Send TERM, then KILL, to the process groups that are ours; wait.

    :returns: names of the processes that had to be killed
    """
    left = [process for process in processes if process.alive]
    for process in left:
        _signal_group(process, signal.SIGTERM)
    left = _wait(left, patience)
    killed = [process.name for process in left]
    for process in left:
        _signal_group(process, signal.SIGKILL)
    _wait(left, patience)
    return killed


def _signal_group(process: Process, number: signal.Signals) -> None:
    if process.alive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _wait(processes: list[Process], patience: float) -> list[Process]:
    end = time.monotonic() + patience
    while (left := [p for p in processes if p.alive]) and (
        time.monotonic() < end
    ):
        _reap(left)
        time.sleep(0.02)
    return left


def _reap(processes: Iterable[Process]) -> None:
    """Reap our own children, which would remain zombies otherwise."""
    for process in processes:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
