"""What placement tells about room."""

from collections import Counter
from collections.abc import Mapping

from osc_migrate.facts.api import Api
from osc_migrate.facts.body import Body
from osc_migrate.model.facts import Unread


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
        held = {
            provider: row.numbers("resources")
            for provider, row in body.inner("allocations").items()
        }
        if not held:
            raise Unread(
                f"placement holds no allocation for server {consumer};"
                " 'nova-manage placement heal_allocations' makes it"
            )
        return held

    def rooms(
        self, query: Mapping[str, object], tree: str | None = None
    ) -> dict[str, dict[str, int]]:
        """Root provider of each tree that has room -> what is left there.

        :param query: from :func:`osc_migrate.facts.request.query`.
        :param tree: ask for the tree of that provider alone.
        """
        asked = dict(query)
        if tree is not None:
            asked["in_tree"] = tree
        body = self._api.get(
            "/allocation_candidates", "look for room", query=asked
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
            resource: int(
                (row.whole("total") - row.whole("reserved"))
                * row.number("allocation_ratio")
            )
            - used.get(resource, 0)
            for resource, row in inventories.items()
        }


def _left(summary: Body) -> dict[str, int]:
    return {
        name: row.whole("capacity") - row.whole("used")
        for name, row in summary.inner("resources").items()
    }
