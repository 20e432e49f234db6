"""What Nova wrote down of a server's moves, before anything is judged."""

import dataclasses
import datetime
from collections.abc import Mapping

from osc_migrate.model.facts import Facts, Host, Migration, Server


@dataclasses.dataclass(frozen=True, repr=False)
class Event(Facts):
    """One step of a request, on one host."""

    # Nova's word for the step: compute_pre_live_migration ...
    name: str
    failed: bool
    start: datetime.datetime | None
    # None while it runs, and for ever when Nova lost it.
    finish: datetime.datetime | None
    # Shown to admins, from 2.62 on.
    host: str | None
    # The exception's own words, shown to admins, from 2.84 on; at most 255
    # characters, and only the exception's name when it is not Nova's own
    # (nova/compute/utils.py, exception_to_dict).
    message: str | None
    # The line of code that failed, shown to admins: the traceback's last
    # one. Nova keeps no words there (nova/objects/base.py, serialize_args).
    raised: str | None


@dataclasses.dataclass(frozen=True, repr=False)
class Action(Facts):
    """One request that a server got."""

    request_id: str
    # Nova's word: 'live-migration', 'migrate', 'live_migration_cancel' ...
    name: str
    # When the API took the request.
    start: datetime.datetime | None
    failed: bool
    user_id: str | None
    # When its last step ended (2.58).
    updated: datetime.datetime | None = None


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

    # As it was when somebody first looked, for its name and ID.
    server: Server
    # As it is now; None when it is gone.
    now: Server | None
    # Both newest first.
    records: tuple[Migration, ...]
    actions: tuple[Action, ...]
    # The compute hosts by name, as they are now.
    hosts: Mapping[str, Host]
