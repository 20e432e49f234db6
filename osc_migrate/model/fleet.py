"""A cloud as a planner of moves sees it."""

import dataclasses
import datetime
from collections.abc import Mapping

from osc_migrate.model.facts import (
    Aggregate,
    Facts,
    Host,
    Migration,
    Server,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Stock:
    """What a resource provider has of one resource class.

    :ivar total: what may be allocated: (inventory - reserved) x ratio.
    :ivar used: what is allocated, as placement counts it.
    :ivar most: what one server may have of it; None where nothing says so.
    """

    total: int
    used: int
    most: int | None = None

    @property
    def free(self) -> int:
        """Below 0 where more is allocated than there is."""
        return self.total - self.used


@dataclasses.dataclass(frozen=True, repr=False)
class Place(Facts):
    """A compute host and its room."""

    host: Host
    # Resource class -> stock, of the provider in its tree that has it.
    stock: Mapping[str, Stock]
    traits: frozenset[str]
    # Resource class -> sharing provider (a key of Fleet.pools) that it is
    # taken from.
    shared: Mapping[str, str] = dataclasses.field(default_factory=dict)
    # Classes that several providers of its tree have: how a server would be
    # spread over them is placement's to say.
    spread: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, repr=False)
class ServerGroup(Facts):
    """A server group with all its members."""

    id: str
    name: str
    # affinity, anti-affinity, soft-affinity or soft-anti-affinity.
    policy: str
    # Of anti-affinity: so many members may share a host (2.64).
    max_per_host: int
    # IDs of servers.
    members: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Past:
    """A move that was made here.

    :ivar memory_mb: of its server, while that still exists.
    """

    cold: bool
    seconds: float
    memory_mb: int | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class Fleet(Facts):
    """Everything that a plan is made of, read at one moment."""

    # As plan.Plan.cloud.
    cloud: str
    # UTC.
    now: datetime.datetime
    # By the name of the compute host.
    places: Mapping[str, Place]
    # By ID.
    servers: Mapping[str, Server]
    groups: tuple[ServerGroup, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    # Records that have not ended.
    under_way: tuple[Migration, ...] = ()
    # Newest first.
    past: tuple[Past, ...] = ()
    # Server -> resource class -> what it holds of its host's own provider;
    # of servers on hosts that were asked for alone.
    held: Mapping[str, Mapping[str, int]] = dataclasses.field(
        default_factory=dict
    )
    # Sharing provider -> resource class -> stock.
    pools: Mapping[str, Mapping[str, Stock]] = dataclasses.field(
        default_factory=dict
    )
    # As MoveFacts has them.
    nova: tuple[int, int] = (2, 104)
    roles: frozenset[str] = frozenset({"admin"})
