"""Everything that matters for where one server may go.

One server and all hosts cost as many requests as one server and one host,
plus pages: what differs from host to host is picked out of lists.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

from osc_migrate import errors, microversions
from osc_migrate.facts import parse, request, storage
from osc_migrate.facts.body import fact
from osc_migrate.facts.cloud import Cloud, find_host, together
from osc_migrate.model import facts
from osc_migrate.model.facts import Unread

T = TypeVar("T")

# Nova's words for a record of a move under way.
UNDER_WAY = (
    "accepted",
    "queued",
    "preparing",
    "running",
    "running (post-copy)",
    "post-migrating",
)


class Surroundings:
    """What a cloud has that does not depend on the server; read once for
    any number of servers."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        (
            self.hosts,
            self.aggregates,
            self.agents,
            self.extensions,
            self.under_way,
            self.roles,
        ) = together(
            lambda: hosts_of(cloud),
            lambda: quiet(lambda: _aggregates(cloud)),
            lambda: quiet(cloud.network.agents),
            lambda: quiet(cloud.network.extensions),
            lambda: quiet(lambda: under_way(cloud)),
            cloud.roles,
        )

    def known_hosts(self) -> Mapping[str, facts.Host]:
        """:raises Unread: when this user may not list them."""
        if isinstance(self.hosts, Unread):
            raise self.hosts
        return cast(Mapping[str, facts.Host], self.hosts)


def hosts_of(cloud: Cloud) -> dict[str, facts.Host]:
    hosts, hypervisors = together(cloud.hosts, cloud.hypervisors)
    if isinstance(hosts, Unread):
        raise hosts
    # Before 2.53 Nova has ids of its own; placement knows them by name.
    providers: Any = None
    if not cloud.nova.has(microversions.UUIDS):
        providers = fact(quiet, cloud.placement.providers)

    def hypervisor(name: str) -> Any:
        if isinstance(hypervisors, Unread):
            return hypervisors
        found = hypervisors.get(name)
        if found is None or providers is None:
            return found
        if isinstance(providers, Unread):
            return found.but(id=providers)
        none = Unread(f"placement has no provider called {found.name}")
        return found.but(id=providers.get(found.name, none))

    return {
        name: host.but(hypervisor=hypervisor(name))
        for name, host in hosts.items()
    }


def _aggregates(cloud: Cloud) -> tuple[facts.Aggregate, ...]:
    body = cloud.nova.get("/os-aggregates", "list the aggregates")
    return tuple(parse.aggregate(row) for row in body.rows("aggregates"))


def under_way(cloud: Cloud) -> tuple[facts.Migration, ...]:
    found = together(
        *(
            lambda status=status: list(
                cloud.nova.pages(
                    "/os-migrations",
                    "migrations",
                    "list the migrations under way",
                    query={"status": status},
                    marker=(
                        "uuid"
                        if cloud.nova.has(microversions.MIGRATIONS_PAGED)
                        else None
                    ),
                )
            )
            for status in UNDER_WAY
        )
    )
    for rows in found:
        if isinstance(rows, Unread):
            raise rows
    return tuple(parse.migration(row) for rows in found for row in rows)


def quiet(read: Callable[[], T]) -> T:
    """`read`, with trouble of the API as :class:`Unread`."""
    try:
        return read()
    except errors.ApiError as error:
        raise Unread(str(error)) from error


def one(cloud: Cloud, ref: str, wanted: str | None) -> facts.MoveFacts:
    """A server and the host where it should go, None for any.

    :raises NotFound, Ambiguous: as :meth:`Cloud.server`.
    :raises ApiError: when the server itself cannot be read.
    """
    server = cloud.server(ref)
    around = Surroundings(cloud)
    move = _of_server(around, server)
    if wanted is None:
        return move
    try:
        hosts = around.known_hosts()
    except Unread as unread:
        return move.but(wanted=wanted, destination=unread, room=unread)
    name = find_host(
        wanted, {n: fact(getattr, h, "hypervisor") for n, h in hosts.items()}
    )
    if name is None:
        return move.but(wanted=wanted)
    rooms = fact(_rooms, cloud, move, hosts[name])
    return _towards(move, wanted, hosts[name], around, rooms, cloud)


def every(cloud: Cloud, ref: str) -> list[facts.MoveFacts]:
    """A server and each host where it might go, its own apart.

    :raises MigrateError: no server, or the hosts cannot be listed.
    """
    server = cloud.server(ref)
    around = Surroundings(cloud)
    return to_each_host(around, server)


def every_server(cloud: Cloud, wanted: str) -> Iterator[list[facts.MoveFacts]]:
    """For each server on a host: towards every other one.

    A few requests a server, on top of what a single one costs.

    :raises NotFound: no such host.
    :raises MigrateError: the hosts cannot be listed.
    """
    around = Surroundings(cloud)
    hosts = _must(around)
    name = find_host(
        wanted, {n: fact(getattr, h, "hypervisor") for n, h in hosts.items()}
    )
    if name is None:
        raise errors.NotFound(
            "compute host", wanted, "see 'openstack compute service list'"
        )
    rows = cloud.servers({"host": name})
    servers = [cloud.parsed(row) for row in rows]
    for server in sorted(servers, key=lambda s: s.id):
        yield to_each_host(around, server)


def _must(around: Surroundings) -> Mapping[str, facts.Host]:
    try:
        return around.known_hosts()
    except Unread as unread:
        raise errors.MigrateError(
            f"the compute hosts cannot be listed: {unread.reason}"
        ) from None


def to_each_host(
    around: Surroundings, server: facts.Server
) -> list[facts.MoveFacts]:
    """As :func:`every`, for a server and surroundings already read."""
    hosts = _must(around)
    move = _of_server(around, server)
    rooms = fact(_rooms, around.cloud, move, None)
    return [
        _towards(move, name, host, around, rooms, None)
        for name, host in sorted(hosts.items())
        if name != facts.known(lambda: server.host)
    ]


def _of_server(around: Surroundings, server: facts.Server) -> facts.MoveFacts:
    """What matters of the server, wherever it goes."""
    cloud = around.cloud
    reads: dict[str, Callable[[], object]] = {
        "migrations": lambda: tuple(
            cloud.migrations(
                server.id, facts.known(lambda: server.project_id), limit=20
            )
        ),
        "ports": lambda: cloud.network.ports(server.id),
        "volumes": lambda: storage.volumes(cloud.cinder, server.volume_ids),
        "image_exists": lambda: storage.image_exists(
            cloud.glance, server.image_id
        ),
        "shares": lambda: _shares(cloud, server),
        "topology": lambda: _topology(cloud, server),
        "groups": lambda: _groups(cloud, server),
        "room": lambda: _allocation(cloud, server),
    }
    asked = (lambda read=read: quiet(read) for read in reads.values())
    found = dict(zip(reads, together(*asked), strict=True))
    source, names = (
        fact(lambda: around.known_hosts().get(server.host)),
        fact(lambda: tuple(sorted(around.known_hosts()))),
    )
    return facts.MoveFacts(
        server=server,
        wanted=None,
        source=source,
        destination=None,
        hosts=names,
        aggregates=around.aggregates,
        network_extensions=around.extensions,
        agents=around.agents,
        roles=around.roles,
        now=datetime.datetime.now(datetime.UTC),
        **found,
    )


def _allocation(cloud: Cloud, server: facts.Server) -> facts.Room:
    held = cloud.placement.allocation(server.id)
    return facts.Room(
        asked=held,
        free=cast(Any, Unread("not asked")),
        fits=cast(Any, Unread("no host was chosen")),
    )


def _rooms(
    cloud: Cloud, move: facts.MoveFacts, host: facts.Host | None
) -> Mapping[str, Mapping[str, int]]:
    """Root provider with room for the server -> what is left there."""
    server = move.server
    asked = request.query(
        move.room.asked,
        # Unread below 2.61 and 2.98: then only amounts are asked for.
        facts.known(lambda: server.flavor.extra_specs) or {},
        facts.known(lambda: server.image_properties) or {},
    )
    tree = None
    if host is not None:
        if host.hypervisor is None:
            raise Unread(f"Nova lists no hypervisor of {host.name}")
        tree = host.hypervisor.id
    return quiet(lambda: cloud.placement.rooms(asked, tree))


def _towards(
    move: facts.MoveFacts,
    wanted: str,
    host: facts.Host,
    around: Surroundings,
    rooms: Mapping[str, Mapping[str, int]],
    cloud: Cloud | None,
) -> facts.MoveFacts:
    """The same move with that destination.

    :param cloud: asked for what a full host has left; None does without.
    """
    return move.but(
        wanted=wanted,
        destination=host,
        room=fact(_room, move, host, rooms, cloud),
        incoming=fact(_incoming, around, host.name),
    )


def _room(
    move: facts.MoveFacts,
    host: facts.Host,
    rooms: Mapping[str, Mapping[str, int]],
    cloud: Cloud | None,
) -> facts.Room:
    if isinstance(rooms, Unread):
        raise rooms
    if host.hypervisor is None:
        raise Unread(f"Nova lists no hypervisor of {host.name}")
    provider = host.hypervisor.id
    fits = provider in rooms
    free: Any = rooms.get(provider, {})
    if not fits and cloud is not None:
        free = fact(
            lambda: quiet(lambda: cloud.placement.free(provider, host.name))
        )
    return facts.Room(asked=move.room.asked, free=free, fits=fits)


def _incoming(around: Surroundings, host: str) -> tuple[facts.Migration, ...]:
    if isinstance(around.under_way, Unread):
        raise around.under_way
    return tuple(m for m in around.under_way if m.destination == host)


def _shares(cloud: Cloud, server: facts.Server) -> tuple[str, ...]:
    if not cloud.nova.has(microversions.SHARES):
        raise Unread(
            f"shares are shown from microversion {microversions.SHARES} on"
        )
    body = cloud.nova.get(
        f"/servers/{server.id}/shares", f"list the shares of {server.id}"
    )
    return tuple(row.text("share_id") for row in body.rows("shares"))


def _topology(cloud: Cloud, server: facts.Server) -> facts.Topology:
    if not cloud.nova.has(microversions.TOPOLOGY):
        raise Unread(
            f"topology is shown from microversion {microversions.TOPOLOGY} on"
        )
    return parse.topology(
        cloud.nova.get(
            f"/servers/{server.id}/topology",
            f"show the topology of {server.id}",
        )
    )


def _groups(cloud: Cloud, server: facts.Server) -> tuple[facts.Group, ...]:
    """The server's groups, and where their other members are."""
    if not server.group_ids:
        return ()
    where = {
        fact(row.text, "id"): fact(row.text, "OS-EXT-SRV-ATTR:host")
        for row in cloud.servers({"project_id": server.project_id})
    }
    groups = []
    for group_id in server.group_ids:
        body = cloud.nova.get(
            f"/os-server-groups/{group_id}", f"show server group {group_id}"
        ).inner("server_group")
        groups.append(parse.group(body, server.id, where))
    return tuple(groups)
