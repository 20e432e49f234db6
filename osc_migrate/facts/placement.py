"""What placement tells about room."""

from collections import Counter

from osc_migrate.facts.api import Api
from osc_migrate.facts.body import fact
from osc_migrate.model import facts
from osc_migrate.model.facts import Unread


class Placement:
    def __init__(self, api: Api) -> None:
        self._api = api

    def room(self, consumer: str, host: facts.Hypervisor) -> facts.Room:
        """Whether what `consumer` holds fits into the tree of `host`.

        :raises Unread: placement holds nothing for the consumer.
        :raises ApiError: placement did not answer.
        """
        asked = self.allocation(consumer)
        if not asked:
            raise Unread(
                f"placement holds no allocation for server {consumer};"
                " 'nova-manage placement heal_allocations' makes it"
            )
        provider = self._provider(host)
        return facts.Room(
            asked=asked,
            free=fact(self.free, provider, host.name),
            fits=self._has_candidate(asked, provider),
        )

    def _provider(self, host: facts.Hypervisor) -> str:
        """The UUID of the hypervisor's root resource provider."""
        if not host.id.isdecimal():
            return host.id
        rows = self._api.get(
            "/resource_providers",
            f"look for {host.name}",
            query={"name": host.name},
        ).rows("resource_providers")
        if len(rows) != 1:
            raise Unread(f"placement has no resource provider {host.name}")
        return rows[0].text("uuid")

    def allocation(self, consumer: str) -> dict[str, int]:
        """Resource class -> what the consumer holds, over all providers."""
        held: Counter[str] = Counter()
        body = self._api.get(
            f"/allocations/{consumer}", f"show the allocation of {consumer}"
        )
        for _, provider in body.inner("allocations").items():
            held.update(provider.numbers("resources"))
        return dict(held)

    def _has_candidate(self, asked: dict[str, int], provider: str) -> bool:
        resources = ",".join(f"{name}:{n}" for name, n in asked.items())
        body = self._api.get(
            "/allocation_candidates",
            "look for room",
            query={"resources": resources, "in_tree": provider, "limit": 1},
        )
        return bool(body.rows("allocation_requests"))

    def free(self, provider: str, name: str) -> dict[str, int]:
        """Resource class -> what is left in the provider itself:
        (total - reserved) * allocation_ratio - used."""
        path = f"/resource_providers/{provider}"
        used = self._api.get(
            f"{path}/usages", f"show the usages of {name}"
        ).numbers("usages")
        inventories = self._api.get(
            f"{path}/inventories", f"show the inventories of {name}"
        ).inner("inventories")
        return {
            resource: int(
                (row.whole("total") - row.whole("reserved"))
                * row.number("allocation_ratio")
            )
            - used.get(resource, 0)
            for resource, row in inventories.items()
        }
