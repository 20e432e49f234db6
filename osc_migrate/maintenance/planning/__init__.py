"""Plans many moves. Pure: facts in, a plan out.

:func:`drain` empties hosts, :func:`replan_step` replans one step,
:func:`plan_return` brings servers home, :func:`rebalance` evens out the load.
At no point in its order does a plan exceed an inventory or violate a server
group.
"""

from osc_migrate.maintenance.planning.drain_plan import drain, replan_step
from osc_migrate.maintenance.planning.method import local_disks
from osc_migrate.maintenance.planning.node_blockers import (
    NodeBlocker,
    NodeBlockers,
)
from osc_migrate.maintenance.planning.plan_check import UnsafePlan, check
from osc_migrate.maintenance.planning.rebalance_plan import rebalance
from osc_migrate.maintenance.planning.request import By, Limits, Request
from osc_migrate.maintenance.planning.return_plan import plan_return
from osc_migrate.maintenance.planning.terms import bind_request

__all__ = [
    "By",
    "Limits",
    "NodeBlocker",
    "NodeBlockers",
    "Request",
    "UnsafePlan",
    "bind_request",
    "check",
    "drain",
    "local_disks",
    "plan_return",
    "rebalance",
    "replan_step",
]
