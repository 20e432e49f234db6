"""Carries out a plan: engine, limits, start gate and journal.

::

    run = runs.drain(openstack.connect(), Request(hosts=("HostB",)))
    for look in run.looks():
        for event in look.events:
            print(event)
    print(run.verdict, [row for row in run.rows if row.reason])
"""

from osc_migrate.maintenance.running.run import Run
from osc_migrate.maintenance.running.start import (
    TRIES,
    bring_back,
    cancel,
    drain,
    rebalance,
    resume,
)
from osc_migrate.maintenance.running.stored_plan import Options

__all__ = [
    "TRIES",
    "Options",
    "Run",
    "bring_back",
    "cancel",
    "drain",
    "rebalance",
    "resume",
]
