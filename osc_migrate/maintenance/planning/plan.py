"""A plan: which server goes where, how, in which order, and what stays."""

import dataclasses
import enum
from collections.abc import Mapping


class Way(enum.StrEnum):
    """How a server leaves its host."""

    LIVE = "live"
    BLOCK = "block"
    COLD = "cold"
    # Shut down where it is, as its owner's policy says; it does not move.
    STOP = "stop"

    @property
    def queued(self) -> bool:
        """Whether Nova limits how many leave a host at once and queues the
        rest."""
        return self in (Way.LIVE, Way.BLOCK)


class Purpose(enum.StrEnum):
    DRAIN = "drain"
    RETURN = "return"
    REBALANCE = "rebalance"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One server's move.

    :ivar order: its place among all steps, from 0.
    :ivar wave: from 0; one begins when the one before it has ended, or has
        begun where nothing depends on its end.
    :ivar destination: None leaves the choice to Nova's scheduler.
    :ivar reason: why this way and this host, in words.
    :ivar needs: resource class -> amount, as placement counts it.
    :ivar seconds: how long such moves took here; None when unknown.
    :ivar notes: what else to read before, such as the owner's policy.
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
    """One server that is left where it is.

    :ivar wanted: True when its owner's policy excludes it: then it does not
        count as a failure of the plan, but the host is not empty either.
    :ivar reasons: in words, the smallest set of them that decides.
    :ivar next_step: what to do so that it can move; empty when unknown.
    """

    server: str
    id: str
    source: str
    reasons: tuple[str, ...]
    wanted: bool = False
    next_step: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """What a host has left of one resource class once the plan is done.

    :ivar total: what may be allocated: (inventory - reserved) x ratio.
    """

    free: int
    total: int


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What a plan was made under: a step planned anew keeps to it.

    :ivar to: the only hosts that may be destinations; none for all.
    :ivar avoid: hosts that may not be.
    :ivar cold_running: running servers may be stopped to move.
    :ivar block: local disks may be copied.
    """

    to: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    cold_running: bool = False
    block: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is to happen, decided before anything does.

    :ivar cloud: identity of the cloud it was made for: the ID that Keystone
        has in its catalogue for Nova's endpoint, else the URL.
    :ivar made_at: UTC, ISO 8601.
    :ivar sources: the hosts that are to be emptied or relieved.
    :ivar room: host -> resource class -> what is left afterwards.
    :ivar seconds: expected duration of all of it; None when unknown.
    :ivar reasons: why the plan falls short of its purpose, if it does.
    :ivar terms: None where a file of an older version does not say.
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
