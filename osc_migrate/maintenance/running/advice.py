"""What to do about a move that failed, where it was one of many."""

from osc_migrate.explain import causes
from osc_migrate.maintenance.planning.plan import Purpose
from osc_migrate.migration.outcome import Outcome


def advice(outcome: Outcome, purpose: Purpose) -> str:
    """As of a single move, with the options of a drain in place of the
    commands that move one server."""
    explanation = outcome.explanation
    # A return has no such options: it goes back as the drain came.
    if (
        explanation is None
        or not explanation.cause
        or purpose is Purpose.RETURN
    ):
        return outcome.next
    cause = causes.named(explanation.cause)
    return outcome.next.replace(
        cause.remedy, cause.batch_remedy or cause.remedy
    )
