"""Nova's records of a server's moves, not yet interpreted."""

import concurrent.futures
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from osc_migrate import errors
from osc_migrate.cloud.actions import Action, Event, actions_of, events_of
from osc_migrate.cloud.cloud import Cloud, in_parallel
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Facts, Unread, fact, or_none


@dataclasses.dataclass(frozen=True, repr=False)
class Attempt(Facts):
    """One attempt to move a server: its record, request and steps.

    Either the record or the action may be None: Nova keeps both but does not
    link them.
    """

    record: Migration | None
    action: Action | None
    events: tuple[Event, ...] = ()


@dataclasses.dataclass(frozen=True, repr=False)
class History(Facts):
    """All of Nova's records of one server's moves."""

    # As first read, for its name and ID.
    server: Server
    # Its current state; None if it is gone.
    now: Server | None
    # Both newest first.
    records: tuple[Migration, ...]
    actions: tuple[Action, ...]
    # Compute host name -> its current state.
    hosts: Mapping[str, Host]


T = TypeVar("T")


# A record and its request, as far as known.
Pair = tuple[Migration | None, Action | None]


# Maximum number of parallel requests: a server may have moved often.
_AT_ONCE = 8


def history_of(
    cloud: Cloud,
    server: Server,
    now: Server | None = None,
    record: Migration | None = None,
) -> History:
    """Read the history of a server, in parallel.

    :param now: the server's current state, if already known.
    :param record: read only this migration.
    """

    def records() -> tuple[Migration, ...]:
        if record:
            return (record,)
        project = or_none(lambda: server.project_id)
        return tuple(cloud.migrations(server.id, project))

    read, actions, hosts = in_parallel(
        lambda: _read_or_unread(records, "os-migrations:index"),
        lambda: _read_or_unread(
            lambda: actions_of(cloud.nova, server.id),
            "os-instance-actions:list",
        ),
        cloud.hosts,
    )
    return History(
        server=server,
        now=now if record else server,
        records=read,
        actions=actions,
        hosts=hosts,
    )


def attempts_of(
    cloud: Cloud,
    server_id: str,
    pairs: Sequence[Pair],
    needs_events: Callable[[Pair], bool] = lambda pair: True,
) -> list[Attempt]:
    """Return attempts with their steps, at one request each.

    :param needs_events: whether to read the steps of an attempt.
    """

    def read(pair: Pair) -> Attempt:
        record, action = pair
        if not needs_events(pair):
            return Attempt(record, action)
        return Attempt(record, action, fact(_events, cloud, server_id, action))

    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(read, pairs))


def _events(
    cloud: Cloud, server_id: str, action: Action | None
) -> tuple[Event, ...]:
    if action is None:
        raise Unread("no request of the server fits the migration's time")
    return _read_or_unread(
        lambda: events_of(cloud.nova, server_id, action.request_id),
        "os-instance-actions:show",
    )


def _read_or_unread(read: Callable[[], T], policy: str) -> T:
    """Call `read`; if it is forbidden, the error names the policy."""
    try:
        return read()
    except errors.ApiError as error:
        reason = str(error)
        # Nova usually names it itself.
        if error.status == 403 and policy not in reason:
            reason += f"; policy os_compute_api:{policy} is needed"
        raise Unread(reason) from error
