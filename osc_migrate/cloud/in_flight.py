"""The migrations in flight, of all users."""

from collections.abc import Mapping

from osc_migrate import errors, microversions
from osc_migrate.cloud.cloud import Cloud, or_unread, require_host
from osc_migrate.cloud.migrations import ENDED, Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.cloud.surroundings import UNDER_WAY, migrations_in
from osc_migrate.facts import Unread, known

# Those, and what Nova calls a cold one on its way, out and back
# (nova/compute/manager.py).
IN_FLIGHT = (
    *UNDER_WAY,
    "pre-migrating",
    "migrating",
    "confirming",
    "reverting",
)
# A server has one open record, or what died left a few more.
_RECENT = 20


def of_server(cloud: Cloud, server: Server) -> list[Migration]:
    """The open ones of a server, newest first.

    :raises ApiError: they cannot be listed.
    """
    project = known(lambda: server.project_id)
    records = cloud.migrations(server.id, project, limit=_RECENT)
    return [record for record in records if record.status not in ENDED]


def everywhere(cloud: Cloud, host: str | None = None) -> list[Migration]:
    """The open ones of the cloud, or those that leave or reach a host;
    oldest first.

    :raises ApiError: they cannot be listed.
    """
    # Nova's own filter 'host' means the source or the destination.
    query: Mapping[str, object] = {"host": host} if host else {}
    records = migrations_in(cloud, IN_FLIGHT, query)
    # One may change its status between two of the requests.
    return sorted({m.id: m for m in records}.values(), key=lambda m: m.id)


def counted(cloud: Cloud, server_id: str, record: Migration) -> Migration:
    """The same record with byte counters; as it is where Nova shows none."""
    if not cloud.nova.has(microversions.SERVER_MIGRATIONS):
        return record
    try:
        live = cloud.live_counters(server_id, record.id)
    except errors.ApiError:
        return record
    # That list does not say what it is a list of.
    type_ = known(lambda: record.type)
    return live.but(type=type_, server_id=server_id) if live else record


def host_called(cloud: Cloud, name_or_id: str) -> str:
    """The compute host of that name, or of that hypervisor's.

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
