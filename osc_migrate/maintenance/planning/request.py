"""The purpose and the options of a plan."""

import dataclasses
import enum

from osc_migrate.maintenance.planning.node_blockers import NodeBlocker


class By(enum.StrEnum):
    """The resource that a rebalance evens out."""

    MEMORY = "memory"
    VCPU = "vcpu"
    DISK = "disk"


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Maximum number of moves in flight.

    Nova sends one live migration at a time from a host, unless nova.conf says
    otherwise ([DEFAULT]max_concurrent_live_migrations), and queues the others.

    :ivar wave: maximum number of moves between two health checks of the cloud.
    """

    total: int = 8
    per_source: int = 1
    per_destination: int = 2
    wave: int = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What a plan has to achieve, and the permitted means.

    :ivar hosts: hosts to empty, one after the other; for a rebalance: the
        hosts to include, none for all.
    :ivar servers: IDs; move only these (of `hosts`, if given).
    :ivar to: the only allowed destinations; none for all.
    :ivar avoid: excluded destinations.
    :ivar enabled: disabled hosts that will be enabled before the first move.
    :ivar cold_running: stop a running server that cannot be moved live.
    :ivar notified: owners with the policy 'notify' have been notified.
    :ivar block: copy local disks.
    :ivar ignored: IDs of checks whose failure is only a warning.
    :ivar barriers: moves that the node checks rule out.
    :ivar by, threshold, max_moves: for a rebalance; the threshold is in
        percent of the mean load.
    """

    hosts: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    avoid: frozenset[str] = frozenset()
    enabled: frozenset[str] = frozenset()
    limits: Limits = Limits()
    cold_running: bool = False
    notified: bool = False
    block: bool = False
    ignored: frozenset[str] = frozenset()
    barriers: tuple[NodeBlocker, ...] = ()
    by: By = By.MEMORY
    threshold: float = 10.0
    max_moves: int | None = None
