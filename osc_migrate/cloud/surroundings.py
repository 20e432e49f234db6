"""What a cloud has that does not depend on the server that is to move."""

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

# Nova's words for a record of a move under way.
UNDER_WAY = (
    "accepted",
    "queued",
    "preparing",
    "running",
    "running (post-copy)",
    "post-migrating",
)

# Nova's words for the records of moves, which users without rights over the
# cloud cannot add to: a resize of theirs is another type.
MOVES = ("live-migration", "migration")
# How long a failed move says something about the next one.
RECENT = datetime.timedelta(hours=6)

_NOT_ASKED = Unread("not read: no destination was named")


class Surroundings:
    """What a cloud has that does not depend on the server; read once for
    any number of servers.

    :param arriving: read what is on its way to hosts, too: a request for
        each status that a move under way can have.
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
        """:raises Unread: when this user may not list them."""
        if isinstance(self.hosts, Unread):
            raise self.hosts
        return cast(Mapping[str, Host], self.hosts)


def hosts_of(cloud: Cloud) -> dict[str, Host]:
    hosts, hypervisors = in_parallel(cloud.hosts, cloud.hypervisors)
    if isinstance(hosts, Unread):
        raise hosts
    # Before 2.53 Nova has separate ids; placement knows them by name.
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
    """Every record that has not ended."""
    return migrations_in(cloud, UNDER_WAY, {})


def recent_moves(cloud: Cloud) -> tuple[Migration, ...]:
    """Every record of a move that changed in the last hours.

    :raises Unread: this Nova cannot be asked for recent ones alone.
    """
    cloud.nova.need(
        microversions.MIGRATIONS_PAGED, "recent migrations can be listed"
    )
    since = datetime.datetime.now(datetime.UTC) - RECENT
    query = {"changes-since": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return _listed(cloud, "migration_type", MOVES, query)


def migrations_in(
    cloud: Cloud, statuses: Iterable[str], query: Mapping[str, object]
) -> tuple[Migration, ...]:
    """Every record in one of those statuses, one request each, plus pages."""
    return _listed(cloud, "status", statuses, query)


def changed_since(
    cloud: Cloud, status: str, since: datetime.datetime, limit: int
) -> list[Migration]:
    """One page of the records in that status that changed since then.

    Before microversion 2.59 Nova lists those of all times, and all of them.

    :param limit: the most to ask for.
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


def _listed(
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
