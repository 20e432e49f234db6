"""What Nova wrote down of a server's moves, before anything is judged."""

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
from osc_migrate.facts import Facts, Unread, fact, known


@dataclasses.dataclass(frozen=True, repr=False)
class Attempt(Facts):
    """One try to move a server: its record, its request and the steps.

    One of record and action may be None: Nova keeps both, and joins them
    nowhere.
    """

    record: Migration | None
    action: Action | None
    events: tuple[Event, ...] = ()


@dataclasses.dataclass(frozen=True, repr=False)
class History(Facts):
    """All that Nova keeps of one server's moves."""

    # As it was at the first look, for its name and ID.
    server: Server
    # As it is now; None when it is gone.
    now: Server | None
    # Both newest first.
    records: tuple[Migration, ...]
    actions: tuple[Action, ...]
    # The compute hosts by name, as they are now.
    hosts: Mapping[str, Host]


T = TypeVar("T")


# A record and its request, as far as they are known.
Pair = tuple[Migration | None, Action | None]


# Requests that are under way at once: a server may have moved often.
_AT_ONCE = 8


def history_of(
    cloud: Cloud,
    server: Server,
    now: Server | None = None,
    record: Migration | None = None,
) -> History:
    """Everything that is asked once, side by side.

    :param now: the server as it is, where that is known already.
    :param record: the one that is of interest; the others are not read.
    """

    def records() -> tuple[Migration, ...]:
        if record:
            return (record,)
        project = known(lambda: server.project_id)
        return tuple(cloud.migrations(server.id, project))

    read, actions, hosts = in_parallel(
        lambda: _read(records, "os-migrations:index"),
        lambda: _read(
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
    """Attempts with their steps, which cost a request each.

    :param needs_events: whether that is worth it.
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
    return _read(
        lambda: events_of(cloud.nova, server_id, action.request_id),
        "os-instance-actions:show",
    )


def _read(read: Callable[[], T], policy: str) -> T:
    """`read`, with the policy that is missing where it is forbidden."""
    try:
        return read()
    except errors.ApiError as error:
        reason = str(error)
        # Nova names it itself, most of the time.
        if error.status == 403 and policy not in reason:
            reason += f"; policy os_compute_api:{policy} is needed"
        raise Unread(reason) from error
