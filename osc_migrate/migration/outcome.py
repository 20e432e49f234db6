"""The outcome of a move: record, host and status, and why it failed."""

import dataclasses
import enum

from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.migrations import ENDED, Kind, Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server
from osc_migrate.explain import reader, server_status
from osc_migrate.explain.explanation import Explanation
from osc_migrate.explain.joiner import WORKED
from osc_migrate.explain.node_logs.collect import Reach
from osc_migrate.facts import Unread, or_none
from osc_migrate.migration import own_abort
from osc_migrate.migration.follow import FAILED, Follower
from osc_migrate.migration.orphaned import ABANDONED
from osc_migrate.text import confirm_or_revert


class End(enum.Enum):
    """How following a move ended."""

    # The record, the server's host and its state all confirm it.
    MOVED = "moved"
    # Nova accepted the request; its end was not awaited (--no-wait).
    ACCEPTED = "accepted"
    # A cold migration succeeded and is awaiting confirmation.
    WAITS = "waits"
    # A cold migration was reverted: the server is back on its source.
    REVERTED = "reverted"
    # The move failed, or its success is not proven.
    NOT_MOVED = "not moved"
    # The timeout expired; the move continues.
    RUNNING_ON = "running on"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result of a move, as printed."""

    end: End
    server: str
    id: str
    kind: str
    source: str | None
    destination: str | None
    # Nova's status of the migration.
    status: str
    migration_id: int | None
    seconds: float
    # As last reported by Nova; None if it never did.
    memory_bytes: int | None
    disk_bytes: int | None
    reason: str = ""
    next: str = ""
    # Of a failed move: where the guest is, and details that do not fit into
    # a row.
    location: str = ""
    explanation: Explanation | None = None

    COLUMNS = (
        "server",
        "id",
        "kind",
        "source",
        "destination",
        "status",
        "migration_id",
        "seconds",
        "memory_bytes",
        "disk_bytes",
        "reason",
        "next",
    )


def of_move(
    cloud: Cloud,
    facts: MoveFacts,
    follower: Follower,
    request_id: str | None,
    kind: str,
    unended: End,
    aborted_by: str = "",
    reach: Reach | None = None,
) -> Outcome:
    """Determine the result of a move.

    :param kind: the requested kind; empty if Nova decided.
    :param unended: the end to report if the record has not ended.
    :param aborted_by: the follower that aborted it; empty if none did.
    :param reach: connects to the nodes whose logs show why it failed.
    """
    record = follower.record
    seconds = round(follower.elapsed, 1)
    end, reason, command = unended, "", _watch(facts)
    explanation = None
    now: Server | None = None
    if record and record.status in ENDED:
        now = follower.settled()
        record = follower.record or record
        doubt = _doubt(record, facts.server, now)
        if doubt is None and record.status == "finished":
            name = server_status.name(facts.server)
            end, command = End.WAITS, confirm_or_revert(name)
        elif doubt is None:
            end, command = End.MOVED, ""
        else:
            end = End.NOT_MOVED
            explanation = reader.of_move(
                cloud, facts.server, now, record, request_id, reach
            )
            reason = _reason(explanation, doubt, now)
            if aborted_by and now and record.status in FAILED:
                explanation, reason = own_abort.reported(
                    explanation, reason, record, now, aborted_by
                )
            command = explanation.next or _look(facts)
    elif follower.abandoned:
        now = follower.settled()
        end = End.NOT_MOVED
        reason = "; ".join(filter(None, (_abandoned(record), _location(now))))
        command = (
            f"openstack migrate explain {server_status.name(facts.server)}"
        )
    counted = follower.counted
    return Outcome(
        end=end,
        server=facts.server.name,
        id=facts.server.id,
        kind=kind or _chosen(counted),
        source=or_none(lambda: facts.server.host),
        destination=or_none(lambda: _destination(record, facts)),
        status=record.status if record else "accepted",
        migration_id=record.id if record else None,
        seconds=seconds,
        memory_bytes=counted.memory_processed if counted else None,
        disk_bytes=counted.disk_processed if counted else None,
        reason=reason,
        next=command,
        location=(
            server_status.guest(now, or_none(lambda: facts.server.host))
            if end is End.NOT_MOVED
            else ""
        ),
        explanation=explanation,
    )


def _reason(explanation: Explanation, doubt: str, now: Server | None) -> str:
    """Return the messages of the failed steps, or else what is wrong."""
    messages = explanation.said or (doubt, explanation.meaning)
    return "; ".join(filter(None, (*messages, server_status.location(now))))


def _doubt(
    record: Migration, before: Server, now: Server | None
) -> str | None:
    """Return why success is not proven; None if it is."""
    if now is None:
        return "the server was deleted meanwhile"
    if record.status not in WORKED:
        return f"the migration ended as '{record.status}'"
    # A cold migration is awaiting confirmation, unless Nova has confirmed it
    # itself (resize_confirm_window).
    expected = before.status
    if record.status == "finished":
        expected = "VERIFY_RESIZE"
    try:
        if elsewhere := _contradiction(record, before, now):
            return elsewhere
        if now.task_state is not None:
            return f"Nova is still busy with the server: {now.task_state}"
        if now.status != expected:
            return (
                f"the server was {before.status} and is {now.status} on"
                f" {now.host}"
            )
        if record.status == "finished" and _was_stopped(before, now):
            return (
                f"the guest ran before, and does not run on {now.host}: it"
                " is there, awaiting confirmation"
            )
    except Unread as unread:
        return f"the record says '{record.status}', but {unread.reason}"
    return None


def _was_stopped(before: Server, now: Server) -> bool:
    """Return whether the guest has stopped. 1 is running (power_state.py)."""
    return before.status == "ACTIVE" and now.power_state != 1


def _abandoned(record: Migration | None) -> str:
    idle = f"Nova has done nothing with it for {ABANDONED:.0f} s or longer"
    if record is None:
        return f"Nova has made no record of the move, and {idle}"
    return (
        f"migration {record.id} appears to be orphaned: no service is driving"
        f" it; its record says '{record.status}', but {idle}"
    )


def _location(now: Server | None) -> str:
    return (
        server_status.location(now)
        if now
        else "the server was deleted meanwhile"
    )


def _look(facts: MoveFacts) -> str:
    return f"openstack server event list {server_status.name(facts.server)}"


def _contradiction(record: Migration, before: Server, now: Server) -> str:
    """Return how the server's host contradicts the record, or ''."""
    if or_none(lambda: now.host) is None:
        # For other users than admins, host names are hidden, but not the hash.
        if now.host_id != before.host_id:
            return ""
        return (
            f"the record says '{record.status}', but the server's hostId is"
            " as before"
        )
    if now.host == record.destination:
        return ""
    return (
        f"the migration record says '{record.status}' to"
        f" {record.destination}, but"
        f" Nova has the server on {now.host}"
    )


def _watch(facts: MoveFacts) -> str:
    return f"openstack migrate watch {server_status.name(facts.server)}"


def _chosen(counted: Migration | None) -> str:
    """Return the kind Nova chose: only block migrations copy disk bytes."""
    if counted is None or counted.memory_total is None:
        return "unknown"
    return (Kind.BLOCK if counted.disk_total else Kind.LIVE).value


def _destination(record: Migration | None, facts: MoveFacts) -> str | None:
    recorded = or_none(lambda: record.destination) if record else None
    if recorded or facts.destination is None:
        return recorded
    return facts.destination.name
