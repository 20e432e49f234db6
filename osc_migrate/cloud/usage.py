"""What a compute host has and who uses it: the rows that
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
    :ivar used_now: what Nova accounts for: reserved, servers, moves coming.
    :ivar used_max: the sizes of the servers that are there, running or not.
    :ivar projects: the same for each project, by ID.
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
    """Adds up.

    :param servers: (ID, project's ID, size or None) of each server there.
    """
    projects: dict[str, Amount] = defaultdict(Amount)
    uncounted = []
    for server, project, flavor in servers:
        if flavor is None:
            uncounted.append(server)
            continue
        # As nova/cmd/manage.py added it up, and os-hosts still does: no
        # swap, and a volume's root disk counts although it is not here.
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
    """(name of the host, its usage).

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
        """None where Nova does not show it: a partial record of a cell that is
        down (2.69), or a flavor that was deleted."""
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
    """Project ID -> name, as far as this user may read them."""
    return projects.project_names(cloud.keystone, ids)
