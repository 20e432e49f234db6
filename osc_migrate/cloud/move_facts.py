"""The facts that decide where a server can move.

One server and all hosts take as many requests as one server and one host,
plus paging: whatever differs between hosts is taken from lists.
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
from osc_migrate.facts import Facts, Unread, fact, or_none


@dataclasses.dataclass(frozen=True, repr=False)
class MoveFacts(Facts):
    """The facts about one server and one destination."""

    server: Server
    # As the operator entered it; None leaves the choice to the scheduler.
    wanted: str | None
    # The server's host; None if Nova has no such compute host.
    source: Host | None
    # None if no such compute host exists, or none was requested.
    destination: Host | None
    room: HostRoom
    # Names of all compute hosts.
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
    # False if the image was deleted from Glance; True without an image.
    image_exists: bool = True
    # When the server was paused; None if it is not.
    paused_at: datetime.datetime | None = None
    # Names of attached Manila shares (2.97).
    shares: tuple[str, ...] = ()
    topology: Topology = dataclasses.field(
        default_factory=lambda: Topology(0, False, None)
    )
    # Records of moves in flight to the destination.
    incoming: tuple[Migration, ...] = ()
    # Records of all servers' moves that changed in the last hours.
    recent: tuple[Migration, ...] = ()
    # The newest microversion of the cloud's Nova, used or not: features of
    # later ones do not exist there.
    nova: tuple[int, int] = (2, 104)
    # Names of the roles in the user's token.
    roles: frozenset[str] = frozenset({"admin"})
    # When these facts were read, UTC.
    now: datetime.datetime = dataclasses.field(
        default_factory=lambda: datetime.datetime.now(datetime.UTC)
    )

    @property
    def ports_down(self) -> tuple[Port, ...]:
        """Ports that Neutron has not wired, though nothing is switched off;
        none where that is not known."""
        ports = or_none(lambda: self.ports) or ()
        return tuple(port for port in ports if port.is_down)

    @property
    def under_way(self) -> tuple[Migration, ...]:
        """The server's records that have not ended."""
        return tuple(m for m in self.migrations if m.status not in ENDED)

    @property
    def last_migration(self) -> int:
        """ID of the newest record, 0 if there is none.

        A record with a higher ID belongs to a later move.
        """
        return max((record.id for record in self.migrations), default=0)


def read_move(cloud: Cloud, ref: str, wanted: str | None) -> MoveFacts:
    """Read a server and its destination, None for any host.

    :raises NotFound, Ambiguous: see :meth:`Cloud.server`.
    :raises ApiError: the server itself could not be read.
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
    return _with_destination(
        move, wanted, hosts[name], surroundings, rooms, cloud
    )


def every(cloud: Cloud, ref: str) -> list[MoveFacts]:
    """Read a server and each possible destination, without its own host.

    :raises MigrateError: no such server, or the hosts cannot be listed.
    """
    server = cloud.server(ref)
    surroundings = Surroundings(cloud)
    return to_each_host(surroundings, server)


def every_server(cloud: Cloud, host_ref: str) -> Iterator[list[MoveFacts]]:
    """Read each server on a host, with every other host as destination.

    A few requests for each server, besides those for a single one.

    :raises NotFound: no such host.
    :raises MigrateError: the hosts cannot be listed.
    """
    surroundings = Surroundings(cloud)
    hosts = _required_hosts(surroundings)
    name = require_host(host_ref, hypervisors_of(hosts))
    rows = cloud.servers({"host": name})
    servers = [cloud.parsed(row) for row in rows]
    for server in sorted(servers, key=lambda s: s.id):
        yield to_each_host(surroundings, server)


def _required_hosts(surroundings: Surroundings) -> Mapping[str, Host]:
    try:
        return surroundings.known_hosts()
    except Unread as unread:
        raise errors.MigrateError(
            f"the compute hosts cannot be listed: {unread.reason}"
        ) from None


def to_each_host(
    surroundings: Surroundings, server: Server
) -> list[MoveFacts]:
    """Like :func:`every`, for a server and surroundings already read."""
    hosts = _required_hosts(surroundings)
    move = _of_server(surroundings, server)
    rooms = fact(_rooms, surroundings.cloud, move, None)
    return [
        _with_destination(move, name, host, surroundings, rooms, None)
        for name, host in sorted(hosts.items())
        if name != or_none(lambda: server.host)
    ]


def _of_server(surroundings: Surroundings, server: Server) -> MoveFacts:
    """Read the facts that do not depend on the destination."""
    cloud = surroundings.cloud
    reads: dict[str, Callable[[], object]] = {
        "migrations": lambda: tuple(
            cloud.migrations(
                server.id, or_none(lambda: server.project_id), limit=20
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
    """Return root provider with room for the server -> what is left there."""
    server = move.server
    query = allocation_query.query(
        move.room.asked,
        # Unread below 2.61 and 2.98: then only the amounts are queried.
        or_none(lambda: server.flavor.extra_specs) or {},
        or_none(lambda: server.image_properties) or {},
    )
    tree = None
    if host is not None:
        if host.hypervisor is None:
            raise Unread(f"Nova lists no hypervisor of {host.name}")
        tree = host.hypervisor.id
    return or_unread(lambda: cloud.placement.rooms(query, tree))


def _with_destination(
    move: MoveFacts,
    wanted: str,
    host: Host,
    surroundings: Surroundings,
    rooms: Mapping[str, Mapping[str, int]],
    cloud: Cloud | None,
) -> MoveFacts:
    """Return the same move with that destination.

    :param cloud: used to read what a full host has left; None to skip that.
    """
    return move.but(
        wanted=wanted,
        destination=host,
        room=fact(_room, move, host, rooms, cloud),
        incoming=fact(_incoming_migrations, surroundings, host.name),
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


def _incoming_migrations(
    surroundings: Surroundings, host: str
) -> tuple[Migration, ...]:
    if isinstance(surroundings.under_way, Unread):
        raise surroundings.under_way
    return tuple(m for m in surroundings.under_way if m.destination == host)
