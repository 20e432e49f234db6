"""The facts about a cloud that planning needs."""

import dataclasses
import datetime
import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from osc_migrate import errors, microversions
from osc_migrate.cloud import in_flight, inventory, server_details
from osc_migrate.cloud.cloud import (
    Cloud,
    hypervisors_of,
    in_parallel,
    or_unread,
    require_host,
)
from osc_migrate.cloud.hosts import Aggregate, Host
from osc_migrate.cloud.inventory import HostInventory
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.placement import Inventory
from osc_migrate.cloud.server_groups import ServerGroup, parse_server_group
from osc_migrate.cloud.servers import Server, parse_server
from osc_migrate.cloud.surroundings import (
    aggregates_of,
    changed_since,
    hosts_of,
    recent_moves,
)
from osc_migrate.facts import Facts, Unread, fact, or_none
from osc_migrate.text import paste


@dataclasses.dataclass(frozen=True, slots=True)
class PastMove:
    """A past move in this cloud.

    :ivar memory_mb: memory of its server, if that still exists.
    """

    cold: bool
    seconds: float
    memory_mb: int | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class Pause(Facts):
    """Facts about a paused server."""

    # As MoveFacts has them.
    migrations: tuple[Migration, ...]
    paused_at: datetime.datetime | None


@dataclasses.dataclass(frozen=True, repr=False)
class Fleet(Facts):
    """All facts that a plan is based on, read at one time."""

    # See plan.Plan.cloud.
    cloud: str
    # UTC.
    now: datetime.datetime
    # Compute host name -> inventory.
    places: Mapping[str, HostInventory]
    # By ID.
    servers: Mapping[str, Server]
    groups: tuple[ServerGroup, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    # Migration records that have not ended.
    under_way: tuple[Migration, ...] = ()
    # Newest first.
    past: tuple[PastMove, ...] = ()
    # See MoveFacts; empty if they cannot be listed.
    recent: tuple[Migration, ...] = ()
    # Server ID -> resource class -> amount allocated from its host's own
    # provider; only for servers on the requested hosts.
    held: Mapping[str, Mapping[str, int]] = dataclasses.field(
        default_factory=dict
    )
    # Server ID -> facts, for paused servers on the requested hosts, or all.
    paused: Mapping[str, Pause] = dataclasses.field(default_factory=dict)
    # Sharing provider -> resource class -> inventory.
    pools: Mapping[str, Mapping[str, Inventory]] = dataclasses.field(
        default_factory=dict
    )
    # As MoveFacts has them.
    nova: tuple[int, int] = (2, 104)
    roles: frozenset[str] = frozenset({"admin"})


T = TypeVar("T")


# Statuses of successful moves; a cold one is 'finished' until it is
# confirmed.
_WELL = ("completed", "finished", "confirmed")


_TYPES = ("live-migration", "migration")


LOOK_BACK = datetime.timedelta(days=30)


# Records to read of each status, newest first.
_ENOUGH = 200


# Paused servers to read in parallel.
_TOGETHER = 50


# Larger than any page size that Nova allows.
_MOST_GROUPS = 100_000


def read(cloud: Cloud, sources: Collection[str] = ()) -> Fleet:
    """Read all facts that planning needs.

    :param sources: compute hosts (names, or names or IDs of hypervisors)
        that are to be emptied: the allocations of their servers are read.
    :raises NotFound: one of them does not exist.
    :raises MigrateError: a fact that every plan needs could not be read.
    """
    hosts, servers, groups, aggregates, under_way, past, recent = in_parallel(
        lambda: hosts_of(cloud),
        lambda: or_unread(lambda: _servers(cloud)),
        lambda: or_unread(lambda: tuple(_groups(cloud))),
        lambda: or_unread(lambda: aggregates_of(cloud)),
        lambda: or_unread(
            lambda: tuple(in_flight.migrations_in_flight(cloud))
        ),
        lambda: or_unread(lambda: _past(cloud)),
        lambda: or_unread(lambda: recent_moves(cloud)),
    )
    hosts = _required("the compute hosts", hosts)
    servers = _required("the servers", servers)
    hypervisors = hypervisors_of(hosts)
    for host in sources:
        _refuse_server(host, hypervisors, servers)
    named = [require_host(host, hypervisors) for host in sources]
    places, pools = _required(
        "what placement has",
        fact(lambda: inventory.places(cloud, hosts, named)),
    )
    return Fleet(
        cloud=cloud.nova.identity,
        now=datetime.datetime.now(datetime.UTC),
        places=places,
        servers=servers,
        groups=_required("the server groups", groups),
        aggregates=aggregates,
        under_way=_required("the migrations under way", under_way),
        # Only the past durations are missing then.
        past=_with_memory(_or_default(past, ()), servers),
        # The plan is made without them, and preflight reports the gap.
        recent=_or_default(recent, ()),
        paused=_paused(cloud, named, servers.values()),
        held=_allocations(cloud, [hosts[name] for name in named]),
        pools=pools,
        nova=microversions.key(cloud.nova.offered),
        roles=fact(cloud.roles),
    )


def _refuse_server(
    ref: str, hosts: Collection[str], servers: Mapping[str, Server]
) -> None:
    """:raises NotFound: `ref` is a server, not a host."""
    names = {
        or_none(functools.partial(getattr, s, "name"))
        for s in servers.values()
    }
    if ref not in hosts and (ref in servers or ref in names):
        name = paste(ref)
        raise errors.NotFound(
            "compute host",
            ref,
            f"{name} is a server; did you mean: openstack migrate drain"
            f" --server {name}",
        )


def _required(description: str, facts: Any) -> Any:
    if isinstance(facts, Unread):
        raise errors.MigrateError(
            f"no plan can be made: {description} cannot be read:"
            f" {facts.reason}"
        )
    return facts


def _or_default(facts: Any, default: T) -> Any | T:
    return default if isinstance(facts, Unread) else facts


def _paused(
    cloud: Cloud, hosts: Collection[str], servers: Iterable[Server]
) -> Mapping[str, Pause]:
    """Read paused servers, with two requests for each: they are few."""
    paused = [
        server
        for server in servers
        if fact(getattr, server, "status") == "PAUSED"
        and (not hosts or fact(getattr, server, "host") in hosts)
    ]
    reads = [functools.partial(_pause, cloud, server) for server in paused]
    pauses: list[Pause] = []
    for start in range(0, len(reads), _TOGETHER):
        pauses += in_parallel(*reads[start : start + _TOGETHER])
    return {
        server.id: pause for server, pause in zip(paused, pauses, strict=True)
    }


def _pause(cloud: Cloud, server: Server) -> Pause:
    def migrations() -> tuple[Migration, ...]:
        project = or_none(lambda: server.project_id)
        return tuple(cloud.migrations(server.id, project, limit=20))

    def paused_at() -> datetime.datetime | None:
        return server_details.paused_at(cloud, server)

    return Pause(
        fact(or_unread, migrations),
        fact(or_unread, paused_at),
    )


def _servers(cloud: Cloud) -> Mapping[str, Server]:
    servers = (parse_server(row) for row in cloud.servers({}))
    return {server.id: server for server in servers}


def _groups(cloud: Cloud) -> Iterator[ServerGroup]:
    """Yield all server groups.

    Paged by offset until a page is empty: Nova sends no links, and its page
    may be smaller than the limit.
    """
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
        yield from (parse_server_group(row) for row in rows)
        offset += len(rows)
    raise Unread(f"there are more than {_MOST_GROUPS} server groups")


def _past(cloud: Cloud) -> tuple[Migration, ...]:
    """Return the successful moves of the last days."""
    since = datetime.datetime.now(datetime.UTC) - LOOK_BACK

    def fetch(status: str) -> list[Migration]:
        records = changed_since(cloud, status, since, _ENOUGH)
        return sorted(records, key=lambda m: -m.id)[:_ENOUGH]

    asks: list[Callable[[], Any]] = [
        functools.partial(fetch, s) for s in _WELL
    ]
    return tuple(
        m for records in in_parallel(*asks) for m in _or_default(records, [])
    )


def _with_memory(
    records: tuple[Migration, ...], servers: Mapping[str, Server]
) -> tuple[PastMove, ...]:
    moves = []
    for record in records:
        seconds = or_none(functools.partial(_seconds, record))
        if seconds is None or record.type not in _TYPES:
            continue
        server = or_none(functools.partial(_server_of, servers, record))
        memory = or_none(functools.partial(_memory, server))
        moves.append(PastMove(record.type == "migration", seconds, memory))
    return tuple(moves)


def _seconds(record: Migration) -> float | None:
    started, ended = record.created_at, record.updated_at
    if started is None or ended is None or ended < started:
        return None
    return (ended - started).total_seconds()


def _memory(server: Server | None) -> int | None:
    return server.flavor.ram if server else None


def _server_of(
    servers: Mapping[str, Server], record: Migration
) -> Server | None:
    return servers.get(record.server_id or "")


def _allocations(
    cloud: Cloud, hosts: list[Host]
) -> Mapping[str, Mapping[str, int]]:
    """Read allocations, with one request for each host.

    If that fails, the flavors are used instead.
    """
    reads = [
        functools.partial(cloud.placement.held, hypervisor.id, host.name)
        for host in hosts
        if (hypervisor := inventory.hypervisor_of(host))
    ]
    allocations: dict[str, Mapping[str, int]] = {}
    if reads:
        quietly = (functools.partial(or_unread, reader) for reader in reads)
        for consumers in in_parallel(*quietly):
            allocations |= _or_default(consumers, {})
    return allocations
