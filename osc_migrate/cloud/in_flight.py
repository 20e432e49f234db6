"""The migrations in flight, of all users."""

from collections.abc import Mapping

from osc_migrate import errors, microversions
from osc_migrate.cloud.cloud import Cloud, or_unread, require_host
from osc_migrate.cloud.migrations import ENDED, Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.cloud.surroundings import UNDER_WAY, migrations_in
from osc_migrate.facts import Unread, or_none

# Also the statuses of cold migrations in flight and being reverted
# (nova/compute/manager.py).
IN_FLIGHT = (
    *UNDER_WAY,
    "pre-migrating",
    "migrating",
    "confirming",
    "reverting",
)
# A server has one open record, or a few more after crashes.
_RECENT = 20


def of_server(cloud: Cloud, server: Server) -> list[Migration]:
    """Return the open migrations of a server, newest first.

    :raises ApiError: they cannot be listed.
    """
    project = or_none(lambda: server.project_id)
    records = cloud.migrations(server.id, project, limit=_RECENT)
    return [record for record in records if record.status not in ENDED]


def migrations_in_flight(
    cloud: Cloud, host: str | None = None
) -> list[Migration]:
    """Return the open migrations of the cloud, or from or to a host.

    Oldest first.

    :raises ApiError: they cannot be listed.
    """
    # Nova's filter 'host' matches the source or the destination.
    query: Mapping[str, object] = {"host": host} if host else {}
    records = migrations_in(cloud, IN_FLIGHT, query)
    # A migration may change its status between two requests.
    return sorted({m.id: m for m in records}.values(), key=lambda m: m.id)


def counted(cloud: Cloud, server_id: str, record: Migration) -> Migration:
    """Return the record with byte counters, or unchanged if there are none."""
    if not cloud.nova.has(microversions.SERVER_MIGRATIONS):
        return record
    try:
        live = cloud.live_counters(server_id, record.id)
    except errors.ApiError:
        return record
    # Records of that list have no type.
    type_ = or_none(lambda: record.type)
    return live.but(type=type_, server_id=server_id) if live else record


def host_called(cloud: Cloud, name_or_id: str) -> str:
    """Return the compute host with that name or hypervisor name.

    :raises NotFound: there is none.
    :raises ApiError: the hosts cannot be listed.
    """
    try:
        hosts = or_unread(cloud.hosts)
        if name_or_id in hosts:
            return name_or_id
        return require_host(name_or_id, or_unread(cloud.hypervisors))
    except Unread as unread:
        raise errors.MigrateError(
            f"the compute hosts cannot be listed: {unread.reason}"
        ) from None
