"""Whether hosts are empty, what is left on them and why, and which run holds
them. Nothing is changed."""

import dataclasses
import enum
import functools
import pathlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from osc_migrate import errors
from osc_migrate.cloud import fleet as fleets
from osc_migrate.cloud import in_flight
from osc_migrate.cloud.cloud import Cloud, in_parallel, or_unread
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server, parse_server
from osc_migrate.cloud.surroundings import migrations_in
from osc_migrate.facts import Unread, or_none
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import Request
from osc_migrate.maintenance.planning.capacity import host_of
from osc_migrate.maintenance.planning.plan import Way
from osc_migrate.maintenance.running import holder
from osc_migrate.maintenance.running.holder import Hold
from osc_migrate.maintenance.running.results import Result, Row
from osc_migrate.text import paste

# The source is cleaned up after the server was released (confirm_resize sets
# no task), and an accepted migration has not started yet.
_WITHOUT_TASK = ("confirming", "accepted")


class Movability(enum.StrEnum):
    """What a drain would do with a server."""

    CAN_MOVE = "can move"
    # By its owner's policy.
    EXCLUDED = "excluded"
    # No safe move exists.
    BLOCKED = "blocked"
    LEAVING = "leaving"
    ARRIVING = "arriving"
    # It has moved, and may still be reverted.
    UNCONFIRMED = "unconfirmed"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class ServerLeft:
    """A server that keeps a host from being empty."""

    server: str
    id: str
    status: str | None
    move: Movability
    destination: str | None = None
    migration_id: int | None = None
    reason: str = ""

    COLUMNS = (
        "server",
        "id",
        "status",
        "move",
        "destination",
        "reason",
    )
    LONG = (*COLUMNS, "migration_id")


@dataclasses.dataclass(frozen=True)
class HostStatus:
    """One compute host.

    :ivar servers: number of servers on it, according to Nova.
    :ivar service: enabled or disabled; None if unknown, like `state`.
    :ivar state: up, down or forced down.
    """

    host: str
    servers: int
    leaving: int
    arriving: int
    service: str | None
    state: str | None
    hold: Hold | None = None
    disabled_reason: str | None = None

    COLUMNS = (
        "host",
        "empty",
        "servers",
        "leaving",
        "arriving",
        "service",
        "state",
        "run",
    )
    LONG = (*COLUMNS, "run_state", "disabled_reason")

    @property
    def empty(self) -> bool:
        """No server is on it, and none is moving to it."""
        return not (self.servers or self.leaving or self.arriving)

    @property
    def run(self) -> str | None:
        return self.hold.run if self.hold else None

    @property
    def run_state(self) -> str | None:
        return self.hold.stage.value if self.hold else None


class _Snapshot:
    """Hosts, servers and migrations, read at one time."""

    def __init__(
        self,
        cloud: str,
        hosts: Mapping[str, Host],
        servers: Mapping[str, Server],
        records: Iterable[Migration],
    ) -> None:
        self.cloud = cloud
        self.hosts = hosts
        self.servers = servers
        self.on: dict[str | None, list[Server]] = {}
        for server in servers.values():
            self.on.setdefault(host_of(server), []).append(server)
        # Migrations in flight of existing servers.
        self.leaving: dict[str | None, list[Migration]] = {}
        self.arriving: dict[str | None, list[Migration]] = {}
        for record in records:
            source, destination = _source(record), _destination(record)
            if self.server_of(record) and source != destination:
                self.leaving.setdefault(source, []).append(record)
                self.arriving.setdefault(destination, []).append(record)

    def server_of(self, record: Migration) -> Server | None:
        id = or_none(lambda: record.server_id or "")
        return self.servers.get(id or "")


def of_all(cloud: Cloud, journal_dir: pathlib.Path) -> list[HostStatus]:
    """Return the status of every compute host, sorted by name.

    :raises MigrateError: hosts, servers or migrations cannot be listed.
    """
    snapshot = _snapshot(cloud)
    names = sorted(snapshot.hosts)
    return [_host(snapshot, name, journal_dir) for name in names]


def of_host(
    cloud: Cloud, name: str, journal_dir: pathlib.Path
) -> tuple[HostStatus, list[ServerLeft]]:
    """Return the status of one host, and what is left on it.

    :param name: name of the compute host, or its hypervisor's name or ID.
    :raises NotFound: no such host.
    :raises MigrateError: see :func:`of_all`.
    """
    fleet: Fleet | None = None
    try:
        fleet = fleets.read(cloud, [name])
        problem = ""
        snapshot = _of_fleet(fleet)
    except errors.NotFound:
        raise
    except errors.MigrateError as error:
        # Without placement nothing can be planned; the rest is still valid.
        problem = str(error)
        snapshot = _snapshot(cloud)
    host = in_flight.host_called(cloud, name)
    if host not in snapshot.hosts:
        raise errors.NotFound(
            "compute host", name, "see 'openstack compute service list'"
        )
    status = _host(snapshot, host, journal_dir)
    left = dict(_moving(snapshot, host))
    left |= _unconfirmed(cloud, snapshot, host)
    earlier = holder.rows(journal_dir, status.hold)
    planned: Mapping[str, ServerLeft] = {}
    try:
        planned = _planned(fleet, host) if fleet else {}
    except (errors.MigrateError, Unread) as error:
        problem = str(error)
    for server in snapshot.on.get(host, ()):
        if server.id in left:
            continue
        row = planned.get(server.id) or _row(
            server, Movability.UNKNOWN, reason=problem
        )
        left[server.id] = _with_result(row, earlier.get(server.id))
    order = list(Movability)
    rows = sorted(
        left.values(), key=lambda row: (order.index(row.move), row.server)
    )
    return status, rows


def counts(rows: Sequence[ServerLeft]) -> str:
    """Return counts: '2 can move, 1 excluded'."""
    numbers = Counter(row.move for row in rows)
    return ", ".join(
        f"{numbers[move]} {move}" for move in Movability if numbers[move]
    )


def _snapshot(cloud: Cloud) -> _Snapshot:
    hosts, servers, records = in_parallel(
        lambda: or_unread(cloud.hosts),
        lambda: or_unread(
            lambda: {
                server.id: server
                for server in map(parse_server, cloud.servers({}))
            }
        ),
        lambda: or_unread(lambda: in_flight.migrations_in_flight(cloud)),
    )
    for description, value in (
        ("the compute hosts", hosts),
        ("the servers", servers),
        ("the migrations in flight", records),
    ):
        if isinstance(value, Unread):
            raise errors.MigrateError(
                f"{description} cannot be listed: {value.reason}"
            )
    return _Snapshot(cloud.nova.identity, hosts, servers, records)


def _of_fleet(fleet: Fleet) -> _Snapshot:
    return _Snapshot(
        fleet.cloud,
        {name: place.host for name, place in fleet.places.items()},
        fleet.servers,
        fleet.under_way,
    )


def _host(
    snapshot: _Snapshot, name: str, journal_dir: pathlib.Path
) -> HostStatus:
    host = snapshot.hosts[name]
    reason = or_none(lambda: host.disabled_reason)
    state = or_none(lambda: host.state)
    if or_none(lambda: host.forced_down):
        state = "forced down"
    return HostStatus(
        host=name,
        servers=len(snapshot.on.get(name, ())),
        leaving=len(snapshot.leaving.get(name, ())),
        arriving=len(snapshot.arriving.get(name, ())),
        service=or_none(lambda: host.status),
        state=state,
        hold=holder.of(journal_dir, snapshot.cloud, name, reason),
        disabled_reason=reason,
    )


def _source(record: Migration) -> str | None:
    return or_none(lambda: record.source)


def _destination(record: Migration) -> str | None:
    return or_none(lambda: record.destination)


def _moving(
    snapshot: _Snapshot, host: str
) -> Iterator[tuple[str, ServerLeft]]:
    for move, records in (
        (Movability.LEAVING, snapshot.leaving.get(host, ())),
        (Movability.ARRIVING, snapshot.arriving.get(host, ())),
    ):
        for record in records:
            if server := snapshot.server_of(record):
                yield server.id, _in_flight(server, move, record)


def _in_flight(
    server: Server, move: Movability, record: Migration
) -> ServerLeft:
    source, destination = _source(record), _destination(record)
    reason = (
        f"migration {record.id}: {source or '?'} -> {destination or '?'},"
        f" {record.status}"
    )
    idle = or_none(lambda: (server.task_state,)) == (None,)
    if idle and record.status not in _WITHOUT_TASK:
        reason += (
            "; but Nova does nothing with the server: if it stays so,"
            f" openstack migrate repair {paste(server.id)}"
        )
    return _row(
        server,
        move,
        destination=destination,
        migration_id=record.id,
        reason=reason,
    )


def _unconfirmed(
    cloud: Cloud, snapshot: _Snapshot, host: str
) -> dict[str, ServerLeft]:
    """Return cold migrations from a host that may still be reverted.

    Until they are confirmed, the disks are on this host too.
    """
    rows: dict[str, ServerLeft] = {}
    try:
        records = migrations_in(cloud, ("finished",), {"host": host})
    except (errors.ApiError, Unread):
        return rows
    for record in records:
        server = snapshot.server_of(record)
        if (
            server is not None
            and _source(record) == host
            and host_of(server) not in (host, None)
            and or_none(functools.partial(_status, server)) == "VERIFY_RESIZE"
        ):
            rows[server.id] = _row(
                server,
                Movability.UNCONFIRMED,
                destination=host_of(server),
                migration_id=record.id,
                reason=(
                    f"on {host_of(server)} already, is awaiting"
                    " confirmation or reverting"
                ),
            )
    return rows


def _planned(fleet: Fleet, host: str) -> dict[str, ServerLeft]:
    """Return what a drain would do with each server, or why not."""
    plan = planning.drain(fleet, Request(hosts=(host,)))
    rows = {}
    for step in plan.steps:
        server = fleet.servers[step.id]
        if step.way is Way.STOP:
            rows[step.id] = _row(
                server, Movability.EXCLUDED, reason=step.reason
            )
            continue
        rows[step.id] = _row(
            server,
            Movability.CAN_MOVE,
            destination=step.destination,
            reason="; ".join((f"{step.way}: {step.reason}", *step.notes)),
        )
    for stay in plan.stays:
        rows[stay.id] = _row(
            fleet.servers[stay.id],
            Movability.EXCLUDED if stay.wanted else Movability.BLOCKED,
            reason="; ".join(stay.reasons),
        )
    return rows


def _with_result(row: ServerLeft, result: Row | None) -> ServerLeft:
    """Replace it by the result of the run that held the host, if any."""
    if result is None or result.outcome not in (Result.FAILED, Result.WAITS):
        return row
    reason = f"{result.outcome} in the run: {result.reason}"
    return dataclasses.replace(
        row, reason="; ".join(filter(None, (reason, row.reason)))
    )


def _row(server: Server, move: Movability, **changes: Any) -> ServerLeft:
    return ServerLeft(
        or_none(lambda: server.name) or server.id,
        server.id,
        or_none(functools.partial(_status, server)),
        move,
        **changes,
    )


def _status(server: Server) -> str:
    return server.status
