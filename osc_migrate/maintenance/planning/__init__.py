"""Plans many moves. Pure: facts in, a plan out.

:func:`drain` empties hosts, :func:`again` replans one step, :func:`back`
brings servers home, :func:`rebalance` evens out the load. At no point in its
order does a plan exceed an inventory or violate a server group.
"""

from osc_migrate.maintenance.planning.drain_plan import again, drain
from osc_migrate.maintenance.planning.method import local_disks
from osc_migrate.maintenance.planning.node_blockers import (
    NodeBlocker,
    NodeBlockers,
)
from osc_migrate.maintenance.planning.plan_check import UnsafePlan, check
from osc_migrate.maintenance.planning.rebalance_plan import rebalance
from osc_migrate.maintenance.planning.request import By, Limits, Request
from osc_migrate.maintenance.planning.return_plan import back
from osc_migrate.maintenance.planning.terms import bound

__all__ = [
    "By",
    "Limits",
    "NodeBlocker",
    "NodeBlockers",
    "Request",
    "UnsafePlan",
    "again",
    "back",
    "bound",
    "check",
    "drain",
    "local_disks",
    "rebalance",
]
