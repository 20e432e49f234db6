"""Identifies the process of a run.

Process IDs are reused. Together with the start time of the process and the
boot that this time counts from, the ID is unique (proc(5), /proc/PID/stat,
field 22).
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
# Field 22, counted from the end of the name in brackets, which may contain
# spaces.
_STARTED = 19


class Presence(enum.Enum):
    """Whether a process exists."""

    ALIVE = "alive"
    ENDED = "ended"
    # Another machine or container, or no /proc.
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class ProcessIdentity:
    """One process.

    :ivar started: clock ticks from boot to its start.
    :ivar boot: boot ID, and the namespace of the process ID.
    :ivar machine: host name, for messages.
    """

    pid: int
    started: int
    boot: str
    machine: str

    def presence(self) -> Presence:
        """Return whether exactly this process exists."""
        boot = _boot()
        if not boot or self.boot != boot:
            return Presence.UNKNOWN
        same = _started(self.pid) == self.started
        return Presence.ALIVE if same else Presence.ENDED

    def terminate(self) -> None:
        """Send it SIGTERM, if it handles that as a request to stop.

        :raises MigrateError: it has ended, it could not be identified, or the
            signal would kill it.
        """
        self._require_alive()
        try:
            descriptor = os.pidfd_open(self.pid)
        except (AttributeError, OSError) as error:
            raise self._refused(f"it cannot be reached: {error}") from error
        try:
            # The descriptor refers to one process; check that it is this one.
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
    """Return this process, for a journal."""
    return dataclasses.asdict(
        ProcessIdentity(
            pid=os.getpid(),
            started=_started(os.getpid()) or 0,
            boot=_boot(),
            machine=socket.gethostname(),
        )
    )


def read(data: object) -> ProcessIdentity | None:
    """Parse the result of :func:`current`; None if it is invalid."""
    if not isinstance(data, Mapping):
        return None
    try:
        process = ProcessIdentity(**data)
        typed.require(process, ProcessIdentity, "process")
    except TypeError:
        return None
    # os.pidfd_open accepts no others.
    return process if 0 < process.pid < 2**31 else None


def _boot() -> str:
    try:
        boot = _BOOT.read_text().strip()
        return f"{boot} {os.readlink(_PROC / 'self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: int) -> int | None:
    """Return its start time; None if it has ended, even if not reaped."""
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
