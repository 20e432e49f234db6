"""What Nova's logs on the nodes say of one move, before it is judged."""

import dataclasses
import datetime
from collections.abc import Mapping

# The program that a line is of, where it is not Nova.
QEMU = "QEMU"


@dataclasses.dataclass(frozen=True)
class LineFilter:
    """The lines of one move: which ones, and when they were written."""

    # UUID of the server, and ID of the request that moved it. Each is
    # empty where there is none, or none that has the form of one.
    server: str
    request: str
    # UTC.
    since: datetime.datetime
    until: datetime.datetime


@dataclasses.dataclass(frozen=True)
class LogLine:
    """One line; secrets in it are masked already."""

    node: str
    # The file, or 'journal', or 'podman logs nova_compute'.
    place: str
    # UTC; None where the line has no time, or none that can be read.
    time: datetime.datetime | None
    # ERROR, WARNING, INFO ...; empty where the line does not say.
    level: str
    text: str
    # QEMU; empty for a service of Nova.
    program: str = ""

    def __str__(self) -> str:
        when = f"{self.time:%Y-%m-%dT%H:%M:%SZ} " if self.time else ""
        level = f"{self.level} " if self.level else ""
        return f"{self.node} {self.place}: {when}{level}{self.text}"


@dataclasses.dataclass(frozen=True)
class NodeLog:
    """What was found on one node."""

    node: str
    # Where was looked; empty when there is no log of the service.
    places: tuple[str, ...]
    # Oldest first.
    lines: tuple[LogLine, ...]
    # What was not read, or not wholly, and why.
    doubts: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Logs:
    """What the nodes of one move say, and why others say nothing."""

    read: tuple[NodeLog, ...]
    # Node -> why its log was not read.
    unread: Mapping[str, str]
    # The command that reads it on a node.
    by_hand: str = ""
    # What QEMU said on the nodes that were to take the guest in.
    qemu: tuple[NodeLog, ...] = ()
