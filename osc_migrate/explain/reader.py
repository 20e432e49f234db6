"""Read the records of a server's moves, and explain them."""

from collections.abc import Sequence

from osc_migrate import errors
from osc_migrate.cloud.actions import Action
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.history import History, attempts_of, history_of
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.explain import attempts
from osc_migrate.explain.attempts import MOVES
from osc_migrate.explain.explanation import Explanation
from osc_migrate.explain.joiner import WORKED, explain
from osc_migrate.explain.node_logs import collect
from osc_migrate.explain.node_logs.lines import Logs
from osc_migrate.facts import Unread, or_none


def of_server(
    cloud: Cloud,
    server: Server,
    *,
    migration: str | None = None,
    all_moves: bool = False,
    reach: collect.Reach | None = None,
    control: Sequence[str] = (),
) -> list[Explanation]:
    """Explain the newest move of a server, or several, newest first.

    :param migration: ID or UUID of the migration to explain.
    :param all_moves: explain all; events are read for unsuccessful ones only.
    :param reach: how to connect to the nodes, whose logs show what the API
        does not; None to skip them.
    :param control: further nodes to read, which run nova-conductor or
        nova-scheduler.
    :raises NotFound: the server has no such migration.
    :raises MigrateError: nothing could be read.
    """
    history = history_of(cloud, server)
    try:
        pairs = attempts.attempts(history)
    except Unread as unread:
        raise errors.MigrateError(
            f"the moves of server {or_none(lambda: server.name) or server.id}"
            f" cannot be read: {unread.reason}"
        ) from None
    chosen = pairs if all_moves else pairs[:1]
    if migration is not None:
        chosen = [pair for pair in pairs if _has_id(pair[0], migration)]
        if not chosen:
            raise errors.NotFound(
                "migration of this server",
                migration,
                "see 'openstack migrate explain --all'",
            )
    read = attempts_of(
        cloud,
        server.id,
        chosen,
        lambda pair: not all_moves or not _succeeded(pair[0]),
    )
    newest = pairs[0] if pairs else None
    logs: Sequence[Logs | None] = [None] * len(read)
    if reach:
        logs = collect.logs_of(cloud, server.id, read, reach, control)
    return [
        explain(history, attempt, pair is newest, attempt_logs)
        for pair, attempt, attempt_logs in zip(chosen, read, logs, strict=True)
    ]


def of_move(
    cloud: Cloud,
    before: Server,
    now: Server | None,
    record: Migration,
    request_id: str | None,
    reach: collect.Reach | None = None,
) -> Explanation:
    """Explain a move that this process has followed to its end.

    :param request_id: None if the response to the request was lost.
    :param reach: as in :func:`of_server`; an unreachable node becomes a note.
    """
    history = history_of(cloud, before, now, record)
    action = _request(history, record, request_id)
    (attempt,) = attempts_of(cloud, before.id, [(record, action)])
    logs: Logs | None = None
    if reach:
        try:
            (logs,) = collect.logs_of(cloud, before.id, [attempt], reach)
        except errors.MigrateError as error:
            logs = Logs((), {record.source or "the source": str(error)})
    return explain(history, attempt, newest=True, logs=logs)


def _request(
    history: History, record: Migration, request_id: str | None
) -> Action | None:
    actions: Sequence[Action] = or_none(lambda: history.actions) or ()
    for action in actions:
        if action.request_id == request_id:
            return action
    name = next(
        (n for n, (type_, _) in MOVES.items() if type_ == record.type),
        "live-migration",
    )
    if request_id:
        return Action(request_id, name, None, False, None)
    moves = [a for a in actions if a.name == name]
    # Newest first: no later request moved the server.
    return attempts.request_of(record, moves) or next(iter(moves), None)


def _has_id(record: Migration | None, id_or_uuid: str) -> bool:
    return record is not None and id_or_uuid in (str(record.id), record.uuid)


def _succeeded(record: Migration | None) -> bool:
    return record is not None and record.status in WORKED
