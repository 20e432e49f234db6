"""How evenly the hosts are loaded."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.inventory import HostInventory
from osc_migrate.cloud.placement import Inventory
from osc_migrate.facts import Unread
from osc_migrate.maintenance.planning.request import By, Request

CLASSES = {By.MEMORY: "MEMORY_MB", By.VCPU: "VCPU", By.DISK: "DISK_GB"}


@dataclasses.dataclass(frozen=True)
class Load:
    """Load of the hosts, for one resource class.

    :ivar total: host -> allocatable amount, above 0.
    :ivar used: host -> amount used at the start.
    :ivar threshold: percent of the mean.
    """

    resource: str
    total: Mapping[str, int]
    used: Mapping[str, int]
    threshold: float

    @property
    def mean(self) -> float:
        """The used share of all hosts together."""
        return sum(self.used.values()) / sum(self.total.values())

    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Host -> (minimum, maximum) amount that it should have in use."""
        mean, span = self.mean, self.threshold / 100
        return {
            host: (total * mean * (1 - span), total * mean * (1 + span))
            for host, total in self.total.items()
        }

    def share(self, host: str, used: int) -> str:
        return f"{100 * used / self.total[host]:.0f} %"


def load(fleet: Fleet, request: Request) -> Load:
    """Return the load of hosts that are up, enabled and known.

    Others do not take part.
    """
    stocks = dict(_inventories(fleet, request))
    return Load(
        CLASSES[request.by],
        {host: stock.total for host, stock in stocks.items()},
        {host: stock.used for host, stock in stocks.items()},
        request.threshold,
    )


def _inventories(
    fleet: Fleet, request: Request
) -> Iterator[tuple[str, Inventory]]:
    for host in sorted(request.hosts or fleet.places):
        if host not in request.avoid and _takes_part(fleet.places[host]):
            stock = fleet.places[host].stock.get(CLASSES[request.by])
            if stock is not None and stock.total > 0:
                yield host, stock


def _takes_part(place: HostInventory) -> bool:
    try:
        host = place.host
        _ = place.stock, place.traits
        return (host.state, host.status) == ("up", "enabled")
    except Unread:
        return False


def total_deviation(
    used: Mapping[str, int], bounds: Mapping[str, tuple[float, float]]
) -> float:
    """Return the total amount outside the bounds."""
    return sum(deviation(used[host], bounds[host]) for host in bounds)


def deviation(used: float, bounds: tuple[float, float]) -> float:
    return max(used - bounds[1], bounds[0] - used, 0.0)


def extremes(
    used: Mapping[str, int], total: Mapping[str, int], mean: float, limit: int
) -> tuple[Sequence[str], Sequence[str]]:
    """Return (hosts above the mean, highest first; below, lowest first).

    At most `limit` of each.
    """
    order = sorted(total, key=lambda host: (used[host] / total[host], host))
    low = [host for host in order[:limit] if used[host] < mean * total[host]]
    high = [
        host
        for host in reversed(order[-limit:])
        if used[host] > mean * total[host]
    ]
    return high, low
