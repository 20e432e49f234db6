"""Whether the cloud is healthy enough to start more moves. Pure."""

from collections.abc import Iterable

from osc_migrate.cloud.hosts import Service
from osc_migrate.facts import Unread

# Nova services that every move needs.
NEEDED = ("nova-conductor", "nova-scheduler")


def trouble(services: Iterable[Service], sources: Iterable[str]) -> str:
    """Return the problem, or ''.

    Destinations that are down do not matter here: each step checks its own
    host.

    :param sources: hosts whose nova-compute sends servers.
    """
    rows = list(services)
    try:
        alive = [row for row in rows if row.state == "up"]
        for binary in NEEDED:
            if not any(row.binary == binary for row in alive):
                return f"{binary} is not up on any host"
        computes = {r.host for r in alive if r.binary == "nova-compute"}
    except Unread as unread:
        return f"the state of Nova's services is not known: {unread.reason}"
    down = sorted(set(sources) - computes)
    if down:
        return f"nova-compute is not up on {', '.join(down)}"
    return ""
