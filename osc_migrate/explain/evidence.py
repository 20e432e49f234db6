"""Evidence for a failure: its messages and the cause that they indicate."""

import datetime
import re
from collections.abc import Sequence

from osc_migrate.cloud.actions import Action, Event
from osc_migrate.cloud.history import Attempt, History
from osc_migrate.cloud.migrations import Migration
from osc_migrate.explain import causes, message_choice, steps
from osc_migrate.explain.node_logs.lines import QEMU, LogLine
from osc_migrate.facts import Unread, or_none

# Longer messages are cut: Nova keeps 255 characters, but input is untrusted.
_LONGEST = 2000
# For an exception from outside Nova, only the class name is stored.
_BARE = re.compile(r"[A-Za-z_][\w.]{0,100}")
# An RPC call fails after rpc_response_timeout, 60 s by default.
_SILENCE = 55.0
_SILENT = "destination-silent"
# What these causes mean after the copy: the destination had answered before,
# and should have the guest by then.
_LATE = {
    _SILENT: "finish-broken-off",
    "guest-moved-without-nova": "guest-is-gone",
}
# And during the copy: the destination had answered.
_AMID = {_SILENT: "services-lost-touch"}
_SOON = datetime.timedelta(seconds=60)


def message_of_step(event: Event) -> tuple[str, str]:
    """Return (the message of a failed step, a doubt about that message)."""
    doubt = "Nova kept no message of a step"
    try:
        if text := _line(event.message):
            return text, ""
    except Unread as unread:
        doubt = unread.reason
    code = _line(or_none(lambda: event.raised))
    if code:
        doubt += "; the message is the line of code that failed"
    return code, doubt


def most_specific(messages: Sequence[str]) -> str:
    """Return the most specific message: the innermost non-summary."""
    specific = [text for text in messages if not _is_summary(text)] or list(
        messages
    )
    # A bare 'OSError' needs the message of its caller too.
    count = 2 if specific and _BARE.fullmatch(specific[0]) else 1
    return "; ".join(specific[:count])


def cause(
    history: History,
    attempt: Attempt,
    events: Sequence[Event],
    messages: Sequence[str],
    logged: Sequence[LogLine] = (),
) -> causes.Cause | None:
    """Return the known cause, from the API's messages, else from the logs,
    else from the events."""
    api_cause = causes.find(messages)
    late = steps.copied(events)
    renamed = _LATE if late else _AMID if steps.prepared(events) else {}
    shown_causes = [
        shown
        for shown in (api_cause, message_choice.cause(logged))
        if shown and not shown.summary
    ]
    if shown_causes:
        # Prefer a specific cause; among general ones, the one that QEMU's
        # own log shows.
        by_qemu = message_choice.cause(
            [line for line in logged if line.program == QEMU]
        )
        best = min(
            shown_causes,
            key=lambda shown: (
                (shown.general, shown is not by_qemu)
                if shown.general
                else (False, False)
            ),
        )
        return causes.cause_by_id(renamed.get(best.id, best.id))
    if late:
        return causes.cause_by_id("finish-broken-off")
    if cancelled(history, attempt):
        return causes.cause_by_id("migration-aborted")
    if attempt.record and _unanswered(attempt.record, events):
        return causes.cause_by_id(_SILENT)
    # A summary of an unknown failure is not its cause.
    return api_cause if all(map(_is_summary, messages)) else None


def also_shown(
    messages: Sequence[str],
    logged: Sequence[LogLine],
    known_cause: causes.Cause | None,
) -> str:
    """Return a note that lists other causes matching the same messages."""
    if known_cause is None:
        return ""
    for texts in (messages, *([line.text] for line in logged)):
        best = causes.find(texts)
        if best and best.id == known_cause.id:
            listed = "; ".join(
                f"{cause.id} ({cause.meaning})"
                for cause in causes.shown_besides(texts)
                # Matches every request that was not answered.
                if cause.id != _SILENT
            )
            return listed and f"the message also shows {listed}"
    return ""


def cancelled(history: History, attempt: Attempt) -> Action | None:
    """Return the request to abort this attempt, if any.

    Nova 32.2 and later still reports an aborted copy as an error.
    """
    for action in or_none(lambda: history.actions) or ():
        if action.name == "live_migration_cancel" and _started_during(
            action, attempt
        ):
            return action
    return None


def fault(history: History, attempt: Attempt) -> str:
    """Return the server's fault if it dates from this attempt."""
    now = history.now
    try:
        if now and now.fault and _happened_during(attempt, now.faulted_at):
            return f"the server's fault says: {_line(now.fault)}"
    except Unread:
        pass
    return ""


def _line(text: str | None) -> str:
    return " ".join((text or "")[:_LONGEST].split())


def _is_summary(text: str) -> bool:
    cause_found = causes.find([text])
    return cause_found is not None and cause_found.summary


def _unanswered(record: Migration, events: Sequence[Event]) -> bool:
    """Whether no host started any step before the RPC timeout passed."""
    created, wrote = (
        or_none(lambda: record.created_at),
        or_none(lambda: record.updated_at),
    )
    return (
        record.type == "live-migration"
        and bool(events)
        and not steps.tried_hosts(events)
        and created is not None
        and wrote is not None
        and (wrote - created).total_seconds() >= _SILENCE
    )


def _started_during(action: Action, attempt: Attempt) -> bool:
    return _happened_during(attempt, or_none(lambda: action.start))


def _happened_during(
    attempt: Attempt, moment: datetime.datetime | None
) -> bool:
    record = attempt.record
    created = or_none(lambda: record.created_at) if record else None
    wrote = or_none(lambda: record.updated_at) if record else None
    if moment is None or created is None or wrote is None:
        return False
    return created - _SOON / 60 <= moment <= wrote + _SOON
