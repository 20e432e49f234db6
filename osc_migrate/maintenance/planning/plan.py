"""A plan: destination, kind and order of each move, and what stays."""

import dataclasses
import enum
from collections.abc import Mapping


class Way(enum.StrEnum):
    """How a server is moved."""

    LIVE = "live"
    BLOCK = "block"
    COLD = "cold"
    # Shut down in place, by its owner's policy; it does not move.
    STOP = "stop"

    @property
    def queued(self) -> bool:
        """Whether Nova limits moves from a host and queues the others."""
        return self in (Way.LIVE, Way.BLOCK)


class Purpose(enum.StrEnum):
    DRAIN = "drain"
    RETURN = "return"
    REBALANCE = "rebalance"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One server's move.

    :ivar order: position among all steps, from 0.
    :ivar wave: from 0; a wave starts when the previous one has ended, or has
        been started if nothing depends on its end.
    :ivar destination: None leaves the choice to Nova's scheduler.
    :ivar reason: why this kind and this host, as text.
    :ivar needs: resource class -> amount, as counted by placement.
    :ivar seconds: usual duration of such moves; None if unknown.
    :ivar notes: further information, such as the owner's policy.
    """

    order: int
    wave: int
    server: str
    id: str
    way: Way
    source: str
    destination: str | None
    reason: str
    needs: Mapping[str, int]
    seconds: float | None = None
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped:
    """One server that stays.

    :ivar wanted: whether its owner's policy excludes it: then it does not
        count as a failure of the plan, although the host is not empty.
    :ivar reasons: the smallest decisive set of reasons, as text.
    :ivar next_step: what to do so that it can move; empty if unknown.
    """

    server: str
    id: str
    source: str
    reasons: tuple[str, ...]
    wanted: bool = False
    next_step: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """What a host has left of one resource class after the plan.

    :ivar total: allocatable amount: (inventory - reserved) x ratio.
    """

    free: int
    total: int


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a plan, which also bind replanned steps.

    :ivar to: the only allowed destinations; none for all.
    :ivar avoid: excluded destinations.
    :ivar cold_running: running servers may be stopped to move.
    :ivar block: local disks may be copied.
    """

    to: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    cold_running: bool = False
    block: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """All moves, decided before the first one starts.

    :ivar cloud: identity of the cloud: the ID of Nova's endpoint in Keystone's
        catalog, or else its URL.
    :ivar made_at: UTC, ISO 8601.
    :ivar sources: hosts to be emptied or relieved.
    :ivar room: host -> resource class -> what is left afterwards.
    :ivar seconds: expected total duration; None if unknown.
    :ivar reasons: why the plan falls short of its purpose, if it does.
    :ivar terms: None in a file of an older version.
    """

    purpose: Purpose
    cloud: str
    made_at: str
    sources: tuple[str, ...]
    steps: tuple[Step, ...]
    stays: tuple[Skipped, ...]
    room: Mapping[str, Mapping[str, Room]]
    seconds: float | None = None
    reasons: tuple[str, ...] = ()
    terms: Terms | None = None
