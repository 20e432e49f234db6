"""Control groups, used only to find all processes of a node.

A process is moved into its group before it executes the command, and all
descendants inherit it, so that none is missed, even if this program is killed
halfway.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from testbed.nodes.errors import LabError

_TOP = pathlib.Path("/sys/fs/cgroup")
_ENTER = 'for f in $GROUPS; do echo $$ >"$f"; done; unset GROUPS; exec "$@"'


def _hierarchies() -> list[pathlib.Path]:
    """Return the directories for groups: one, or two on a hybrid system."""
    if (_TOP / "cgroup.procs").exists():
        return [_TOP]
    found = [_TOP / name for name in ("unified", "systemd")]
    found = [path for path in found if (path / "cgroup.procs").exists()]
    if not found:
        raise LabError(f"no cgroup hierarchy in {_TOP}")
    return found


def hybrid() -> bool:
    """Whether the system has both versions of cgroups, not only v2."""
    return not (_TOP / "cgroup.procs").exists()


def spawn(
    group: str,
    command: Sequence[str],
    output: IO[str],
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Run a command in a separate group and session."""
    files = []
    for top in _hierarchies():
        path = top / group
        path.mkdir(parents=True, exist_ok=True)
        files.append(str(path / "cgroup.procs"))
    return subprocess.Popen(
        ["sh", "-c", _ENTER, "sh", *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**os.environ, **(environment or {}), "GROUPS": " ".join(files)},
        start_new_session=True,
    )


def _below(group: str) -> Iterator[pathlib.Path]:
    """Yield the directories of a group, inner ones first."""
    for top in _hierarchies():
        for path, _, _ in os.walk(top / group, topdown=False):
            yield pathlib.Path(path)


def pids(group: str) -> set[int]:
    """Return the PIDs of a group and of its subgroups."""
    found: set[int] = set()
    for path in _below(group):
        with contextlib.suppress(OSError):
            text = (path / "cgroup.procs").read_text()
            found.update(map(int, text.split()))
    return found - {0}


def kill(group: str, patience: float = 10.0) -> None:
    """Kill all processes of a group, and wait until they are gone.

    :param patience: seconds to wait
    :raises LabError: some are still alive
    """
    end = time.monotonic() + patience
    while left := pids(group):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in left:  # reap our own children
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > end:
            raise LabError(f"cannot be killed: {sorted(left)} in {group}")
        time.sleep(0.02)


def remove(group: str) -> None:
    """Remove a group without processes; no error if it does not exist."""
    for path in list(_below(group)):
        for _ in range(50):  # a process just killed may still be counted
            try:
                path.rmdir()
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.02)
            else:
                break
