"""Instance actions and their events: Nova's record of each request."""

import dataclasses
import datetime

from osc_migrate import errors, microversions
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.rest import Api
from osc_migrate.facts import Facts, Unread, fact


@dataclasses.dataclass(frozen=True, repr=False)
class Event(Facts):
    """One step of a request, on one host."""

    # Nova's name of the step: compute_pre_live_migration ...
    name: str
    failed: bool
    start: datetime.datetime | None
    # None while it runs, and permanently if Nova lost track of it.
    finish: datetime.datetime | None
    # Shown to admins, from 2.62 on.
    host: str | None
    # The exception's message, shown to admins from 2.84; at most 255
    # characters, and only the class name of an exception that is not Nova's
    # (nova/compute/utils.py, exception_to_dict).
    message: str | None
    # The line of code that failed (the traceback's last one), shown to admins.
    # Nova keeps no message there (nova/objects/base.py, serialize_args).
    raised: str | None


@dataclasses.dataclass(frozen=True, repr=False)
class Action(Facts):
    """One request for a server."""

    request_id: str
    # Nova's name: 'live-migration', 'migrate', 'live_migration_cancel' ...
    name: str
    # When the API accepted the request.
    start: datetime.datetime | None
    failed: bool
    user_id: str | None
    # When its last step ended (2.58).
    updated: datetime.datetime | None = None


_POLICY = "policy os_compute_api:os-instance-actions:"


def actions_of(nova: Api, server_id: str) -> tuple[Action, ...]:
    """Return the requests for a server, newest first.

    :raises ApiError: Nova did not answer, or forbids it.
    :raises Unread: Nova's answer makes no sense.
    """
    body = nova.get(
        f"/servers/{server_id}/os-instance-actions",
        f"list the requests of server {server_id}",
    )
    # Newest first (nova/db/main/api.py, actions_get).
    return tuple(_action(row) for row in body.rows("instanceActions"))


def _action(row: JsonObject) -> Action:
    return Action(
        request_id=row.text("request_id"),
        name=row.text("action"),
        start=fact(row.time, "start_time"),
        failed=fact(row.maybe_text, "message") == "Error",
        user_id=fact(row.maybe_text, "user_id"),
        updated=(
            fact(row.time, "updated_at") if "updated_at" in row else None
        ),
    )


def events_of(nova: Api, server_id: str, request_id: str) -> tuple[Event, ...]:
    """Return the steps of a request, newest first; empty if Nova has none.

    :raises ApiError: Nova did not answer, or forbids it.
    :raises Unread: Nova's answer makes no sense, or has no events.
    """
    try:
        body = nova.get(
            f"/servers/{server_id}/os-instance-actions/{request_id}",
            f"show the events of server {server_id}",
        )
    except errors.ApiError as error:
        if error.status == 404:
            return ()
        raise
    action = body.inner("instanceAction")
    if "events" not in action:
        raise Unread(
            f"Nova shows no events to this user; {_POLICY}events is needed"
        )
    return tuple(_event(row, nova) for row in action.rows("events"))


def _event(row: JsonObject, nova: Api) -> Event:
    return Event(
        name=row.text("event"),
        failed=fact(row.maybe_text, "result") == "Error",
        start=fact(row.time, "start_time"),
        finish=fact(row.time, "finish_time"),
        host=fact(
            _optional_field,
            row,
            nova,
            "host",
            microversions.EVENT_HOST,
            "events",
        ),
        message=fact(
            _optional_field,
            row,
            nova,
            "details",
            microversions.EVENT_DETAILS,
            "events:details",
        ),
        raised=fact(_raised, row),
    )


def _optional_field(
    row: JsonObject, nova: Api, name: str, since: str, policy: str
) -> str | None:
    """Read a field that microversion `since` added, for some users."""
    if name in row:
        return row.maybe_text(name)
    if not nova.has(since):
        raise Unread(
            f"Nova shows '{name}' of an event from microversion {since} on;"
            f" this is {nova.version}"
        )
    raise Unread(
        f"Nova does not show '{name}' of an event to this user;"
        f" {_POLICY}{policy} is needed"
    )


def _raised(row: JsonObject) -> str | None:
    trace = row.maybe_text("traceback") if "traceback" in row else None
    # Frames whose line Python could mark have a last line of ~~~^^^.
    lines = [
        line.strip()
        for line in (trace or "").splitlines()
        if line.strip(" ~^\t")
    ]
    return lines[-1] if lines else None
