"""Plans of many moves. Pure: facts in, a plan out.

:func:`drain` empties hosts, :func:`again` plans one step anew, :func:`back`
brings servers home, :func:`rebalance` evens out a load; each never holds
more than there is, nor breaks a server group, at any moment of its order.
"""

from osc_migrate.plans.barriers import Barrier, Barriers
from osc_migrate.plans.checking import UnsafePlan, check
from osc_migrate.plans.draining import again, drain
from osc_migrate.plans.rebalancing import rebalance
from osc_migrate.plans.request import By, Limits, Request
from osc_migrate.plans.returning import back
from osc_migrate.plans.terms import bound

__all__ = [
    "Barrier",
    "Barriers",
    "By",
    "Limits",
    "Request",
    "UnsafePlan",
    "again",
    "back",
    "bound",
    "check",
    "drain",
    "rebalance",
]
