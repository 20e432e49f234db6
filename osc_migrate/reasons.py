"""Why a move failed, in the words of whoever knows it."""

from osc_migrate import errors
from osc_migrate.facts.actions import Event, events_of
from osc_migrate.facts.cloud import Cloud
from osc_migrate.model.facts import Migration, Server, Unread, known
from osc_migrate.words import paste


def of_failure(
    cloud: Cloud,
    before: Server,
    record: Migration,
    now: Server | None,
    request_id: str | None,
    doubt: str,
) -> tuple[str, str]:
    """(reason, what to do next) of a move that did not work.

    :param doubt: what is wrong with it, for when nobody says more.
    """
    said = _said(cloud, before.id, request_id, now)
    where = _standing(before, now)
    if said:
        return f"{said}{where}", _next(before, now)
    source = known(lambda: record.source) or "the source"
    return (
        f"{doubt}; Nova's API holds no reason: no event of the request"
        f" failed and the server has no fault{where}",
        f"on {source}: grep {before.id} in nova-compute's log, near"
        f" 'Live Migration failure'. {_next(before, now)}",
    )


def _said(
    cloud: Cloud, server_id: str, request_id: str | None, now: Server | None
) -> str | None:
    """The most telling message that the API has."""
    try:
        events = events_of(cloud.nova, server_id, request_id)
    except (errors.ApiError, Unread) as error:
        return f"the events of the request cannot be read: {error}"
    # The innermost step fails first; the conductor only sums up.
    failed = [event for event in events if event.failed and event.message]
    if failed:
        return "; ".join(_worded(event) for event in _telling(failed))
    try:
        if now and now.fault:
            return f"the server's fault says: {now.fault}"
    except Unread:
        pass
    return None


def _telling(failed: list[Event]) -> list[Event]:
    """Events with words of their own, the earliest end first."""
    kept: list[Event] = []
    for event in sorted(failed, key=lambda e: e.finish):
        if event.message not in [other.message for other in kept]:
            kept.append(event)
    return kept


def _worded(event: Event) -> str:
    where = f" on {event.host}" if event.host else ""
    return f"{event.name}{where}: {event.message}"


def _standing(before: Server, now: Server | None) -> str:
    """Where the server is now, and in which state."""
    if now is None:
        return ""
    try:
        return f"; the server is {now.status} on {now.host}"
    except Unread:
        return ""


def _next(before: Server, now: Server | None) -> str:
    if now is None:
        return "see 'openstack server list --deleted --all-projects'"
    name = paste(before.name, before.id)
    try:
        if now.status == "ERROR" and now.power_state in (1, 3):
            # Nova 33 and later after any failure in the hypervisor phase:
            # rolled back, guest untouched, state wrong.
            return (
                f"Nova left the server in ERROR although its guest runs on"
                f" {now.host}; when you have seen it there: openstack server"
                f" set --state active {name}"
            )
        if now.status == "ERROR":
            return (
                f"see whether the guest runs on {now.host}; then openstack"
                f" server set --state active {name}, or openstack server"
                f" reboot --hard {name}"
            )
    except Unread:
        pass
    return (
        f"mend the cause, then try again; openstack server event list {name}"
    )
