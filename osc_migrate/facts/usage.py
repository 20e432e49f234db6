"""Reads what a compute host has and what its servers use of it."""

from collections.abc import Iterable

from osc_migrate import errors, microversions
from osc_migrate.facts import parse
from osc_migrate.facts.api import Api
from osc_migrate.facts.body import Body, fact
from osc_migrate.facts.cloud import Cloud, find_host
from osc_migrate.model.facts import Flavor, Unread
from osc_migrate.usage import Usage, usage


def host_usage(cloud: Cloud, wanted: str) -> tuple[str, Usage]:
    """(name of the host, its usage).

    :raises NotFound: no such compute host.
    :raises MigrateError: Nova does not tell.
    """
    try:
        hypervisors = cloud.hypervisors()
        host = find_host(wanted, hypervisors)
        if host is None:
            raise errors.NotFound(
                "compute host",
                wanted,
                "see 'openstack hypervisor list'; hosts of a cell that is"
                " down are missing there",
            )
        rows = cloud.nova.pages(
            "/servers/detail",
            "servers",
            f"list the servers on {host}",
            query={"all_tenants": "1", "host": host},
        )
        sizes = _Sizes(cloud.nova)
        servers = (
            (row.text("id"), row.text("tenant_id"), sizes.of(row))
            for row in rows
        )
        return host, usage(hypervisors[host], servers)
    except Unread as unread:
        raise errors.MigrateError(
            f"host {wanted} cannot be described: {unread.reason}"
        ) from None


class _Sizes:
    """Sizes of servers; before 2.47 each flavor is looked up once."""

    def __init__(self, nova: Api) -> None:
        self._nova = nova
        self._known: dict[str, Flavor | None] = {}

    def of(self, server: Body) -> Flavor | None:
        """None where Nova does not tell: a partial record of a cell that is
        down (2.69), or a flavor that was deleted."""
        if "flavor" not in server:
            return None
        if self._nova.has(microversions.FLAVOR_IN_SERVER):
            return parse.flavor(server)
        flavor = server.inner("flavor").text("id")
        if flavor not in self._known:
            self._known[flavor] = self._look_up(flavor)
        return self._known[flavor]

    def _look_up(self, flavor: str) -> Flavor | None:
        try:
            body = self._nova.get(f"/flavors/{flavor}", f"show {flavor}")
        except errors.ApiError as error:
            if error.status == 404:
                return None
            raise
        return parse.size(body.inner("flavor"))


def project_names(cloud: Cloud, ids: Iterable[str]) -> dict[str, str]:
    """Project ID -> name, as far as this user may read them."""
    wanted = set(ids)
    if not wanted:
        return {}
    try:
        return {
            project: row.text("name")
            for row in cloud.keystone.pages(
                "/projects", "projects", "list the projects", marker=None
            )
            if (project := fact(row.text, "id")) in wanted
        }
    except (errors.ApiError, Unread):
        return {}
