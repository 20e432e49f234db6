"""Resource usage and server groups on each host at one point of a plan."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.inventory import HostInventory
from osc_migrate.cloud.placement import Inventory
from osc_migrate.cloud.server_groups import ServerGroup
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import or_none
from osc_migrate.maintenance.planning.candidate import Candidate

# A provider (name of its host, or its own) and a resource class.
Shelf = tuple[str, str]


def host_of(server: Server | None) -> str | None:
    """Return a server's host; None if it has none or it is not shown."""
    return or_none(lambda: server.host) or None if server else None


def _stock_of(place: HostInventory) -> Mapping[str, Inventory]:
    return or_none(lambda: place.stock) or {}


class Occupancy:
    """Free resources and locations, updated as moves start and end.

    A move uses both hosts while in flight: :meth:`arrive` when it starts,
    :meth:`depart` when it has ended.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.left: dict[Shelf, int] = {}
        self.max_amount: dict[Shelf, int] = {}
        self.total: dict[Shelf, int] = {}
        self._shared: dict[str, Mapping[str, str]] = {}
        for name, place in fleet.places.items():
            self._shared[name] = place.shared
            self._stock(name, _stock_of(place))
        for pool, stocks in fleet.pools.items():
            self._stock(pool, stocks)
        # Group -> host -> number of members on it or moving to it.
        self.members: dict[str, Counter[str]] = defaultdict(Counter)
        for group in fleet.groups:
            for member in group.members:
                server = fleet.servers.get(member)
                host = host_of(server)
                if host:
                    self.members[group.id][host] += 1
        for record in fleet.under_way:
            self._coming(fleet, record.server_id, record.destination)

    def _stock(self, provider: str, stocks: Mapping[str, Inventory]) -> None:
        for resource, stock in stocks.items():
            self.left[provider, resource] = stock.free
            self.total[provider, resource] = stock.total
            if stock.max_amount is not None:
                self.max_amount[provider, resource] = stock.max_amount

    def _coming(
        self, fleet: Fleet, server: str | None, host: str | None
    ) -> None:
        """Count a server that is already moving at its destination."""
        moving_server = fleet.servers.get(server or "")
        if moving_server is None or not host or host_of(moving_server) == host:
            return
        for group in fleet.groups:
            if moving_server.id in group.members:
                self.members[group.id][host] += 1

    def shelf(self, host: str, resource: str) -> Shelf:
        """Return where a host takes that resource class from."""
        return self._shared.get(host, {}).get(resource, host), resource

    def short(self, candidate: Candidate, host: str) -> Iterator[str]:
        """Yield the resource classes of which too little is left."""
        for resource, amount in candidate.needs.items():
            shelf = self.shelf(host, resource)
            if self.left.get(
                shelf, 0
            ) < amount or amount > self.max_amount.get(shelf, amount):
                yield resource

    def fits(self, candidate: Candidate, host: str) -> bool:
        return next(self.short(candidate, host), None) is None

    def breaks(self, candidate: Candidate, host: str) -> ServerGroup | None:
        """Return a server group that rules the host out, or None."""
        for group in candidate.hard:
            present = self.members[group.id][host]
            if (
                group.policy == "anti-affinity"
                and present >= group.max_per_host
            ):
                return group
            # Its current host counts for an affinity group, so not even the
            # last member can leave it (nova/scheduler/utils.py,
            # setup_instance_group).
            if group.policy == "affinity" and not present:
                return group
        return None

    def takes(self, candidate: Candidate, host: str) -> bool:
        return (
            self.fits(candidate, host) and self.breaks(candidate, host) is None
        )

    def arrive(self, candidate: Candidate, host: str, sign: int = 1) -> None:
        for resource, amount in candidate.needs.items():
            shelf = self.shelf(host, resource)
            self.left[shelf] = self.left.get(shelf, 0) - sign * amount
        for group in candidate.groups:
            self.members[group.id][host] += sign

    def depart(self, candidate: Candidate, host: str) -> None:
        self.arrive(candidate, host, -1)
