"""Reports a move that was aborted by its own follower."""

import dataclasses

from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.explain import causes, server_status
from osc_migrate.explain.explanation import Explanation
from osc_migrate.facts import Unread

_CAUSE = "migration-aborted"
_REMEDY = (
    "let the guest write less, or allow auto-converge or post-copy, then try"
    " again"
)


def reported(
    explanation: Explanation,
    reason: str,
    record: Migration,
    now: Server | None,
    by: str,
) -> tuple[Explanation, str]:
    """Return explanation and reason, with the abort as the cause.

    :param reason: why the move failed, without regard to the abort.
    :param by: name of the follower: this run, or this command.
    """
    # Since Nova 32.2, an aborted copy ends in 'error': only its cause shows
    # whether the abort or an earlier failure ended it.
    if record.status != "cancelled" and explanation.cause != _CAUSE:
        return explanation, f"{by} asked to abort it: stalled; {reason}"
    abort_text = f"aborted by {by}: stalled"
    reason = "; ".join(filter(None, (abort_text, _location(now))))
    remedy = causes.cause_by_id(_CAUSE).remedy
    command = explanation.next.replace(remedy, _REMEDY) or _REMEDY
    return dataclasses.replace(
        explanation, meaning=reason, next=command
    ), reason


def _location(now: Server | None) -> str:
    try:
        if now and now.power_state == 1 and now.status == "ACTIVE":
            return f"still running on {now.host}"
        if now and now.power_state == 1 and now.status == "ERROR":
            return f"still running on {now.host}, though Nova calls it ERROR"
    except Unread:
        pass
    return server_status.location(now)
