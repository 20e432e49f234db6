"""Facts that take requests for each server: allocations, shares, topology,
groups."""

import datetime
from collections import Counter
from collections.abc import Collection
from typing import Any, cast

from osc_migrate import microversions
from osc_migrate.cloud.actions import actions_of
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.placement import HostRoom
from osc_migrate.cloud.server_groups import Group, parse_group
from osc_migrate.cloud.servers import Server, Topology, parse_topology
from osc_migrate.cloud.surroundings import Surroundings
from osc_migrate.facts import Unread, fact


def allocation(surroundings: Surroundings, server: Server) -> HostRoom:
    by_provider = surroundings.cloud.placement.allocation(server.id)
    amounts: Counter[str] = Counter()
    for resources in by_provider.values():
        amounts.update(resources)
    return HostRoom(
        asked=dict(amounts),
        free=cast(Any, Unread("not asked")),
        fits=cast(Any, Unread("no host was chosen")),
        holders=fact(_holders, surroundings, by_provider),
    )


def _holders(
    surroundings: Surroundings, providers_of_server: Collection[str]
) -> dict[str, str]:
    """Return compute host name -> provider, for providers that are hosts.

    The others are parts of a host, or shared storage.
    """
    providers = {
        host.hypervisor.id: name
        for name, host in surroundings.known_hosts().items()
        if host.hypervisor
    }
    return {providers[p]: p for p in providers_of_server if p in providers}


def shares(cloud: Cloud, server: Server) -> tuple[str, ...]:
    if not microversions.is_at_least(cloud.nova.offered, microversions.SHARES):
        return ()  # This Nova cannot attach any.
    cloud.nova.need(microversions.SHARES, "shares are shown")
    body = cloud.nova.get(
        f"/servers/{server.id}/shares", f"list the shares of {server.id}"
    )
    return tuple(row.text("share_id") for row in body.rows("shares"))


def paused_at(cloud: Cloud, server: Server) -> datetime.datetime | None:
    """Return when it was last paused; None if it is not paused.

    :raises Unread: no request that Nova shows paused it.
    """
    if server.status != "PAUSED":
        return None
    for action in actions_of(cloud.nova, server.id):
        if action.name == "pause":
            return action.start
    raise Unread("Nova shows no request that paused it")


def topology(cloud: Cloud, server: Server) -> Topology:
    cloud.nova.need(microversions.TOPOLOGY, "topology is shown")
    return parse_topology(
        cloud.nova.get(
            f"/servers/{server.id}/topology",
            f"show the topology of {server.id}",
        )
    )


def groups(cloud: Cloud, server: Server) -> tuple[Group, ...]:
    """Return the server's groups and the hosts of their other members."""
    ids = _group_ids(cloud, server)
    if not ids:
        return ()
    host_of_server = {
        fact(row.text, "id"): fact(row.text, "OS-EXT-SRV-ATTR:host")
        for row in cloud.servers({"project_id": server.project_id})
    }
    groups = []
    for group_id in ids:
        body = cloud.nova.get(
            f"/os-server-groups/{group_id}", f"show server group {group_id}"
        ).inner("server_group")
        groups.append(parse_group(body, server.id, host_of_server))
    return tuple(groups)


def _group_ids(cloud: Cloud, server: Server) -> tuple[str, ...]:
    shown: Any = fact(lambda: server.group_ids)
    if not isinstance(shown, Unread):
        return cast(tuple[str, ...], shown)
    # Shown for a single server (2.71), never in lists.
    current = cloud.server_now(server.id)
    return current.group_ids if current else ()
