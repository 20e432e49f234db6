"""Inventories and allocations, from placement."""

import dataclasses
from collections import Counter
from collections.abc import Mapping

from osc_migrate import microversions
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.rest import Api
from osc_migrate.facts import Facts, Unread


@dataclasses.dataclass(frozen=True, repr=False)
class HostRoom(Facts):
    """Placement's view of a server and one host: resource class -> amount."""

    # The server's current allocation, which it needs there too.
    asked: Mapping[str, int]
    # Left in the host's tree, with reserved and ratios applied.
    free: Mapping[str, int]
    # Whether placement returns an allocation candidate in that tree.
    fits: bool
    # Compute hosts on which the server has an allocation -> their provider.
    holders: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Inventory:
    """A resource provider's inventory of one resource class.

    :ivar total: allocatable amount: (inventory - reserved) x ratio.
    :ivar used: allocated amount, as counted by placement.
    :ivar max_amount: limit for one server; None without such a limit.
    """

    total: int
    used: int
    max_amount: int | None = None

    @property
    def free(self) -> int:
        """Amount left; negative if overallocated."""
        return self.total - self.used


@dataclasses.dataclass(frozen=True, slots=True)
class Provider:
    """A resource provider; `root` is the root of its tree."""

    id: str
    root: str
    stock: Mapping[str, Inventory]
    traits: frozenset[str]


class Placement:
    def __init__(self, api: Api) -> None:
        self._api = api

    def allocation(self, consumer: str) -> dict[str, dict[str, int]]:
        """Return provider -> resource class -> amount allocated to a consumer.

        :raises Unread: the consumer has no allocation.
        :raises ApiError: placement did not answer.
        """
        body = self._api.get(
            f"/allocations/{consumer}", f"show the allocation of {consumer}"
        )
        by_provider = {
            provider: row.numbers("resources")
            for provider, row in body.inner("allocations").items()
        }
        if not by_provider:
            raise Unread(
                f"placement holds no allocation for server {consumer};"
                " 'nova-manage placement heal_allocations' makes it"
            )
        return by_provider

    def rooms(
        self, query: Mapping[str, object], tree: str | None = None
    ) -> dict[str, dict[str, int]]:
        """Return root provider of each tree with room -> what is left there.

        :param query: from :func:`osc_migrate.cloud.allocation_query.query`.
        :param tree: query only the tree of this provider.
        """
        parameters = dict(query)
        if tree is not None:
            parameters["in_tree"] = tree
        body = self._api.get(
            "/allocation_candidates", "look for room", query=parameters
        )
        summaries = dict(body.inner("provider_summaries").items())
        left: dict[str, Counter[str]] = {}
        for request in body.rows("allocation_requests"):
            for provider, _ in request.inner("allocations").items():
                root = summaries[provider].text("root_provider_uuid")
                left.setdefault(root, Counter())
        for summary in summaries.values():
            root = summary.text("root_provider_uuid")
            if root in left:
                left[root].update(_room_left(summary))
        return {root: dict(free) for root, free in left.items()}

    def consumers(self, provider: str) -> frozenset[str]:
        """Return the consumers with an allocation from that provider."""
        body = self._api.get(
            f"/resource_providers/{provider}/allocations",
            f"list the allocations of {provider}",
        )
        return body.keys("allocations")

    def used(self, resource: str) -> dict[str, int]:
        """Return provider -> used amount of that resource class.

        One request for the whole cloud; full providers are left out.
        """
        body = self._api.get(
            "/allocation_candidates",
            "list what is used",
            query={"resources": f"{resource}:1"},
        )
        return {
            provider: summary.inner("resources").inner(resource).whole("used")
            for provider, summary in body.inner("provider_summaries").items()
            if resource in summary.inner("resources")
        }

    def summaries(self) -> list[Provider]:
        """Return every provider of the trees that have memory left.

        One request for the whole cloud.

        :raises Unread: below 1.29, placement shows neither all classes nor
            the trees.
        """
        self._api.need(microversions.TREES, "placement shows trees")
        body = self._api.get(
            "/allocation_candidates",
            "list what is left",
            query={"resources": "MEMORY_MB:1"},
        )
        return [
            Provider(
                id=provider,
                root=row.text("root_provider_uuid"),
                stock={
                    name: Inventory(
                        usage.whole("capacity"), usage.whole("used")
                    )
                    for name, usage in row.inner("resources").items()
                },
                traits=frozenset(row.texts("traits")),
            )
            for provider, row in body.inner("provider_summaries").items()
        ]

    def tree(self, root: str, name: str) -> list[Provider]:
        """Return a provider and those below it, full ones included.

        One request for the tree, and three for each of its providers.
        """
        body = self._api.get(
            "/resource_providers",
            f"list the providers of {name}",
            query={"in_tree": root},
        )
        return [
            self.provider(row.text("uuid"), row.text("name"), root)
            for row in body.rows("resource_providers")
        ]

    def provider(self, id: str, name: str, root: str) -> Provider:
        path = f"/resource_providers/{id}"
        used = self._api.get(
            f"{path}/usages", f"show the usages of {name}"
        ).numbers("usages")
        inventories = self._api.get(
            f"{path}/inventories", f"show the inventories of {name}"
        ).inner("inventories")
        traits = self._api.get(f"{path}/traits", f"show the traits of {name}")
        return Provider(
            id=id,
            root=root,
            stock={
                resource: Inventory(
                    _capacity(row),
                    used.get(resource, 0),
                    row.whole("max_unit") if "max_unit" in row else None,
                )
                for resource, row in inventories.items()
            },
            traits=frozenset(traits.texts("traits")),
        )

    def sharing(self) -> dict[str, tuple[Provider, frozenset[str]]]:
        """Return sharing providers, each with the providers that use it.

        One request if there are none, otherwise five for each and one for
        each of their aggregates.
        """
        self._api.need(
            microversions.REQUIRED_TRAITS, "placement shows sharing providers"
        )
        body = self._api.get(
            "/resource_providers",
            "list the sharing providers",
            query={"required": "MISC_SHARES_VIA_AGGREGATE"},
        )
        shared = {}
        for row in body.rows("resource_providers"):
            id, name = row.text("uuid"), row.text("name")
            aggregates = self._api.get(
                f"/resource_providers/{id}/aggregates",
                f"show the aggregates of {name}",
            ).texts("aggregates")
            takers: set[str] = set()
            for aggregate in aggregates:
                members = self._api.get(
                    "/resource_providers",
                    f"list who takes from {name}",
                    query={"member_of": aggregate},
                ).rows("resource_providers")
                takers.update(member.text("uuid") for member in members)
            shared[id] = self.provider(id, name, id), frozenset(takers - {id})
        return shared

    def held(self, provider: str, name: str) -> dict[str, dict[str, int]]:
        """Return consumer -> resource class -> amount from that provider."""
        body = self._api.get(
            f"/resource_providers/{provider}/allocations",
            f"list the allocations of {name}",
        )
        return {
            consumer: row.numbers("resources")
            for consumer, row in body.inner("allocations").items()
        }

    def providers(self) -> dict[str, str]:
        """Return name -> UUID of every resource provider."""
        body = self._api.get("/resource_providers", "list the providers")
        return {
            row.text("name"): row.text("uuid")
            for row in body.rows("resource_providers")
        }

    def free(self, provider: str, name: str) -> dict[str, int]:
        """Return resource class -> amount left in the provider itself.

        That is (total - reserved) * allocation_ratio - used.
        """
        path = f"/resource_providers/{provider}"
        used = self._api.get(
            f"{path}/usages", f"show the usages of {name}"
        ).numbers("usages")
        inventories = self._api.get(
            f"{path}/inventories", f"show the inventories of {name}"
        ).inner("inventories")
        return {
            resource: _capacity(row) - used.get(resource, 0)
            for resource, row in inventories.items()
        }


def _capacity(row: JsonObject) -> int:
    return int(
        (row.whole("total") - row.whole("reserved"))
        * row.number("allocation_ratio")
    )


def _room_left(summary: JsonObject) -> dict[str, int]:
    return {
        name: row.whole("capacity") - row.whole("used")
        for name, row in summary.inner("resources").items()
    }
