"""What Nova wrote down of a request: instance actions and their events."""

import dataclasses

from osc_migrate import errors, microversions
from osc_migrate.facts.api import Api
from osc_migrate.facts.body import Body, fact
from osc_migrate.model.facts import Facts, Unread


@dataclasses.dataclass(frozen=True, repr=False)
class Event(Facts):
    """One step of a request, on one host."""

    name: str
    failed: bool
    # ISO time, '' while it runs: sorts as time does.
    finish: str
    # Shown to admins from 2.62 on.
    host: str | None
    # The exception's words, shown to admins: 'details' from 2.84 on, the
    # last line of the traceback before.
    message: str | None


def events_of(
    nova: Api, server_id: str, request_id: str | None
) -> list[Event]:
    """The events of the request, oldest first; of the server's newest live
    migration when the request's ID is not known.

    :raises ApiError: Nova did not answer, or forbids it.
    :raises Unread: Nova's answer makes no sense.
    """
    path = f"/servers/{server_id}/os-instance-actions"
    what = f"show the events of server {server_id}"
    if request_id is None:
        rows = nova.get(path, what).rows("instanceActions")
        # Newest first (nova/db/main/api.py, actions_get).
        for row in rows:
            if fact(row.text, "action") == "live-migration":
                request_id = row.text("request_id")
                break
        else:
            return []
    try:
        body = nova.get(f"{path}/{request_id}", what)
    except errors.ApiError as error:
        if error.status == 404:
            return []
        raise
    action = body.inner("instanceAction")
    if "events" not in action:
        raise Unread(
            "Nova shows no events to this user; policy"
            " os_compute_api:os-instance-actions:events"
        )
    details = nova.has(microversions.EVENT_DETAILS)
    return [_event(row, details) for row in action.rows("events")]


def _event(row: Body, details: bool) -> Event:
    return Event(
        name=row.text("event"),
        failed=row.maybe_text("result") == "Error",
        finish=row.maybe_text("finish_time") or "",
        host=row.maybe_text("host") if "host" in row else None,
        message=_message(row, details),
    )


def _message(row: Body, details: bool) -> str | None:
    if details and "details" in row:
        return row.maybe_text("details")
    if "traceback" in row and (trace := row.maybe_text("traceback")):
        return trace.strip().splitlines()[-1]
    return None
