"""The facts about a cloud that do not depend on the server to move."""

import datetime
import functools
from collections.abc import Iterable, Mapping
from typing import Any, cast

from osc_migrate import microversions
from osc_migrate.cloud.cloud import Cloud, in_parallel, or_unread
from osc_migrate.cloud.hosts import Aggregate, Host, parse_aggregate
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.migrations import Migration, parse_migration
from osc_migrate.facts import Unread, fact

# Statuses of records of moves in flight.
UNDER_WAY = (
    "accepted",
    "queued",
    "preparing",
    "running",
    "running (post-copy)",
    "post-migrating",
)

# Types of the records of moves. Ordinary users cannot create these: their
# resizes have another type.
MOVES = ("live-migration", "migration")
# How long a failed move is relevant to the next one.
RECENT = datetime.timedelta(hours=6)

_NOT_ASKED = Unread("not read: no destination was named")


class Surroundings:
    """The facts about a cloud that do not depend on the server.

    Read once for any number of servers.

    :param arriving: also read moves in flight to the hosts, with a request
        for each status that such a move can have.
    """

    def __init__(self, cloud: Cloud, *, arriving: bool = True) -> None:
        self.cloud = cloud
        (
            self.hosts,
            self.aggregates,
            self.agents,
            self.extensions,
            self.under_way,
            self.recent,
            self.roles,
        ) = in_parallel(
            lambda: hosts_of(cloud),
            lambda: or_unread(lambda: aggregates_of(cloud)),
            lambda: or_unread(cloud.network.agents),
            lambda: or_unread(cloud.network.extensions),
            lambda: (
                or_unread(lambda: under_way(cloud)) if arriving else _NOT_ASKED
            ),
            lambda: (
                or_unread(lambda: recent_moves(cloud))
                if arriving
                else _NOT_ASKED
            ),
            cloud.roles,
        )

    def known_hosts(self) -> Mapping[str, Host]:
        """:raises Unread: this user may not list the hosts."""
        if isinstance(self.hosts, Unread):
            raise self.hosts
        return cast(Mapping[str, Host], self.hosts)


def hosts_of(cloud: Cloud) -> dict[str, Host]:
    hosts, hypervisors = in_parallel(cloud.hosts, cloud.hypervisors)
    if isinstance(hosts, Unread):
        raise hosts
    # Before 2.53, Nova uses other IDs; placement lists them by name.
    providers: Any = None
    if not cloud.nova.has(microversions.UUIDS):
        providers = fact(or_unread, cloud.placement.providers)

    def hypervisor(name: str) -> Any:
        if isinstance(hypervisors, Unread):
            return hypervisors
        known_hypervisor = hypervisors.get(name)
        if known_hypervisor is None or providers is None:
            return known_hypervisor
        if isinstance(providers, Unread):
            return known_hypervisor.but(id=providers)
        none = Unread(
            f"placement has no provider called {known_hypervisor.name}"
        )
        return known_hypervisor.but(
            id=providers.get(known_hypervisor.name, none)
        )

    return {
        name: host.but(hypervisor=hypervisor(name))
        for name, host in hosts.items()
    }


def aggregates_of(cloud: Cloud) -> tuple[Aggregate, ...]:
    body = cloud.nova.get("/os-aggregates", "list the aggregates")
    return tuple(parse_aggregate(row) for row in body.rows("aggregates"))


def under_way(cloud: Cloud) -> tuple[Migration, ...]:
    """Return every record that has not ended."""
    return migrations_in(cloud, UNDER_WAY, {})


def recent_moves(cloud: Cloud) -> tuple[Migration, ...]:
    """Return every record of a move that changed in the last hours.

    :raises Unread: this Nova cannot list recent records only.
    """
    cloud.nova.need(
        microversions.MIGRATIONS_PAGED, "recent migrations can be listed"
    )
    since = datetime.datetime.now(datetime.UTC) - RECENT
    query = {"changes-since": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return _list_migrations(cloud, "migration_type", MOVES, query)


def migrations_in(
    cloud: Cloud, statuses: Iterable[str], query: Mapping[str, object]
) -> tuple[Migration, ...]:
    """Return all records in these statuses, one request for each."""
    return _list_migrations(cloud, "status", statuses, query)


def changed_since(
    cloud: Cloud, status: str, since: datetime.datetime, limit: int
) -> list[Migration]:
    """Return one page of records in that status that changed since then.

    Before microversion 2.59, Nova returns all records of all times.

    :param limit: maximum number.
    :raises ApiError: they cannot be listed.
    """
    query: dict[str, object] = {"status": status}
    if cloud.nova.has(microversions.MIGRATIONS_PAGED):
        query["limit"] = limit
        query["changes-since"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    body = cloud.nova.get(
        "/os-migrations",
        f"list the migrations that are {status}",
        query=query,
    )
    return [parse_migration(row) for row in body.rows("migrations")]


def _list_migrations(
    cloud: Cloud,
    key: str,
    values: Iterable[str],
    query: Mapping[str, object],
) -> tuple[Migration, ...]:
    paged = cloud.nova.has(microversions.MIGRATIONS_PAGED)

    def fetch(value: str) -> list[JsonObject]:
        return list(
            cloud.nova.pages(
                "/os-migrations",
                "migrations",
                f"list the migrations with {key} {value}",
                query={key: value, **query},
                marker="uuid" if paged else None,
            )
        )

    pages = in_parallel(*(functools.partial(fetch, v) for v in values))
    return tuple(parse_migration(row) for rows in pages for row in rows)
