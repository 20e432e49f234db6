"""Reads what a plan is made of.

Requests, for any number of hosts and servers: 21, plus pages of 1,000 rows;
one for each host whose servers' allocations are wanted; and for each host
that has no memory left, which placement's list leaves out, four (more with
nested providers), up to 50 such hosts beside those that were asked for.
"""

import datetime
import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from osc_migrate import errors, microversions
from osc_migrate.facts import inflight, parse, stock
from osc_migrate.facts.body import fact
from osc_migrate.facts.cloud import Cloud, find_host, quiet, together
from osc_migrate.facts.surroundings import aggregates_of, hosts_of
from osc_migrate.model.facts import Host, Migration, Server, Unread, known
from osc_migrate.model.fleet import Fleet, Past, ServerGroup

T = TypeVar("T")
# Statuses with which a move has ended well; a cold one is 'finished' until
# somebody confirms it.
_WELL = ("completed", "finished", "confirmed")
_TYPES = ("live-migration", "migration")
LOOK_BACK = datetime.timedelta(days=30)
# Of each status: the newest are enough for what is usual.
_ENOUGH = 200
# Larger than any page size that Nova allows.
_MOST_GROUPS = 100_000


def read(cloud: Cloud, sources: Collection[str] = ()) -> Fleet:
    """Everything that plans look at.

    :param sources: compute hosts (names, or names or IDs of hypervisors)
        that are to be emptied: what their servers hold is asked for.
    :raises NotFound: one of them does not exist.
    :raises MigrateError: what no plan can be made without is not to be had.
    """
    hosts, servers, groups, aggregates, under_way, past = together(
        lambda: hosts_of(cloud),
        lambda: quiet(lambda: _servers(cloud)),
        lambda: quiet(lambda: tuple(_groups(cloud))),
        lambda: quiet(lambda: aggregates_of(cloud)),
        lambda: quiet(lambda: tuple(inflight.everywhere(cloud))),
        lambda: quiet(lambda: _past(cloud)),
    )
    hosts = _must("the compute hosts", hosts)
    servers = _must("the servers", servers)
    named = [_named(hosts, wanted) for wanted in sources]
    places, pools = _must(
        "what placement has", fact(lambda: stock.places(cloud, hosts, named))
    )
    return Fleet(
        cloud=cloud.nova.identity,
        now=datetime.datetime.now(datetime.UTC),
        places=places,
        servers=servers,
        groups=_must("the server groups", groups),
        aggregates=aggregates,
        under_way=_must("the migrations under way", under_way),
        # Only what moves took here is not known then.
        past=_with_memory(_or(past, ()), servers),
        held=_held(cloud, [hosts[name] for name in named]),
        pools=pools,
        nova=microversions.key(cloud.nova.offered),
        roles=fact(cloud.roles),
    )


def _must(what: str, found: Any) -> Any:
    if isinstance(found, Unread):
        raise errors.MigrateError(
            f"no plan can be made: {what} cannot be read: {found.reason}"
        )
    return found


def _or(found: Any, other: T) -> Any | T:
    return other if isinstance(found, Unread) else found


def _named(hosts: Mapping[str, Host], wanted: str) -> str:
    name = find_host(
        wanted, {n: fact(getattr, h, "hypervisor") for n, h in hosts.items()}
    )
    if name is None:
        raise errors.NotFound(
            "compute host", wanted, "see 'openstack compute service list'"
        )
    return name


def _servers(cloud: Cloud) -> Mapping[str, Server]:
    found = (parse.server(row) for row in cloud.servers({}))
    return {server.id: server for server in found}


def _groups(cloud: Cloud) -> Iterator[ServerGroup]:
    """All of them: pages by offset, the last one empty, as Nova may have a
    smaller page of its own and sends no links."""
    offset = 0
    while offset < _MOST_GROUPS:
        body = cloud.nova.get(
            "/os-server-groups",
            "list the server groups",
            query={"all_projects": "True", "limit": 1000, "offset": offset},
        )
        rows = body.rows("server_groups")
        if not rows:
            return
        yield from (parse.server_group(row) for row in rows)
        offset += len(rows)
    raise Unread(f"there are more than {_MOST_GROUPS} server groups")


def _past(cloud: Cloud) -> tuple[Migration, ...]:
    """Moves of the last days that ended well."""
    paged = cloud.nova.has(microversions.MIGRATIONS_PAGED)
    since = datetime.datetime.now(datetime.UTC) - LOOK_BACK

    def ask(status: str) -> list[Migration]:
        query: dict[str, object] = {"status": status}
        if paged:
            query["limit"] = _ENOUGH
            query["changes-since"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        body = cloud.nova.get(
            "/os-migrations",
            f"list the migrations that are {status}",
            query=query,
        )
        found = [parse.migration(row) for row in body.rows("migrations")]
        return sorted(found, key=lambda m: -m.id)[:_ENOUGH]

    asks: list[Callable[[], Any]] = [functools.partial(ask, s) for s in _WELL]
    return tuple(m for found in together(*asks) for m in _or(found, []))


def _with_memory(
    records: tuple[Migration, ...], servers: Mapping[str, Server]
) -> tuple[Past, ...]:
    found = []
    for record in records:
        seconds = known(functools.partial(_seconds, record))
        if seconds is None or record.type not in _TYPES:
            continue
        server = known(functools.partial(_of, servers, record))
        memory = known(functools.partial(_memory, server))
        found.append(Past(record.type == "migration", seconds, memory))
    return tuple(found)


def _seconds(record: Migration) -> float | None:
    begun, ended = record.created_at, record.updated_at
    if begun is None or ended is None or ended < begun:
        return None
    return (ended - begun).total_seconds()


def _memory(server: Server | None) -> int | None:
    return server.flavor.ram if server else None


def _of(servers: Mapping[str, Server], record: Migration) -> Server | None:
    return servers.get(record.server_id or "")


def _held(cloud: Cloud, hosts: list[Host]) -> Mapping[str, Mapping[str, int]]:
    """A request a host. Where it fails, the flavors have to do."""
    reads = [
        functools.partial(cloud.placement.held, hypervisor.id, host.name)
        for host in hosts
        if (hypervisor := stock.hypervisor_of(host))
    ]
    found: dict[str, Mapping[str, int]] = {}
    if reads:
        quietly = (functools.partial(quiet, one) for one in reads)
        for held in together(*quietly):
            found |= _or(held, {})
    return found
