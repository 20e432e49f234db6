"""Dataclasses for log lines of one move, as read from the nodes."""

import dataclasses
import datetime
from collections.abc import Mapping

# The program of a line that is not Nova's.
QEMU = "QEMU"


@dataclasses.dataclass(frozen=True)
class LineFilter:
    """Which lines belong to one move: its IDs and its time range."""

    # UUID of the server, and ID of the request that moved it. Either is
    # empty if missing or malformed.
    server: str
    request: str
    # UTC.
    since: datetime.datetime
    until: datetime.datetime


@dataclasses.dataclass(frozen=True)
class LogLine:
    """One line, with secrets masked."""

    node: str
    # The file, or 'journal', or 'podman logs nova_compute'.
    place: str
    # UTC; None if the line has no valid time.
    time: datetime.datetime | None
    # ERROR, WARNING, INFO ...; empty if the line has none.
    level: str
    text: str
    # QEMU, or empty for a service of Nova.
    program: str = ""

    def __str__(self) -> str:
        when = f"{self.time:%Y-%m-%dT%H:%M:%SZ} " if self.time else ""
        level = f"{self.level} " if self.level else ""
        return f"{self.node} {self.place}: {when}{level}{self.text}"


@dataclasses.dataclass(frozen=True)
class NodeLog:
    """The logs that were found on one node."""

    node: str
    # The logs that were searched; empty if the service has none.
    places: tuple[str, ...]
    # Oldest first.
    lines: tuple[LogLine, ...]
    # What could not be read completely, and why.
    doubts: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Logs:
    """Logs of the nodes of one move, and the nodes that were not read."""

    read: tuple[NodeLog, ...]
    # Node -> why its log was not read.
    unread: Mapping[str, str]
    # The command that reads the log on the node by hand.
    by_hand: str = ""
    # QEMU's logs on the nodes that were tried as destination.
    qemu: tuple[NodeLog, ...] = ()
