"""The facts about a whole cloud."""

import dataclasses
import datetime
from collections import Counter
from collections.abc import Mapping
from typing import Any

from osc_migrate import microversions
from osc_migrate.cloud.cloud import Cloud, in_parallel, or_unread
from osc_migrate.cloud.hosts import (
    Host,
    Service,
    is_bare_metal,
    parse_service,
)
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server, parse_server
from osc_migrate.cloud.surroundings import hosts_of, migrations_in, under_way
from osc_migrate.facts import Facts, Unread, fact, or_none


@dataclasses.dataclass(frozen=True, repr=False)
class CloudFacts(Facts):
    """The whole cloud, for validation before an upgrade."""

    services: tuple[Service, ...]
    # Compute hosts by name, hypervisors included.
    hosts: Mapping[str, Host]
    servers: tuple[Server, ...]
    # Migration records that have not ended.
    under_way: tuple[Migration, ...]
    # Host -> consumers in placement that Nova does not have on it.
    orphans: Mapping[str, tuple[str, ...]]
    # Hosts whose allocations were not read, because there are too many.
    unseen: tuple[str, ...]
    # Port -> hosts of its bindings, for ports with too many.
    stale_bindings: Mapping[str, tuple[str, ...]]
    # UTC.
    now: datetime.datetime
    # The microversion used with Nova, such as (2, 104).
    nova: tuple[int, int] = (2, 104)


# Maximum number of suspicious hosts that are read one by one.
CLOSER = 50


# Statuses of failed moves, which may have left something behind.
FAILED = ("error", "failed", "cancelled")


LOOK_BACK = datetime.timedelta(days=30)


def whole_cloud(cloud: Cloud) -> CloudFacts:
    """Read the facts for the checks in ``checks.cloud``."""
    now = datetime.datetime.now(datetime.UTC)
    read = Reading(
        *in_parallel(
            lambda: or_unread(lambda: services(cloud)),
            lambda: hosts_of(cloud),
            lambda: or_unread(lambda: _servers(cloud)),
            lambda: or_unread(lambda: under_way(cloud)),
            lambda: or_unread(lambda: _failed(cloud, now)),
        )
    )
    try:
        books = or_unread(lambda: _accounting(cloud, read))
    except Unread as unread:
        unknown: Any = unread
        books = Books(orphans=unknown, unseen=unknown)
    return CloudFacts(
        services=fact(lambda: read.services),
        hosts=fact(lambda: read.hosts),
        servers=fact(lambda: read.servers),
        under_way=fact(lambda: read.under_way),
        orphans=_part(books, "orphans"),
        unseen=_part(books, "unseen"),
        stale_bindings=fact(lambda: or_unread(lambda: _stale(cloud, read))),
        now=now,
        nova=fact(
            lambda: or_unread(lambda: microversions.key(cloud.nova.version))
        ),
    )


def _part(books: Any, name: str) -> Any:
    """Return a part of what was read, or the reason why it was not."""
    return books if isinstance(books, Unread) else fact(getattr, books, name)


@dataclasses.dataclass(frozen=True, repr=False)
class Reading(Facts):
    """Facts that were read in parallel."""

    services: tuple[Service, ...]
    hosts: Mapping[str, Host]
    servers: tuple[Server, ...]
    under_way: tuple[Migration, ...]
    # Recent moves that may have left something behind.
    failed: tuple[Migration, ...]


@dataclasses.dataclass(frozen=True, repr=False)
class Books(Facts):
    """Allocations in placement that Nova does not account for."""

    orphans: Mapping[str, tuple[str, ...]]
    unseen: tuple[str, ...]


def services(cloud: Cloud) -> tuple[Service, ...]:
    """Return every Nova service.

    :raises ApiError, Unread: they cannot be listed.
    """
    body = cloud.nova.get("/os-services", "list the services")
    return tuple(parse_service(row) for row in body.rows("services"))


def _servers(cloud: Cloud) -> tuple[Server, ...]:
    return tuple(parse_server(row) for row in cloud.servers({}))


def _failed(cloud: Cloud, now: datetime.datetime) -> tuple[Migration, ...]:
    cloud.nova.need(
        microversions.MIGRATIONS_PAGED, "recent migrations can be listed"
    )
    since = (now - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    return migrations_in(cloud, FAILED, {"changes-since": since})


def _accounting(cloud: Cloud, read: Reading) -> Books:
    """Compare the memory of all hosts, which is cheap, with their servers'.

    Every server has memory. Hosts whose sums differ are read one by one.
    """
    used = cloud.placement.used("MEMORY_MB")
    expected: Counter[str] = Counter()
    for server in read.servers:
        expected[_host(server)] += server.flavor.ram
    suspects = [
        name
        for name, host in read.hosts.items()
        if host.hypervisor is not None
        # An Ironic node has a custom resource class and no memory.
        and not is_bare_metal(host)
        and used.get(host.hypervisor.id) != expected[name]
    ]
    alive = {server.id for server in read.servers}
    # During a move, and until a cold migration is confirmed, the allocation
    # on the source belongs to the UUID of the migration record.
    moving = {record.uuid for record in read.under_way}
    moving |= _unconfirmed(cloud, read)
    orphans = {}
    for name in suspects[:CLOSER]:
        hypervisor = read.hosts[name].hypervisor
        if hypervisor is not None:
            consumers = cloud.placement.consumers(hypervisor.id)
            if orphaned := consumers - alive - moving:
                orphans[name] = tuple(sorted(orphaned))
    return Books(orphans=orphans, unseen=tuple(suspects[CLOSER:]))


def _host(server: Server) -> str:
    return or_none(lambda: server.host) or ""


def _unconfirmed(cloud: Cloud, read: Reading) -> set[str | None]:
    if not any(server.status == "VERIFY_RESIZE" for server in read.servers):
        return set()
    waiting = migrations_in(cloud, ["finished"], {})
    return {record.uuid for record in waiting}


def _stale(cloud: Cloud, read: Reading) -> Mapping[str, tuple[str, ...]]:
    """Return stale bindings of idle servers whose move failed recently."""
    moving = {record.server_id for record in read.under_way}
    alive = {server.id for server in read.servers}
    suspects = sorted(
        {
            record.server_id
            for record in read.failed
            if record.server_id in alive and record.server_id not in moving
        }
        - {None}
    )
    stale = {}
    for server_id in suspects[:CLOSER]:
        for port in cloud.network.ports(str(server_id)):
            if len(port.bindings) > 1:
                stale[port.id] = tuple(sorted(port.bindings))
    return stale
