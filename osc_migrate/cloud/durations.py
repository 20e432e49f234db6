"""Durations of past moves in this cloud."""

import dataclasses
import datetime
import statistics
from collections.abc import Sequence
from functools import partial

from osc_migrate import errors, microversions
from osc_migrate.cloud.actions import actions_of
from osc_migrate.cloud.cloud import Cloud, in_parallel
from osc_migrate.cloud.migrations import Kind, Migration, parse_migration
from osc_migrate.facts import Unread, fact, or_none
from osc_migrate.text import some


@dataclasses.dataclass(frozen=True)
class PastDurations:
    """Durations of past moves in seconds; at least one."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        shortest, longest = min(self.seconds), max(self.seconds)
        basis = some(len(self.seconds), "move")
        if round(shortest) != round(longest):
            basis = f"{shortest:.0f} to {longest:.0f} s in {basis}"
        return f"{self.median:.0f} s here ({basis})"


# Records to read of each status, and servers whose requests are read.
_RECORDS, _SERVERS = 20, 8


# Between a request and the record that it created.
_MAX_CLOCK_DIFFERENCE = datetime.timedelta(seconds=60)


_SUCCESSFUL = {
    "live-migration": ("completed",),
    "migration": ("confirmed", "finished", "reverted"),
}


def past_durations(cloud: Cloud, kind: Kind) -> PastDurations | None:
    """Return durations of the newest moves of that kind; None if unknown.

    Sends at most eleven requests.

    Nova does not distinguish block migrations from other live ones.
    """
    # Older APIs would return every migration the cloud ever had.
    if not cloud.nova.has(microversions.MIGRATIONS_PAGED):
        return None
    type_ = "migration" if kind is Kind.COLD else "live-migration"
    lists = in_parallel(
        *(partial(_records, cloud, type_, s) for s in _SUCCESSFUL[type_])
    )
    records = [
        r
        for records_of_status in lists
        if isinstance(records_of_status, list)
        for r in records_of_status
    ]
    if kind is Kind.COLD:
        # Without the time until it was confirmed.
        durations = _by_requests(cloud, records)
    else:
        durations = [or_none(partial(_seconds_between, r)) for r in records]
    seconds = [duration for duration in durations if duration is not None]
    return PastDurations(seconds) if seconds else None


def _records(cloud: Cloud, type_: str, status: str) -> list[Migration]:
    body = cloud.nova.get(
        "/os-migrations",
        f"list the migrations that are {status}",
        query={"migration_type": type_, "status": status, "limit": _RECORDS},
    )
    return [parse_migration(row) for row in body.rows("migrations")]


def _seconds_between(record: Migration) -> float | None:
    """:raises Unread: Nova's times make no sense."""
    if record.created_at is None or record.updated_at is None:
        return None
    return max(0.0, (record.updated_at - record.created_at).total_seconds())


def _by_requests(cloud: Cloud, records: list[Migration]) -> list[float | None]:
    newest = sorted(records, key=lambda record: -record.id)
    # The newest of each server; records without a server are left out.
    of_each: dict[str, Migration] = {}
    for record in newest:
        server_id = fact(getattr, record, "server_id")
        if isinstance(server_id, str):
            of_each.setdefault(server_id, record)
    chosen = list(of_each.values())[:_SERVERS]
    if not chosen:
        return []
    durations = in_parallel(*(partial(_request, cloud, r) for r in chosen))
    return [duration for duration in durations if isinstance(duration, float)]


def _request(cloud: Cloud, record: Migration) -> float:
    """:raises Unread: Nova does not show it."""
    try:
        actions = actions_of(cloud.nova, record.server_id or "")
    except errors.ApiError as error:
        raise Unread(str(error)) from None
    created = record.created_at
    for action in actions:
        start, end = action.start, action.updated
        if action.name != "migrate" or action.failed:
            continue
        # The times come from two clocks, one with whole seconds only.
        if (
            created
            and start
            and end
            and abs(created - start) < _MAX_CLOCK_DIFFERENCE
        ):
            return (end - start).total_seconds()
    raise Unread("no request of the server fits the migration's time")
