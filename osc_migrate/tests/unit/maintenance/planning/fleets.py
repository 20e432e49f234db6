"""Fleets for tests: a few hosts and servers, to change one thing of."""

from collections.abc import Mapping
from typing import Any

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.inventory import HostInventory
from osc_migrate.cloud.placement import Inventory
from osc_migrate.cloud.server_groups import ServerGroup
from osc_migrate.cloud.servers import Flavor, Server
from osc_migrate.facts import Unread, or_none
from osc_migrate.maintenance.planning.requirements import needs
from osc_migrate.tests.unit import shapes


def place(name: str, **changes: Any) -> HostInventory:
    """A host with 16 VCPU, 16 GiB and 200 GB, of which nothing is used."""
    host_changes = {
        key: changes.pop(key)
        for key in ("state", "status", "forced_down", "zone", "hypervisor")
        if key in changes
    }
    host = shapes.host(name=name, **host_changes)
    return HostInventory(
        **{
            "host": host,
            "stock": stock(),
            "traits": frozenset(),
        }
        | changes
    )


def stock(
    vcpu: int = 16, memory: int = 16384, disk: int = 200, **used: int
) -> dict[str, Inventory]:
    return {
        "VCPU": Inventory(vcpu, used.get("vcpu_used", 0)),
        "MEMORY_MB": Inventory(memory, used.get("memory_used", 0)),
        "DISK_GB": Inventory(disk, used.get("disk_used", 0)),
    }


def server(number: int, host: str = "HostB", **changes: Any) -> Server:
    ram = changes.pop("ram", 1024)
    vcpus = changes.pop("vcpus", 1)
    specs = changes.pop("specs", {})
    return shapes.server(
        **{
            "id": uuid(number),
            "name": f"vm{number}",
            "host": host,
            "flavor": Flavor(vcpus, ram, 1, 0, 0, specs),
        }
        | changes
    )


def uuid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def group(policy: str, *members: int, **changes: Any) -> ServerGroup:
    return ServerGroup(
        **{
            "id": f"group-{policy}",
            "name": "g1",
            "policy": policy,
            "max_per_host": 1,
            "members": frozenset(map(uuid, members)),
        }
        | changes
    )


def _needs(guest: Server) -> Mapping[str, int]:
    return or_none(lambda: needs(guest)) or {}


def fleet(
    places: list[HostInventory], servers: list[Server], **changes: Any
) -> Fleet:
    """With what the servers hold counted as used."""
    counted = []
    for one in places:
        used: dict[str, int] = {}
        for guest in servers:
            if guest.host == one.host.name:
                for name, amount in _needs(guest).items():
                    used[name] = used.get(name, 0) + amount
        try:
            stocks = {
                name: Inventory(
                    s.total, s.used + used.get(name, 0), s.max_amount
                )
                for name, s in one.stock.items()
            }
            counted.append(one.but(stock=stocks))
        except Unread:
            counted.append(one)
    return Fleet(
        **{
            "cloud": "https://nova.test/v2.1",
            "now": shapes.NOW,
            "places": {one.host.name: one for one in counted},
            "servers": {guest.id: guest for guest in servers},
        }
        | changes
    )
