"""Checks of the recent moves between two hosts, which hint at the next one."""

import dataclasses
from collections.abc import Iterable

from osc_migrate.checks.check import Concern, NotChecked, check
from osc_migrate.checks.destination import destination, requested_host
from osc_migrate.checks.findings import Gap
from osc_migrate.cloud.migrations import Kind, Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import Unread, or_none
from osc_migrate.text import some

# Consecutive failures that count as a pattern.
SEVERAL = 3
# Nova's statuses (nova/compute/manager.py, _rollback_live_migration and
# _error_out_instance_on_exception). An abort ('cancelled') is neither, as an
# operator requested it.
_FAILED = ("error", "failed")
_MOVED = ("completed", "finished", "confirmed", "reverted")
_TYPES = {
    Kind.LIVE: "live-migration",
    Kind.BLOCK: "live-migration",
    Kind.COLD: "migration",
}


@dataclasses.dataclass(frozen=True)
class FailedMoves:
    """Consecutive failed moves of one kind from one host to another.

    :ivar records: newest first; at least SEVERAL, of two or more servers.
    """

    records: tuple[Migration, ...]

    def __str__(self) -> str:
        servers = set(map(_server, self.records))
        since = or_none(lambda: self.records[-1].created_at)
        when = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
        text = (
            f"the last {some(len(self.records), 'move')} failed{when}"
            f" ({some(len(servers), 'server')})"
        )
        if early := sum(not _destination(r) for r in self.records):
            text += f", {early} before Nova recorded a destination"
        return text


def failures(
    records: Iterable[Migration], source: str, destination: str, kind: Kind
) -> FailedMoves | None:
    """Return the failures since the last success; None if no pattern.

    Failures of a single server may be caused by that server.

    :param records: records of the last hours, in any order.
    """
    failed: list[Migration] = []
    for record in sorted(records, key=lambda r: -r.id):
        if record.type != _TYPES[kind] or not _is_between(
            record, source, destination
        ):
            continue
        if record.status in _MOVED:
            break
        if record.status in _FAILED:
            failed.append(record)
    if len(failed) < SEVERAL or len(set(map(_server, failed))) < 2:
        return None
    return FailedMoves(tuple(failed))


def _server(record: Migration) -> str | None:
    return or_none(lambda: record.server_id)


def _destination(record: Migration) -> str | None:
    return or_none(lambda: record.destination)


def _is_between(record: Migration, source: str, destination: str) -> bool:
    """Whether a record is between the two hosts, or may be: Nova records a
    destination only after its host passed the checks
    (nova/conductor/tasks/live_migrate.py, _execute)."""
    return or_none(lambda: record.source) == source and _destination(
        record
    ) in (
        None,
        destination,
    )


def _judge_recent(move: MoveFacts, kind: Kind) -> str:
    to = destination(move).name
    try:
        records, source = move.recent, move.server.host
    except Unread as unread:
        raise NotChecked(
            unread.reason,
            Gap("recent moves", "an admin's credentials check them"),
        ) from None
    pattern = failures(records, source, to, kind)
    if pattern is None:
        return "no series of failures"
    newest = _server(pattern.records[0]) or "SERVER"
    raise Concern(
        f"{source} -> {to}: {pattern}",
        f"find the cause first: openstack migrate explain {newest}; or choose"
        " another host",
    )


@check(requested_host, (Kind.LIVE, Kind.BLOCK))
def recent_moves_succeeded(move: MoveFacts) -> str:
    """The last live migrations between the two hosts did not all fail.

    The records are those of the last six hours (Nova's os-migrations). One
    success resets the count.
    """
    return _judge_recent(move, Kind.LIVE)


@check(requested_host, (Kind.COLD,))
def recent_cold_moves_succeeded(move: MoveFacts) -> str:
    """The last cold migrations between the two hosts did not all fail."""
    return _judge_recent(move, Kind.COLD)
