"""Derive the last phase and the failed step of a move from Nova's events."""

import datetime
from collections.abc import Sequence

from osc_migrate.cloud.actions import Event
from osc_migrate.cloud.migrations import ENDED, PHASES
from osc_migrate.facts import or_none

# No event covers the copy itself: it runs in a thread of nova-compute, which
# only logs the error (nova/compute/manager.py, _do_live_migration).
COPY = "guest-copy"

# Steps in the order in which they start, with the phase of each.
_PHASES = {
    "conductor_migrate_server": "accepted",
    "conductor_live_migrate_instance": "accepted",
    "cold_migrate": "accepted",
    "rebuild_server": "accepted",
    "compute_check_can_live_migrate_destination": "checking",
    "compute_check_can_live_migrate_source": "checking",
    "compute_live_migration": "queued",
    "compute_pre_live_migration": "preparing",
    "compute_post_live_migration_at_destination": "finishing",
    "compute_prep_resize": "preparing",
    "compute_prep_snapshot_based_resize_at_dest": "preparing",
    "compute_resize_instance": "running",
    "compute_prep_snapshot_based_resize_at_source": "running",
    "compute_rebuild_instance": "running",
    "compute_finish_resize": "finishing",
    "compute_finish_snapshot_based_resize_at_dest": "finishing",
}
_ORDER = list(_PHASES)

# Steps on the source, for users to whom Nova does not show the host.
_SOURCE = frozenset(
    {
        "compute_check_can_live_migrate_source",
        "compute_live_migration",
        "compute_resize_instance",
        "compute_prep_snapshot_based_resize_at_source",
        COPY,
    }
)

# The step that follows a successful one, if no later event exists.
_AFTER = {
    "compute_check_can_live_migrate_destination": (
        "conductor_live_migrate_instance"
    ),
    "compute_check_can_live_migrate_source": (
        "compute_check_can_live_migrate_destination"
    ),
    "compute_live_migration": "compute_pre_live_migration",
    "compute_pre_live_migration": COPY,
    "compute_post_live_migration_at_destination": COPY,
    "compute_prep_resize": "compute_resize_instance",
    "compute_resize_instance": "compute_finish_resize",
}

# Steps that the conductor requests from one host after the other.
_PER_HOST = (
    "compute_check_can_live_migrate_destination",
    "compute_prep_resize",
    "compute_prep_snapshot_based_resize_at_dest",
)
_LATEST = datetime.datetime.max.replace(tzinfo=datetime.UTC)


def last_phase(status: str, events: Sequence[Event]) -> str | None:
    """Return the last phase that the move reached; None if not known."""
    if status in ("completed", "done", "finished", "confirmed", "reverted"):
        return "completed"
    if status not in ENDED and status in PHASES:
        return PHASES[status]
    last = last_step(events)
    if last is None:
        return None
    if prepared(events):
        # No event shows whether ports were plugged or the copy started.
        return "prepared"
    return _PHASES[last.name]


def last_step(events: Sequence[Event]) -> Event | None:
    """Return the last step that started."""
    steps = [event for event in events if event.name in _PHASES]
    return max(steps, key=_depth, default=None)


def failures(events: Sequence[Event]) -> list[Event]:
    """Return the failed steps, innermost first.

    An inner step ends before its caller. If the database rounds to seconds,
    the order of the steps decides.
    """
    failed = [event for event in events if event.failed]
    return sorted(failed, key=lambda e: (_finish(e), -_depth(e)))


def silent_end(events: Sequence[Event]) -> tuple[str, str | None]:
    """Return (step, host) where a move ended without a failed step.

    The host is None if only its :func:`role` is known.
    """
    last = last_step(events)
    if last is None:
        return "", None
    if _succeeded(last) and last.name in _AFTER:
        return _AFTER[last.name], None
    return last.name, host_of(last)


def prepared(events: Sequence[Event]) -> bool:
    """Whether the last event is a successful preparation, before the copy."""
    last = last_step(events)
    return (
        last is not None
        and last.name == "compute_pre_live_migration"
        and _succeeded(last)
    )


def copied(events: Sequence[Event]) -> bool:
    """Whether the guest was copied live, but Nova did not finish the move."""
    last = last_step(events)
    return (
        last is not None
        and last.name == "compute_post_live_migration_at_destination"
        and not _succeeded(last)
    )


def role(step: str) -> str:
    """Return where a step runs: 'source', 'destination' or 'conductor'."""
    if step in _SOURCE:
        return "source"
    return "destination" if step.startswith("compute_") else "conductor"


def tried_hosts(events: Sequence[Event]) -> list[str]:
    """Return the hosts that the conductor tried, in order."""
    requests = sorted(
        (event for event in events if event.name in _PER_HOST), key=_start
    )
    return list(dict.fromkeys(filter(None, map(host_of, requests))))


def described(event: Event) -> str:
    """Format a step as one line."""
    result = (
        "failed" if event.failed else "ok" if _succeeded(event) else "open"
    )
    host = host_of(event)
    start, finish = or_none(lambda: event.start), _finished(event)
    duration = (
        f" {max(0.0, (finish - start).total_seconds()):.1f} s"
        if start and finish
        else ""
    )
    return f"{event.name}{f' on {host}' if host else ''}: {result}{duration}"


def host_of(event: Event) -> str | None:
    return or_none(lambda: event.host)


def last_finish(events: Sequence[Event]) -> datetime.datetime | None:
    return max(filter(None, map(_finished, events)), default=None)


def in_order(events: Sequence[Event]) -> list[Event]:
    """Return the events, oldest first."""
    return sorted(events, key=lambda e: (_start(e), _depth(e)))


def _succeeded(event: Event) -> bool:
    return not event.failed and _finished(event) is not None


def _finished(event: Event) -> datetime.datetime | None:
    return or_none(lambda: event.finish)


def _depth(event: Event) -> int:
    return _ORDER.index(event.name) if event.name in _PHASES else -1


def _start(event: Event) -> datetime.datetime:
    return or_none(lambda: event.start) or _LATEST


def _finish(event: Event) -> datetime.datetime:
    return _finished(event) or _LATEST
