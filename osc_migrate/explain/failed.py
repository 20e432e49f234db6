"""All failed moves of a cloud within a period, grouped by cause."""

import dataclasses
import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from osc_migrate import errors, microversions
from osc_migrate.cloud.actions import Action, actions_of
from osc_migrate.cloud.cloud import Cloud, in_parallel, or_unread
from osc_migrate.cloud.history import History, attempts_of
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server, parse_server
from osc_migrate.cloud.surroundings import changed_since
from osc_migrate.explain import attempts, causes
from osc_migrate.explain.explanation import Explanation
from osc_migrate.explain.joiner import FAILED, explain
from osc_migrate.facts import Unread, fact, or_none
from osc_migrate.text import command, listed, utc

# Newest failures to explain; each costs up to three requests.
MAX_EXPLAINED = 50
# Records to list per status; Nova's own limit is not higher.
MAX_LISTED = 1000
# Concurrent requests.
_AT_ONCE = 8
# Servers and pairs of hosts to print; a longer list is not readable.
_NAMED = 5
_IDS = re.compile(r"\b(req-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


@dataclasses.dataclass(frozen=True)
class Failure:
    """The failures that share one cause.

    :ivar newest, oldest: when the migration records were last written.
    :ivar cause: its ID; empty if none was recognised.
    :ivar routes: pairs of hosts, with the number of failures between them.
    """

    newest: datetime.datetime | None
    count: int
    cause: str
    servers: tuple[str, ...]
    routes: tuple[str, ...]
    message: str
    meaning: str
    check: str
    next: str
    oldest: datetime.datetime | None
    migration_ids: tuple[int, ...]

    COLUMNS = ("newest", "count", "cause", "servers", "routes", "message")
    LONG = (*COLUMNS, "meaning", "check", "next", "oldest", "migration_ids")

    def cells(
        self, names: Sequence[str], listing: Callable[[Sequence[str]], object]
    ) -> list[object]:
        """Return the row; `listing` turns a sequence into one cell."""
        values = {
            **vars(self),
            "newest": utc(self.newest),
            "oldest": utc(self.oldest),
            "servers": listing(self.servers),
            "routes": listing(self.routes),
            "migration_ids": listing(tuple(map(str, self.migration_ids))),
        }
        return [values[name] for name in names]


@dataclasses.dataclass(frozen=True)
class Failures:
    """All failures of a period, grouped by cause.

    :ivar count: number of failed moves that were explained.
    :ivar left_out: number of older ones that were not.
    """

    groups: tuple[Failure, ...]
    count: int
    left_out: int


def failures_since(
    cloud: Cloud, period: datetime.timedelta, limit: int
) -> Failures:
    """Return the failed migrations of every kind, newest cause first.

    Costs at most ``2 + 3 * limit`` requests, besides those of any command.

    :param limit: number of failures to explain.
    :raises ApiError: the migrations cannot be listed.
    """
    start = datetime.datetime.now(datetime.UTC) - period
    records = _failed(cloud, start)
    chosen = records[:limit]
    explanations = _explained(cloud, chosen)
    return Failures(
        tuple(_grouped(chosen, explanations)),
        len(chosen),
        len(records) - len(chosen),
    )


def shorten_list(items: Sequence[str]) -> str:
    """Return the first few items, joined."""
    return listed(items, _NAMED)


def _failed(cloud: Cloud, start: datetime.datetime) -> list[Migration]:
    """Return the failed records, newest first."""
    paged = cloud.nova.has(microversions.MIGRATIONS_PAGED)

    def fetch(status: str) -> list[Migration]:
        rows = changed_since(cloud, status, start, MAX_LISTED)
        # Before 2.59 Nova cannot filter by time.
        return [r for r in rows if paged or (_written(r) or start) >= start]

    answers = in_parallel(
        *(lambda s=s: or_unread(lambda: fetch(s)) for s in sorted(FAILED))
    )
    records: list[Migration] = []
    for answer in answers:
        if isinstance(answer, Unread):
            raise errors.MigrateError(
                f"failed migrations cannot be listed: {answer.reason}"
            )
        records += answer
    return sorted(
        {r.id: r for r in records}.values(),
        key=lambda record: (_written(record) or start, record.id),
        reverse=True,
    )


def _written(record: Migration) -> datetime.datetime | None:
    return or_none(lambda: record.updated_at or record.created_at)


def _explained(
    cloud: Cloud, records: Sequence[Migration]
) -> list[Explanation]:
    """Return explanations in the order of the records."""
    by_server: dict[str, list[Migration]] = {}
    for record in records:
        by_server.setdefault(_server_id(record), []).append(record)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        parts = pool.map(
            lambda pair: _of_server(cloud, *pair), by_server.items()
        )
        by_id = {
            explanation.migration_id: explanation
            for part in parts
            for explanation in part
        }
    return [by_id[record.id] for record in records]


def _server_id(record: Migration) -> str:
    return or_none(lambda: record.server_id) or ""


def _of_server(
    cloud: Cloud, id: str, records: Sequence[Migration]
) -> list[Explanation]:
    now = fact(or_unread, lambda: cloud.server_now(id) if id else None)
    actions = fact(or_unread, lambda: actions_of(cloud.nova, id) if id else ())
    server = now if isinstance(now, Server) else _unknown_server(id)
    history = History(
        server=server,
        now=now,
        records=tuple(records),
        actions=actions,
        # The current state of services says nothing about a past failure.
        hosts={},
    )
    moves = _moves(history)
    pairs: list[attempts.Pair] = [
        (record, attempts.request_of(record, moves)) for record in records
    ]
    read = attempts_of(cloud, id, pairs)
    # Later moves of the server are not read.
    return [explain(history, attempt, newest=False) for attempt in read]


def _unknown_server(id: str) -> Server:
    """Return a placeholder for a server that is deleted or hidden."""
    return parse_server(JsonObject({"id": id}, "a migration record", "Nova"))


def _moves(history: History) -> list[Action]:
    actions: Iterable[Action] = or_none(lambda: history.actions) or ()
    return [action for action in actions if action.name in attempts.MOVES]


def _grouped(
    records: Sequence[Migration], explanations: Sequence[Explanation]
) -> list[Failure]:
    """Group failures by cause, newest first like the records."""
    groups: dict[str, list[tuple[Migration, Explanation]]] = {}
    for record, explanation in zip(records, explanations, strict=True):
        group = groups.setdefault(_key(explanation), [])
        group.append((record, explanation))
    return [_failure(group) for group in groups.values()]


def _key(explanation: Explanation) -> str:
    """Return the key that failures with one cause have in common."""
    if explanation.cause:
        return explanation.cause
    text = _IDS.sub("ID", explanation.message)
    for name, word in (
        (explanation.server, "SERVER"),
        (explanation.source, "HOST"),
        (explanation.destination, "HOST"),
    ):
        text = text.replace(name, word) if name else text
    text = re.sub(r"\d+", "N", text)
    return f"{explanation.failed_step} {text}"


def _failure(group: Sequence[tuple[Migration, Explanation]]) -> Failure:
    first_record, newest = group[0]
    routes = Counter(
        f"{e.source or '?'} -> {e.destination or '?'}" for _, e in group
    )
    return Failure(
        newest=_written(first_record),
        count=len(group),
        cause=newest.cause,
        servers=tuple(dict.fromkeys(e.server for _, e in group)),
        routes=tuple(
            f"{route} ({count})" for route, count in routes.most_common()
        ),
        message=newest.message,
        meaning=newest.meaning,
        check=newest.check,
        next=_next(newest),
        oldest=_written(group[-1][0]),
        migration_ids=tuple(record.id for record, _ in group),
    )


def _next(newest: Explanation) -> str:
    if newest.cause:
        return causes.cause_by_id(newest.cause).remedy
    return command(
        *("openstack", "migrate", "explain", newest.id),
        *("--migration", newest.migration_id),
    )
