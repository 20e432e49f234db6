"""The next step after a failed move in a run."""

from osc_migrate.explain import causes
from osc_migrate.maintenance.planning.plan import Purpose
from osc_migrate.migration.outcome import Outcome


def advice(outcome: Outcome, purpose: Purpose) -> str:
    """Return the next step, like for a single move, but with options of drain
    instead of commands for one server."""
    explanation = outcome.explanation
    # A return has no such options: it uses those of the drain.
    if (
        explanation is None
        or not explanation.cause
        or purpose is Purpose.RETURN
    ):
        return outcome.next
    cause = causes.cause_by_id(explanation.cause)
    return outcome.next.replace(
        cause.remedy, cause.batch_remedy or cause.remedy
    )
