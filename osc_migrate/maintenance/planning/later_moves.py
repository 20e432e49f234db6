"""The fleet after moves."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.placement import Inventory
from osc_migrate.maintenance.planning.capacity import Occupancy, Shelf
from osc_migrate.maintenance.planning.waves import PlannedMove


def moved(fleet: Fleet, moves: Sequence[PlannedMove]) -> Fleet:
    """Return the fleet with servers and their allocations moved."""
    state = Occupancy(fleet)
    added_use: Counter[Shelf] = Counter()
    servers = dict(fleet.servers)
    for move in moves:
        host = str(move.host)
        servers[move.candidate.id] = move.candidate.server.but(host=host)
        for resource, amount in move.candidate.needs.items():
            added_use[state.shelf(host, resource)] += amount
            added_use[state.shelf(move.candidate.source, resource)] -= amount
    touched = {name for (name, _), amount in added_use.items() if amount}

    def stocked(
        name: str, stocks: Mapping[str, Inventory]
    ) -> Mapping[str, Inventory]:
        return {
            resource: dataclasses.replace(
                stock, used=stock.used + added_use[name, resource]
            )
            for resource, stock in stocks.items()
        }

    return fleet.but(
        servers=servers,
        places={
            name: place.but(stock=stocked(name, place.stock))
            if name in touched
            else place
            for name, place in fleet.places.items()
        },
        pools={
            name: stocked(name, pool) for name, pool in fleet.pools.items()
        },
    )
