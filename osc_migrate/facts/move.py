"""Everything that matters for where one server may go.

One server and all hosts cost as many requests as one server and one host,
plus pages: what differs from host to host is picked out of lists.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from osc_migrate import errors, microversions
from osc_migrate.facts import guest, request, storage
from osc_migrate.facts.body import fact
from osc_migrate.facts.cloud import Cloud, find_host, quiet, together
from osc_migrate.facts.surroundings import Surroundings
from osc_migrate.model import facts
from osc_migrate.model.facts import Unread


def one(cloud: Cloud, ref: str, wanted: str | None) -> facts.MoveFacts:
    """A server and the host where it should go, None for any.

    :raises NotFound, Ambiguous: as :meth:`Cloud.server`.
    :raises ApiError: when the server itself cannot be read.
    """
    server = cloud.server(ref)
    around = Surroundings(cloud, arriving=wanted is not None)
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
        "image": lambda: storage.image(cloud.glance, server.image_id),
        "paused_at": lambda: guest.paused_at(cloud, server),
        "shares": lambda: guest.shares(cloud, server),
        "topology": lambda: guest.topology(cloud, server),
        "groups": lambda: guest.groups(cloud, server),
        "room": lambda: guest.allocation(around, server),
        "nova": lambda: microversions.key(cloud.nova.offered),
    }
    asked = (lambda read=read: quiet(read) for read in reads.values())
    found = dict(zip(reads, together(*asked), strict=True))
    image = found.pop("image")
    properties = fact(
        storage.image_properties, server, image, found["volumes"]
    )
    source, names = (
        fact(lambda: around.known_hosts().get(server.host)),
        fact(lambda: tuple(sorted(around.known_hosts()))),
    )
    return facts.MoveFacts(
        server=server.but(image_properties=properties),
        image_exists=fact(storage.is_there, image),
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
    return move.room.but(free=free, fits=fits)


def _incoming(around: Surroundings, host: str) -> tuple[facts.Migration, ...]:
    if isinstance(around.under_way, Unread):
        raise around.under_way
    return tuple(m for m in around.under_way if m.destination == host)
