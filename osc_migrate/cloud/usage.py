"""Resources of a compute host and their use by project: the rows that
``nova-manage service describe_resource`` printed until 2016."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable

from osc_migrate import errors, microversions
from osc_migrate.cloud import projects
from osc_migrate.cloud.cloud import Cloud, require_host
from osc_migrate.cloud.hosts import Hypervisor
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.rest import Api
from osc_migrate.cloud.servers import Flavor, parse_flavor, parse_size
from osc_migrate.facts import Unread


@dataclasses.dataclass(frozen=True)
class Amount:
    """CPUs, memory in MiB, disk in GiB."""

    cpu: int = 0
    memory_mb: int = 0
    disk_gb: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(
            self.cpu + other.cpu,
            self.memory_mb + other.memory_mb,
            self.disk_gb + other.disk_gb,
        )


@dataclasses.dataclass(frozen=True)
class Usage:
    """The rows for one host.

    :ivar total: what the host has, before allocation ratios.
    :ivar used_now: accounted by Nova: reserved, servers, incoming moves.
    :ivar used_max: sum of the sizes of all its servers, running or not.
    :ivar projects: project ID -> sum of the sizes of its servers.
    :ivar uncounted: IDs of servers whose size could not be read.
    """

    total: Amount
    used_now: Amount
    used_max: Amount
    projects: dict[str, Amount]
    uncounted: tuple[str, ...]


def usage(
    hypervisor: Hypervisor,
    servers: Iterable[tuple[str, str, Flavor | None]],
) -> Usage:
    """Add up the sizes of servers.

    :param servers: (ID, project ID, size or None) of each server.
    """
    projects: dict[str, Amount] = defaultdict(Amount)
    uncounted = []
    for server, project, flavor in servers:
        if flavor is None:
            uncounted.append(server)
            continue
        # Like nova/cmd/manage.py did, and os-hosts still does: without
        # swap, and with the root disk of volume-backed servers.
        projects[project] += Amount(
            flavor.vcpus, flavor.ram, flavor.disk + flavor.ephemeral
        )
    return Usage(
        total=Amount(
            hypervisor.vcpus, hypervisor.memory_mb, hypervisor.local_gb
        ),
        used_now=Amount(
            hypervisor.vcpus_used,
            hypervisor.memory_mb_used,
            hypervisor.local_gb_used,
        ),
        used_max=sum(projects.values(), Amount()),
        projects=dict(projects),
        uncounted=tuple(uncounted),
    )


def host_usage(cloud: Cloud, host_ref: str) -> tuple[str, Usage]:
    """Return (host name, usage).

    :raises NotFound: no such compute host.
    :raises MigrateError: Nova does not show it.
    """
    try:
        hypervisors = cloud.hypervisors()
        host = require_host(
            host_ref,
            hypervisors,
            "see 'openstack hypervisor list'; hosts of a cell that is down"
            " are missing there",
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
            f"host {host_ref} cannot be described: {unread.reason}"
        ) from None


class _Sizes:
    """Sizes of servers; before 2.47 each flavor is looked up once."""

    def __init__(self, nova: Api) -> None:
        self._nova = nova
        self._known: dict[str, Flavor | None] = {}

    def of(self, server: JsonObject) -> Flavor | None:
        """Return the size of a server, or None if Nova does not show it.

        That is a partial record of a cell that is down (2.69), or a deleted
        flavor.
        """
        if "flavor" not in server:
            return None
        if self._nova.has(microversions.FLAVOR_IN_SERVER):
            return parse_flavor(server)
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
        return parse_size(body.inner("flavor"))


def project_names(cloud: Cloud, ids: Iterable[str]) -> dict[str, str]:
    """Return project ID -> name, as far as this user may read them."""
    return projects.project_names(cloud.keystone, ids)
