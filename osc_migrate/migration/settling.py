"""Ports of a server that has moved need a moment to come up."""

from osc_migrate import errors
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import Unread, or_none
from osc_migrate.migration.follow import Clock

# Seconds: OVN and the agents take a few, also in large clouds.
PATIENCE = 30.0
INTERVAL = 2.0
# nova/compute/power_state.py
_RUNNING = 1


def settled(cloud: Cloud, facts: MoveFacts, clock: Clock) -> MoveFacts:
    """The facts, read again until each port of the running server is up.

    Nova waits for the ports before the guest goes, not after: OVN may still
    have to claim them on the destination.
    """
    server = facts.server
    if or_none(lambda: server.power_state) != _RUNNING:
        return facts
    end = clock.now() + PATIENCE
    while facts.ports_down and clock.now() < end:
        clock.sleep(INTERVAL)
        try:
            statuses = cloud.network.statuses(server.id)
        except (errors.ApiError, Unread):
            continue
        ports = tuple(
            port.but(status=statuses.get(port.id, "not shown"))
            for port in facts.ports
        )
        facts = facts.but(ports=ports)
    return facts
