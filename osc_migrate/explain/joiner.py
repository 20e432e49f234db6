"""Turn the facts of a move into its explanation, without I/O."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from osc_migrate.checks import registry
from osc_migrate.cloud.actions import Event
from osc_migrate.cloud.history import Attempt, History
from osc_migrate.cloud.migrations import ENDED
from osc_migrate.explain import (
    causes,
    evidence,
    message_choice,
    server_status,
    steps,
)
from osc_migrate.explain.attempts import MOVES
from osc_migrate.explain.explanation import Explanation, Log
from osc_migrate.explain.node_logs.lines import LogLine, Logs
from osc_migrate.facts import Unread, or_none
from osc_migrate.text import confirm_or_revert

# Nova's statuses of successful and of failed migrations.
WORKED = frozenset({"completed", "done", "finished", "confirmed"})
FAILED = frozenset({"error", "failed"})
# A cause may name a check that does not exist yet.
_CHECKS = frozenset(check.id for check in registry.MOVE)
_KINDS = dict(MOVES.values())
# Nova's limit for a message (nova/compute/utils.py, exception_to_dict).
_CUT = 255
# Leading characters of a step's message that identify it in the message of
# an outer step, which adds a prefix and may be cut.
_PREFIX = 100


def explain(
    history: History,
    attempt: Attempt,
    newest: bool,
    logs: Logs | None = None,
) -> Explanation:
    """Explain one attempt.

    :param newest: no later attempt exists, so the server's current state
        results from this one.
    :param logs: logs of its nodes; None if they were not read.
    """
    unread = _unread_reason(lambda: attempt.events)
    if unread:
        # Without requests there are no events either: report that reason.
        unread = _unread_reason(lambda: history.actions) or unread
    events = or_none(lambda: attempt.events) or ()
    bare = _unjudged(history, attempt, events)
    logged = message_choice.lines(logs) if logs else []
    bare = replace(bare, logs=message_choice.shown_lines(logged))
    if bare.status in FAILED:
        return _failed(
            history, attempt, events, unread, newest, bare, logs, logged
        )
    explanation = _not_failed(history, attempt, newest, bare)
    stopped = bare.status == "cancelled" or (
        bare.status not in ENDED and newest and _is_idle(history)
    )
    log_cause = message_choice.cause(logged)
    # A move in flight has no cause, except this one: it is orphaned.
    if log_cause and (stopped or log_cause.id == "services-lost-touch"):
        explanation = replace(
            explanation, **_cause_fields(log_cause), next=log_cause.remedy
        )
    notes = [unread, *(message_choice.notes(logs) if logs else ())]
    return replace(explanation, note="; ".join(filter(None, notes)))


def _unread_reason(read: Callable[[], object]) -> str:
    """Return why a fact could not be read; empty if it was read."""
    try:
        read()
    except Unread as unread:
        return unread.reason
    return ""


def _unjudged(
    history: History, attempt: Attempt, events: Sequence[Event]
) -> Explanation:
    """Return the plain facts of the attempt, without a cause."""
    record, action = attempt.record, attempt.action
    tried_hosts = steps.tried_hosts(events)
    if record:
        status = record.status
    else:
        status = "error" if action and action.failed else "unknown"
    created = or_none(lambda: record.created_at) if record else None
    return Explanation(
        server=or_none(lambda: history.server.name) or history.server.id,
        id=history.server.id,
        migration_id=record.id if record else None,
        uuid=record.uuid if record else None,
        request_id=action.request_id if action else None,
        kind=_kind(attempt),
        source=or_none(lambda: record.source) if record else None,
        # Nova records the destination once that host accepts. If only one
        # host was tried, it is the destination.
        destination=(or_none(lambda: record.destination) if record else None)
        or (tried_hosts[0] if len(tried_hosts) == 1 else None),
        started=(or_none(lambda: action.start) if action else None) or created,
        ended=_end_time(attempt, events),
        status=status,
        reached=steps.last_phase(status, events),
        steps=tuple(steps.described(e) for e in steps.in_order(events)),
    )


def _kind(attempt: Attempt) -> str:
    record, action = attempt.record, attempt.action
    if record and record.type:
        return _KINDS.get(record.type, record.type)
    return MOVES[action.name][1] if action else "unknown"


def _end_time(
    attempt: Attempt, events: Sequence[Event]
) -> datetime.datetime | None:
    record = attempt.record
    if record is None or record.status not in ENDED:
        return None
    # The record of a cold migration changes again on confirmation.
    last = None
    if record.type in ("migration", "resize"):
        last = steps.last_finish(events)
    return last or or_none(lambda: record.updated_at)


def _failed(
    history: History,
    attempt: Attempt,
    events: Sequence[Event],
    unread: str,
    newest: bool,
    bare: Explanation,
    logs: Logs | None,
    logged: Sequence[LogLine],
) -> Explanation:
    failed = steps.failures(events)
    spoken = [(event, *evidence.message_of_step(event)) for event in failed]
    texts = list(dict.fromkeys(text for _, text, _ in spoken if text))
    fault = "" if texts else evidence.fault(history, attempt)
    known_cause = evidence.cause(
        history, attempt, events, texts or [fault], logged
    )
    step, host = _place(events, failed, bare)
    log = _log(bare, events, step, host, known_cause, bool(texts))
    tried_hosts = steps.tried_hosts(events)
    notes = [
        *dict.fromkeys(doubt for _, _, doubt in spoken),
        _several(tried_hosts) if host != bare.source else "",
        _joined_text(texts),
        evidence.also_shown(texts or [fault], logged, known_cause),
        _unread_reason(lambda: history.records),
        _aborted(history, attempt),
        *(message_choice.notes(logs) if logs else ()),
        server_status.services(
            history,
            filter(None, (bare.source, bare.destination, *tried_hosts)),
        ),
    ]
    next_steps = [
        known_cause.remedy if known_cause else "",
        str(log or ""),
        _ask_nodes(history, bare, newest) if log and not logs else "",
        server_status.advice(history, bare.kind) if newest else "",
    ]
    explanation = replace(
        bare,
        failed_step=step,
        failed_host=host,
        message=evidence.most_specific(texts)
        or (logged[0].text if logged else fault),
        said=(
            *(_step_messages(spoken) or filter(None, [fault])),
            *_of_qemu(logged, known_cause),
        ),
        meaning=_unknown(spoken, unread, logged),
        next="; ".join(filter(None, next_steps)),
        note="; ".join(filter(None, notes)),
        log=log,
    )
    return (
        replace(explanation, **_cause_fields(known_cause))
        if known_cause
        else explanation
    )


def _cause_fields(cause: causes.Cause) -> dict[str, Any]:
    """Return the fields of an explanation that a known cause fills."""
    return {
        "cause": cause.id,
        "meaning": cause.meaning,
        "check": cause.check if cause.check in _CHECKS else "",
        "cause_source": cause.source,
    }


def _ask_nodes(history: History, bare: Explanation, newest: bool) -> str:
    """Return the command that reads the nodes' logs."""
    option = "" if newest else f" --migration {bare.migration_id or bare.uuid}"
    server = server_status.name(history.server)
    return f"or: openstack migrate explain {server}{option} --nodes"


def _step_messages(
    spoken: Sequence[tuple[Event, str, str]],
) -> tuple[str, ...]:
    """Return one line per failed step with its message, innermost first,
    without steps that only repeat the message of another."""
    first: dict[str, str] = {}
    for event, text, _ in spoken:
        # A bare exception name does not mark a repeated message.
        inner = (message[:_PREFIX] for message in first if " " in message)
        if (
            not text
            or text in first
            or any(message in text for message in inner)
        ):
            continue
        host = steps.host_of(event)
        location = f" on {host}" if host else ""
        first[text] = f"{event.name}{location}: {text}"
    return tuple(first.values())


def _of_qemu(
    logged: Sequence[LogLine], known_cause: causes.Cause | None
) -> tuple[str, ...]:
    """Return QEMU's log line with file and time, if the API's message is
    not the reason."""
    line = message_choice.of_qemu(logged)
    if line is None or line.time is None:
        return ()
    best = causes.find([line.text])
    if known_cause and not known_cause.general and known_cause != best:
        return ()
    time = f"{line.time:%Y-%m-%dT%H:%M:%SZ}"
    return (f"QEMU on {line.node} ({line.place}, {time}): {line.text}",)


def _place(
    events: Sequence[Event], failed: Sequence[Event], bare: Explanation
) -> tuple[str, str]:
    """Return (step, host) of the failure, each empty if not known."""
    if failed:
        step, host = failed[0].name, steps.host_of(failed[0])
        tried_hosts = steps.tried_hosts(events)
        if host in tried_hosts and len(tried_hosts) > 1:
            return step, ", ".join(tried_hosts)
    else:
        step, host = steps.silent_end(events)
    if not step:
        return "", ""
    default_hosts = {"source": bare.source, "destination": bare.destination}
    return step, host or default_hosts.get(steps.role(step)) or ""


def _log(
    bare: Explanation,
    events: Sequence[Event],
    step: str,
    host: str,
    known_cause: causes.Cause | None,
    spoken: bool,
) -> Log | None:
    """Return the log to read next; None if the API shows the reason."""
    if known_cause and not known_cause.summary:
        return None
    if known_cause:
        search_id = bare.request_id or bare.id
        if steps.tried_hosts(events):
            return Log(None, "nova-conductor", search_id, "Skipping host")
        return Log(
            None, "nova-scheduler", search_id, "Filtering removed all hosts"
        )
    if step and steps.role(step) == "conductor":
        return Log(host or None, "nova-conductor", bare.id, "ERROR")
    copied = step == steps.COPY and not spoken
    return Log(
        host or bare.source,
        "nova-compute",
        bare.id,
        "Live Migration failure" if copied else "ERROR",
    )


def _unknown(
    spoken: Sequence[tuple[Event, str, str]],
    unread: str,
    logged: Sequence[LogLine],
) -> str:
    if logged or any(text and not doubt for _, text, doubt in spoken):
        return "no known cause matches; see the message"
    if spoken:
        return "a step failed, but Nova's API shows no message for it"
    if unread:
        return f"the steps of the request cannot be read: {unread}"
    return (
        "Nova's API shows no reason: no event of the request failed and the"
        " server has no fault"
    )


def _several(tried_hosts: Sequence[str]) -> str:
    # action_event_finish() finds the event by name only (nova/db/main/
    # api.py): with two hosts, a message may be stored for the wrong one.
    if len(tried_hosts) < 2:
        return ""
    return (
        f"{len(tried_hosts)} hosts were tried, {', '.join(tried_hosts)}: Nova"
        " may have swapped their messages"
    )


def _joined_text(texts: Sequence[str]) -> str:
    if any(len(text.encode()) >= _CUT - 5 for text in texts):
        return f"Nova cut the message at {_CUT} characters"
    return ""


def _aborted(history: History, attempt: Attempt) -> str:
    action = evidence.cancelled(history, attempt)
    if action is None:
        return ""
    user_id = or_none(lambda: action.user_id)
    return "it was aborted" + (f" by user {user_id}" if user_id else "")


def _is_idle(history: History) -> bool:
    """Whether the server has no task state: Nova is idle."""
    now = history.now
    return bool(now and or_none(lambda: now.task_state is None))


def _not_failed(
    history: History, attempt: Attempt, newest: bool, bare: Explanation
) -> Explanation:
    """Explain an attempt that is completed, aborted or in flight."""
    now = history.now if newest else None
    location = server_status.location(now)
    server = server_status.name(history.server)
    meaning, next_step = (
        "it has not ended",
        f"openstack migrate watch {server}",
    )
    if bare.status in WORKED:
        host = or_none(lambda: now.host) if now else None
        meaning, next_step = "it worked", ""
        if host and bare.destination and host != bare.destination:
            meaning = f"the record says '{bare.status}'"
            next_step = f"openstack server event list {server}"
        if now and or_none(lambda: now.status) == "VERIFY_RESIZE":
            next_step = confirm_or_revert(
                server, resized=bare.kind == "resize"
            )
    elif bare.status == "reverted":
        meaning, next_step = "it succeeded and was reverted", ""
    elif bare.status == "cancelled":
        meaning, next_step = _aborted(history, attempt) or "it was aborted", ""
    elif bare.status == "unknown":
        meaning = "Nova shows no migration record of it"
    elif newest and _is_idle(history):
        meaning = (
            "the record has not ended, but Nova is not busy with the server:"
            " it appears to be orphaned"
        )
        next_step = f"openstack migrate preflight {server} --nodes"
    return replace(
        bare,
        meaning=f"{meaning}; {location}" if location else meaning,
        next=next_step
        or (server_status.advice(history, bare.kind) if now else ""),
    )
