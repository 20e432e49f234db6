"""Reads what is left of a server's moves."""

import concurrent.futures
from collections.abc import Callable, Sequence
from typing import TypeVar

from osc_migrate import errors
from osc_migrate.facts.actions import actions_of, events_of
from osc_migrate.facts.body import fact
from osc_migrate.facts.cloud import Cloud, together
from osc_migrate.model.facts import Migration, Server, Unread, known
from osc_migrate.model.history import Action, Attempt, Event, History

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

    read, actions, hosts = together(
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
    wanted: Callable[[Pair], bool] = lambda pair: True,
) -> list[Attempt]:
    """Attempts with their steps, which cost a request each.

    :param wanted: whether that is worth it.
    """

    def read(pair: Pair) -> Attempt:
        record, action = pair
        if not wanted(pair):
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
