"""Server groups."""

import dataclasses
from collections import Counter
from collections.abc import Mapping

from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.facts import Facts, Unread


@dataclasses.dataclass(frozen=True, repr=False)
class Group(Facts):
    """A server group."""

    name: str
    # affinity, anti-affinity, soft-affinity or soft-anti-affinity.
    policy: str
    # Of anti-affinity: how many members may share a host (2.64).
    max_per_host: int
    # Host -> number of other members on it.
    members: Mapping[str, int]


@dataclasses.dataclass(frozen=True, repr=False)
class ServerGroup(Facts):
    """A server group with all its members."""

    id: str
    name: str
    # affinity, anti-affinity, soft-affinity or soft-anti-affinity.
    policy: str
    # Of anti-affinity: how many members may share a host (2.64).
    max_per_host: int
    # IDs of servers.
    members: frozenset[str]


def parse_group(
    body: JsonObject, server_id: str, host_of_server: Mapping[str, str]
) -> Group:
    """Parse a server group.

    :param host_of_server: server ID -> host, for servers of the project.
    """
    members: Counter[str] = Counter()
    for member in body.texts("members"):
        parse_host = (
            host_of_server.get(member) if member != server_id else None
        )
        if isinstance(parse_host, Unread):
            raise parse_host
        # A member without a host is not running yet.
        if parse_host:
            members[parse_host] += 1
    return Group(
        name=body.text("name"),
        policy=_policy(body),
        max_per_host=_max_per_host(body),
        members=members,
    )


def parse_server_group(body: JsonObject) -> ServerGroup:
    return ServerGroup(
        id=body.text("id"),
        name=body.text("name"),
        policy=_policy(body),
        max_per_host=_max_per_host(body),
        members=frozenset(body.texts("members")),
    )


def _max_per_host(body: JsonObject) -> int:
    rules = body.inner("rules") if "rules" in body else None
    if rules and "max_server_per_host" in rules:
        return rules.whole("max_server_per_host")
    return 1


def _policy(body: JsonObject) -> str:
    # 'policy' from 2.64, before that a list with one element.
    if "policy" in body:
        return body.text("policy")
    if policies := body.texts("policies"):
        return policies[0]
    raise Unread("Nova shows no policy of the server group")
