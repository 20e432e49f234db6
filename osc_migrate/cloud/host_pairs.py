"""Facts about each compute host as source and destination of any server."""

import dataclasses
import datetime
import functools
from collections.abc import Mapping
from typing import Any

from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server
from osc_migrate.cloud.surroundings import Surroundings
from osc_migrate.errors import MigrateError
from osc_migrate.facts import Facts, Unread, fact

_DEPENDS: Any = Unread("it differs between servers")
# The microversion only matters for facts of a server; there is none.
_NO_SERVER = (2, 95)


@dataclasses.dataclass(frozen=True, repr=False)
class HostPairs(Facts):
    """The hosts of a cloud and the moves between them."""

    hosts: Mapping[str, Host]
    # Migration records that have not ended.
    under_way: tuple[Migration, ...] = ()
    # See MoveFacts.
    recent: tuple[Migration, ...] = ()

    def move(self, source: str, destination: str) -> MoveFacts:
        """Return the facts of a move of any server between two hosts."""
        return MoveFacts(
            server=_any_server(source),
            wanted=destination,
            source=self.hosts[source],
            destination=self.hosts[destination],
            room=_DEPENDS,
            hosts=(),
            migrations=_DEPENDS,
            aggregates=_DEPENDS,
            groups=_DEPENDS,
            ports=_DEPENDS,
            network_extensions=_DEPENDS,
            agents=_DEPENDS,
            volumes=_DEPENDS,
            image_exists=_DEPENDS,
            shares=_DEPENDS,
            topology=_DEPENDS,
            incoming=fact(self._incoming, destination),
            recent=fact(lambda: self.recent),
            nova=_NO_SERVER,
            now=datetime.datetime.now(datetime.UTC),
        )

    def _incoming(self, host: str) -> tuple[Migration, ...]:
        return tuple(m for m in self.under_way if m.destination == host)


def read(cloud: Cloud) -> HostPairs:
    """Read all hosts, with as many requests as for a single server.

    :raises MigrateError: the hosts cannot be listed.
    """
    surroundings = Surroundings(cloud)
    try:
        hosts = surroundings.known_hosts()
    except Unread as unread:
        raise MigrateError(
            f"the compute hosts cannot be listed: {unread.reason}"
        ) from None
    return HostPairs(hosts, surroundings.under_way, surroundings.recent)


@functools.cache
def _any_server(host: str) -> Server:
    """Return a server of which only the host is known."""
    fields: dict[str, Any] = {
        field.name: _DEPENDS for field in dataclasses.fields(Server)
    }
    return Server(**fields | {"id": "", "name": "", "host": host})
