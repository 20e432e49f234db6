"""Match migration records to the requests that created them.

Nova stores both, but no link between them: a record does not contain its
request ID. They are matched by time. The API stores the request, then the
conductor creates the record (nova/conductor/manager.py, _live_migrate;
nova/conductor/tasks/migrate.py, _preallocate_migration), and a server makes
one move at a time.
"""

import datetime
from collections.abc import Iterable, Sequence

from osc_migrate.cloud.actions import Action
from osc_migrate.cloud.history import History
from osc_migrate.cloud.migrations import Migration
from osc_migrate.facts import Unread, or_none

# A record and its request; either may be missing.
Pair = tuple[Migration | None, Action | None]

# Nova's action name -> the type of its migration record, and the operators'
# name for it.
MOVES = {
    "live-migration": ("live-migration", "live"),
    "migrate": ("migration", "cold"),
    "resize": ("resize", "resize"),
    "evacuate": ("evacuation", "evacuate"),
}
# MySQL rounds both times to seconds.
_ROUNDING = datetime.timedelta(seconds=1)
# The API's clock may be ahead of the conductor's.
_SKEW = datetime.timedelta(seconds=60)
# A cold migration creates one record per host that it tries.
_WITHIN = datetime.timedelta(hours=1)


def attempts(history: History) -> list[Pair]:
    """Return all attempts to move the server, newest first.

    :raises Unread: neither records nor requests could be read.
    """
    try:
        records = history.records
    except Unread as unread:
        return [(None, action) for action in _moves(history, unread)]
    moves = or_none(lambda: _moves(history)) or []
    pairs: list[Pair] = [(r, request_of(r, moves)) for r in records]
    return _merged(pairs, moves)


def request_of(record: Migration, moves: Sequence[Action]) -> Action | None:
    """Return the request that created `record`, or None if none matches."""
    created_at = _created_at(record)
    if created_at is None:
        return None
    # Nova does not show the type before 2.23.
    fitting = [
        (start, action)
        for action in moves
        if (start := _start(action))
        and record.type in (None, MOVES[action.name][0])
    ]
    before = [
        candidate
        for candidate in fitting
        if created_at - _WITHIN <= candidate[0] <= created_at + _ROUNDING
    ]
    if before:
        return max(before, key=_time)[1]
    after = [
        candidate
        for candidate in fitting
        if created_at < candidate[0] <= created_at + _SKEW
    ]
    return min(after, key=_time)[1] if after else None


def _created_at(record: Migration) -> datetime.datetime | None:
    return or_none(lambda: record.created_at)


def _start(action: Action) -> datetime.datetime | None:
    return or_none(lambda: action.start)


def _time(pair: tuple[datetime.datetime, Action]) -> datetime.datetime:
    return pair[0]


def _moves(
    history: History, earlier_error: Unread | None = None
) -> list[Action]:
    try:
        actions = history.actions
    except Unread as unread:
        reasons = (
            earlier_error.reason if earlier_error else "",
            unread.reason,
        )
        raise Unread("; ".join(filter(None, reasons))) from None
    return [action for action in actions if action.name in MOVES]


def _merged(pairs: list[Pair], moves: Iterable[Action]) -> list[Pair]:
    """Return `pairs` plus the requests that have no record.

    Requests older than the oldest record are excluded: Nova lists only one
    page of records, so theirs may exist.
    """
    used = {action.request_id for _, action in pairs if action}
    times = [_created_at(record) for record, _ in pairs if record]
    if None in times:
        return pairs
    oldest = min((t for t in times if t), default=None)
    for action in moves:
        start = _start(action)
        if action.request_id in used or start is None:
            continue
        if oldest is None or start >= oldest:
            later = [i for i, t in enumerate(times) if t and t > start]
            place = max(later, default=-1) + 1
            times.insert(place, start)
            pairs.insert(place, (None, action))
    return pairs
