"""The process that does a run, named so that no other is taken for it.

A process ID is used again after its process has ended. Together with the
moment at which the process began, and the boot that the moment counts from,
it names one process for ever (proc(5), /proc/PID/stat, field 22).
"""

import dataclasses
import enum
import os
import pathlib
import signal
import socket
from collections.abc import Mapping
from typing import Any

from osc_migrate import errors
from osc_migrate.maintenance.running import typed

_PROC = pathlib.Path("/proc")
_BOOT = _PROC / "sys/kernel/random/boot_id"
# Field 22, counted behind the name in brackets, which may have spaces.
_STARTED = 19


class Presence(enum.Enum):
    """Whether a process is there."""

    ALIVE = "alive"
    ENDED = "ended"
    # Another machine, another container, or no /proc to look at.
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Process:
    """One process.

    :ivar started: clock ticks from the boot to its begin.
    :ivar boot: the boot, and the namespace that the process ID is of.
    :ivar machine: host name, to be shown.
    """

    pid: int
    started: int
    boot: str
    machine: str

    def presence(self) -> Presence:
        """Whether it is there, this very one."""
        boot = _boot()
        if not boot or self.boot != boot:
            return Presence.UNKNOWN
        same = _started(self.pid) == self.started
        return Presence.ALIVE if same else Presence.ENDED

    def terminate(self) -> None:
        """Sends it SIGTERM, if it takes that as a request to stop.

        :raises MigrateError: it is not there any more, it cannot be known,
            or the signal would end it at once.
        """
        self._require_alive()
        try:
            descriptor = os.pidfd_open(self.pid)
        except (AttributeError, OSError) as error:
            raise self._refused(f"it cannot be reached: {error}") from error
        try:
            # From here on the descriptor means one process, this one or not.
            self._require_alive()
            if not _catches(self.pid, signal.SIGTERM):
                raise self._refused(
                    "it does not handle SIGTERM, which would end it in the"
                    " middle of a move"
                )
            signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        except OSError as error:
            raise self._refused(f"it cannot be reached: {error}") from error
        finally:
            os.close(descriptor)

    def _require_alive(self) -> None:
        presence = self.presence()
        if presence is Presence.ENDED:
            raise self._refused("it has ended")
        if presence is Presence.UNKNOWN:
            raise self._refused(
                "it is on another machine, in another container, or from"
                " before the last boot; press Ctrl-C where it runs"
            )

    def _refused(self, reason: str) -> errors.MigrateError:
        return errors.MigrateError(
            f"process {self.pid} on {self.machine} was sent nothing: {reason}"
        )


def current() -> dict[str, Any]:
    """This process, as a journal keeps it."""
    return dataclasses.asdict(
        Process(
            pid=os.getpid(),
            started=_started(os.getpid()) or 0,
            boot=_boot(),
            machine=socket.gethostname(),
        )
    )


def read(data: object) -> Process | None:
    """What :func:`current` made; None where it is something else."""
    if not isinstance(data, Mapping):
        return None
    try:
        process = Process(**data)
        typed.require(process, Process, "process")
    except TypeError:
        return None
    # os.pidfd_open takes no others.
    return process if 0 < process.pid < 2**31 else None


def _boot() -> str:
    try:
        boot = _BOOT.read_text().strip()
        return f"{boot} {os.readlink(_PROC / 'self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: int) -> int | None:
    """None when there is no such process, or it is only waited for."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
        state, *fields = text.rpartition(")")[2].split()
        return None if state in "ZX" else int(fields[_STARTED - 1])
    except (OSError, ValueError, IndexError):
        return None


def _catches(pid: int, number: int) -> bool:
    try:
        status = (_PROC / str(pid) / "status").read_text(errors="replace")
        for line in status.splitlines():
            name, _, mask = line.partition(":")
            if name == "SigCgt":
                return bool(int(mask, 16) >> (number - 1) & 1)
    except (OSError, ValueError):
        pass
    return False
