"""Everything that matters for where one server may go.

One server and all hosts cost as many requests as one server and one host,
plus pages: what differs from host to host is picked out of lists.
"""

import dataclasses
import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from osc_migrate import errors, microversions
from osc_migrate.cloud import allocation_query, server_details, volumes
from osc_migrate.cloud.cloud import (
    Cloud,
    find_host,
    hypervisors_of,
    in_parallel,
    or_unread,
    require_host,
)
from osc_migrate.cloud.hosts import Aggregate, Host
from osc_migrate.cloud.migrations import ENDED, Migration
from osc_migrate.cloud.network import Agent, Port
from osc_migrate.cloud.placement import HostRoom
from osc_migrate.cloud.server_groups import Group
from osc_migrate.cloud.servers import Server, Topology
from osc_migrate.cloud.surroundings import Surroundings
from osc_migrate.cloud.volumes import Volume
from osc_migrate.facts import Facts, Unread, fact, known


@dataclasses.dataclass(frozen=True, repr=False)
class MoveFacts(Facts):
    """All that is known of one server and one destination."""

    server: Server
    # As the operator typed it; None leaves the choice to the scheduler.
    wanted: str | None
    # Where the server is; None when Nova knows no such compute host.
    source: Host | None
    # None when no such compute host exists, or none was wanted.
    destination: Host | None
    room: HostRoom
    # Names of the compute hosts there are.
    hosts: tuple[str, ...]
    # The server's migration records, newest first.
    migrations: tuple[Migration, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    groups: tuple[Group, ...] = ()
    ports: tuple[Port, ...] = ()
    # Names of Neutron's extensions, such as 'binding-extended'.
    network_extensions: frozenset[str] = frozenset()
    agents: tuple[Agent, ...] = ()
    volumes: tuple[Volume, ...] = ()
    # False when the image was deleted from Glance; True without an image.
    image_exists: bool = True
    # When the server was paused; None when it is not.
    paused_at: datetime.datetime | None = None
    # Names of attached Manila shares (2.97).
    shares: tuple[str, ...] = ()
    topology: Topology = dataclasses.field(
        default_factory=lambda: Topology(0, False, None)
    )
    # Records of moves that run towards the destination now.
    incoming: tuple[Migration, ...] = ()
    # Records of every server's moves that changed in the last hours.
    recent: tuple[Migration, ...] = ()
    # The newest microversion that the cloud's Nova has, used or not: what
    # came later cannot be there.
    nova: tuple[int, int] = (2, 104)
    # Names of the roles in the user's token.
    roles: frozenset[str] = frozenset({"admin"})
    # When all this was read, UTC.
    now: datetime.datetime = dataclasses.field(
        default_factory=lambda: datetime.datetime.now(datetime.UTC)
    )

    @property
    def under_way(self) -> tuple[Migration, ...]:
        """The server's records that have not ended."""
        return tuple(m for m in self.migrations if m.status not in ENDED)

    @property
    def last_migration(self) -> int:
        """The id of the newest record so far, 0 when there is none: a
        record with a higher one is of a move that began later."""
        return max((record.id for record in self.migrations), default=0)


def one(cloud: Cloud, ref: str, wanted: str | None) -> MoveFacts:
    """A server and the host where it should go, None for any.

    :raises NotFound, Ambiguous: as :meth:`Cloud.server`.
    :raises ApiError: when the server itself cannot be read.
    """
    server = cloud.server(ref)
    surroundings = Surroundings(cloud, arriving=wanted is not None)
    move = _of_server(surroundings, server)
    if wanted is None:
        return move
    try:
        hosts = surroundings.known_hosts()
    except Unread as unread:
        return move.but(wanted=wanted, destination=unread, room=unread)
    name = find_host(wanted, hypervisors_of(hosts))
    if name is None:
        return move.but(wanted=wanted)
    rooms = fact(_rooms, cloud, move, hosts[name])
    return _towards(move, wanted, hosts[name], surroundings, rooms, cloud)


def every(cloud: Cloud, ref: str) -> list[MoveFacts]:
    """A server and each host where it might go, its own apart.

    :raises MigrateError: no server, or the hosts cannot be listed.
    """
    server = cloud.server(ref)
    surroundings = Surroundings(cloud)
    return to_each_host(surroundings, server)


def every_server(cloud: Cloud, host_ref: str) -> Iterator[list[MoveFacts]]:
    """For each server on a host: towards every other one.

    A few requests a server, on top of what a single one costs.

    :raises NotFound: no such host.
    :raises MigrateError: the hosts cannot be listed.
    """
    surroundings = Surroundings(cloud)
    hosts = _must(surroundings)
    name = require_host(host_ref, hypervisors_of(hosts))
    rows = cloud.servers({"host": name})
    servers = [cloud.parsed(row) for row in rows]
    for server in sorted(servers, key=lambda s: s.id):
        yield to_each_host(surroundings, server)


def _must(surroundings: Surroundings) -> Mapping[str, Host]:
    try:
        return surroundings.known_hosts()
    except Unread as unread:
        raise errors.MigrateError(
            f"the compute hosts cannot be listed: {unread.reason}"
        ) from None


def to_each_host(
    surroundings: Surroundings, server: Server
) -> list[MoveFacts]:
    """As :func:`every`, for a server and surroundings already read."""
    hosts = _must(surroundings)
    move = _of_server(surroundings, server)
    rooms = fact(_rooms, surroundings.cloud, move, None)
    return [
        _towards(move, name, host, surroundings, rooms, None)
        for name, host in sorted(hosts.items())
        if name != known(lambda: server.host)
    ]


def _of_server(surroundings: Surroundings, server: Server) -> MoveFacts:
    """What matters of the server, wherever it goes."""
    cloud = surroundings.cloud
    reads: dict[str, Callable[[], object]] = {
        "migrations": lambda: tuple(
            cloud.migrations(
                server.id, known(lambda: server.project_id), limit=20
            )
        ),
        "ports": lambda: cloud.network.ports(server.id),
        "volumes": lambda: volumes.volumes(cloud.cinder, server.volume_ids),
        "image": lambda: volumes.image(cloud.glance, server.image_id),
        "paused_at": lambda: server_details.paused_at(cloud, server),
        "shares": lambda: server_details.shares(cloud, server),
        "topology": lambda: server_details.topology(cloud, server),
        "groups": lambda: server_details.groups(cloud, server),
        "room": lambda: server_details.allocation(surroundings, server),
        "nova": lambda: microversions.key(cloud.nova.offered),
    }
    readers = (lambda read=read: or_unread(read) for read in reads.values())
    facts = dict(zip(reads, in_parallel(*readers), strict=True))
    image = facts.pop("image")
    properties = fact(
        volumes.image_properties, server, image, facts["volumes"]
    )
    source, names = (
        fact(lambda: surroundings.known_hosts().get(server.host)),
        fact(lambda: tuple(sorted(surroundings.known_hosts()))),
    )
    return MoveFacts(
        server=server.but(image_properties=properties),
        image_exists=fact(volumes.is_there, image),
        wanted=None,
        source=source,
        destination=None,
        hosts=names,
        aggregates=surroundings.aggregates,
        network_extensions=surroundings.extensions,
        agents=surroundings.agents,
        roles=surroundings.roles,
        now=datetime.datetime.now(datetime.UTC),
        **facts,
    )


def _rooms(
    cloud: Cloud, move: MoveFacts, host: Host | None
) -> Mapping[str, Mapping[str, int]]:
    """Root provider with room for the server -> what is left there."""
    server = move.server
    query = allocation_query.query(
        move.room.asked,
        # Unread below 2.61 and 2.98: then only amounts are asked for.
        known(lambda: server.flavor.extra_specs) or {},
        known(lambda: server.image_properties) or {},
    )
    tree = None
    if host is not None:
        if host.hypervisor is None:
            raise Unread(f"Nova lists no hypervisor of {host.name}")
        tree = host.hypervisor.id
    return or_unread(lambda: cloud.placement.rooms(query, tree))


def _towards(
    move: MoveFacts,
    wanted: str,
    host: Host,
    surroundings: Surroundings,
    rooms: Mapping[str, Mapping[str, int]],
    cloud: Cloud | None,
) -> MoveFacts:
    """The same move with that destination.

    :param cloud: asked for what a full host has left; None does without.
    """
    return move.but(
        wanted=wanted,
        destination=host,
        room=fact(_room, move, host, rooms, cloud),
        incoming=fact(_incoming, surroundings, host.name),
        recent=surroundings.recent,
    )


def _room(
    move: MoveFacts,
    host: Host,
    rooms: Mapping[str, Mapping[str, int]],
    cloud: Cloud | None,
) -> HostRoom:
    if isinstance(rooms, Unread):
        raise rooms
    if host.hypervisor is None:
        raise Unread(f"Nova lists no hypervisor of {host.name}")
    provider = host.hypervisor.id
    fits = provider in rooms
    free: Any = rooms.get(provider, {})
    if not fits and cloud is not None:
        free = fact(
            lambda: or_unread(
                lambda: cloud.placement.free(provider, host.name)
            )
        )
    return move.room.but(free=free, fits=fits)


def _incoming(surroundings: Surroundings, host: str) -> tuple[Migration, ...]:
    if isinstance(surroundings.under_way, Unread):
        raise surroundings.under_way
    return tuple(m for m in surroundings.under_way if m.destination == host)
