"""What a compute host has and who uses it: the rows that
``nova-manage service describe_resource`` printed until 2016."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable

from osc_migrate.model.facts import Flavor, Hypervisor


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
