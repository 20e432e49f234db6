"""What a plan is made for."""

import dataclasses
import enum

from osc_migrate.maintenance.planning.node_blockers import NodeBlocker


class By(enum.StrEnum):
    """The load that a rebalance evens out."""

    MEMORY = "memory"
    VCPU = "vcpu"
    DISK = "disk"


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """How many moves may be under way at once.

    Nova sends one live migration at a time from a host, unless nova.conf
    says otherwise ([DEFAULT]max_concurrent_live_migrations): more a source
    are queued there.

    :ivar wave: at most this many moves between two checks of the cloud's
        health.
    """

    total: int = 8
    per_source: int = 1
    per_destination: int = 2
    wave: int = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What a plan is to bring about, and what it may do for it.

    :ivar hosts: to be emptied, one after the other; of a rebalance: the
        hosts that share the load, none for all.
    :ivar servers: IDs; to move just these, or of `hosts` just these.
    :ivar to: the only hosts that may be destinations; none for all.
    :ivar avoid: hosts that may not be.
    :ivar enabled: disabled hosts that will be enabled before the first move.
    :ivar cold_running: stop a running server that cannot be moved live.
    :ivar notified: owners with the policy 'notify' have been notified.
    :ivar block: copy local disks.
    :ivar ignored: ids of checks that do not stand in the way.
    :ivar barriers: moves that the node checks rule out.
    :ivar by, threshold, max_moves: of a rebalance; the threshold is in
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
