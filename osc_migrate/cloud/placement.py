"""What placement shows: inventories and allocations."""

import dataclasses
from collections import Counter
from collections.abc import Mapping

from osc_migrate import microversions
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.rest import Api
from osc_migrate.facts import Facts, Unread


@dataclasses.dataclass(frozen=True, repr=False)
class HostRoom(Facts):
    """What placement says of a server and one host: resource class -> n."""

    # What the server holds now, and so needs there.
    asked: Mapping[str, int]
    # What the host's tree has left, after reserved and ratios.
    free: Mapping[str, int]
    # Placement's own answer: it has an allocation candidate in that tree.
    fits: bool
    # Compute hosts on which the server holds something -> their provider.
    holders: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Inventory:
    """What a resource provider has of one resource class.

    :ivar total: what may be allocated: (inventory - reserved) x ratio.
    :ivar used: what is allocated, as placement counts it.
    :ivar max_amount: limit for one server; None without such a limit.
    """

    total: int
    used: int
    max_amount: int | None = None

    @property
    def free(self) -> int:
        """Below 0 where more is allocated than there is."""
        return self.total - self.used


@dataclasses.dataclass(frozen=True, slots=True)
class Provider:
    """A resource provider; `root` is that of its tree, maybe itself."""

    id: str
    root: str
    stock: Mapping[str, Inventory]
    traits: frozenset[str]


class Placement:
    def __init__(self, api: Api) -> None:
        self._api = api

    def allocation(self, consumer: str) -> dict[str, dict[str, int]]:
        """Provider -> resource class -> what the consumer holds there.

        :raises Unread: placement holds nothing for it.
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
        """Root provider of each tree that has room -> what is left there.

        :param query: from :func:`osc_migrate.cloud.allocation_query.query`.
        :param tree: ask for the tree of that provider alone.
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
                left[root].update(_left(summary))
        return {root: dict(free) for root, free in left.items()}

    def consumers(self, provider: str) -> frozenset[str]:
        """Who holds something of that provider."""
        body = self._api.get(
            f"/resource_providers/{provider}/allocations",
            f"list the allocations of {provider}",
        )
        return body.keys("allocations")

    def used(self, resource: str) -> dict[str, int]:
        """Provider -> how much of that resource is used, of all those that
        have any left: one request for the whole cloud."""
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
        """Every provider of the trees that have memory left: one request
        for the whole cloud.

        :raises Unread: below 1.29 placement shows neither all classes nor
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
        """A provider and those below it, whether they have anything left:
        a request for the tree, three for each of its providers."""
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
        """Providers that others share, each with who takes from it.

        One request where there are none, else five for each and one for
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
        """Consumer -> resource class -> what it holds of that provider."""
        body = self._api.get(
            f"/resource_providers/{provider}/allocations",
            f"list the allocations of {name}",
        )
        return {
            consumer: row.numbers("resources")
            for consumer, row in body.inner("allocations").items()
        }

    def providers(self) -> dict[str, str]:
        """Name -> UUID of every resource provider."""
        body = self._api.get("/resource_providers", "list the providers")
        return {
            row.text("name"): row.text("uuid")
            for row in body.rows("resource_providers")
        }

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
            resource: _capacity(row) - used.get(resource, 0)
            for resource, row in inventories.items()
        }


def _capacity(row: JsonObject) -> int:
    return int(
        (row.whole("total") - row.whole("reserved"))
        * row.number("allocation_ratio")
    )


def _left(summary: JsonObject) -> dict[str, int]:
    return {
        name: row.whole("capacity") - row.whole("used")
        for name, row in summary.inner("resources").items()
    }
