"""The terms of a plan, which bind every run of it.

A plan file can only restrict: whatever it allows must also be allowed by the
options of the command that applies it.
"""

import dataclasses

from osc_migrate.errors import MigrateError
from osc_migrate.maintenance.planning.plan import Plan, Step, Terms, Way
from osc_migrate.maintenance.planning.request import Request


def terms(request: Request) -> Terms:
    """Return the terms of a plan for a request."""
    return Terms(
        to=request.to,
        avoid=tuple(sorted(request.avoid)),
        cold_running=request.cold_running,
        block=request.block,
    )


def outside(step: Step, bound: Terms) -> str:
    """Return how a step contradicts the terms, or ''."""
    if step.way is Way.STOP:
        return ""
    if step.destination in bound.avoid:
        return f"{step.destination} is to be avoided"
    if bound.to and step.destination not in bound.to:
        destination = step.destination or "the scheduler's choice"
        return (
            f"{destination} is not among the hosts of --to:"
            f" {', '.join(bound.to)}"
        )
    if step.way is Way.BLOCK and not bound.block:
        return "a block migration needs --block"
    return ""


def bind_request(request: Request, plan: Plan) -> Request:
    """Return the request, restricted to the terms of the plan.

    :raises MigrateError: the request asks for something that the plan forbids,
        or its --to differs.
    """
    plan_terms = plan.terms
    if request.to and (plan_terms is None or not plan_terms.to):
        _require_destinations(request, plan)
    if plan_terms is None:
        return request
    if request.to and plan_terms.to and {*request.to} != {*plan_terms.to}:
        raise _refused(
            f"it was made for --to {', '.join(plan_terms.to)}, not for --to"
            f" {', '.join(request.to)}"
        )
    for name, requested, allowed in (
        ("--cold-running", request.cold_running, plan_terms.cold_running),
        ("--block", request.block, plan_terms.block),
    ):
        if requested and not allowed:
            raise _refused(f"it was made without {name}")
    return dataclasses.replace(
        request,
        to=plan_terms.to or request.to,
        avoid=request.avoid | frozenset(plan_terms.avoid),
    )


def _require_destinations(request: Request, plan: Plan) -> None:
    """:raises MigrateError: a step has a destination outside --to."""
    requested = Terms(to=request.to, cold_running=True, block=True)
    for step in plan.steps:
        if contradiction := outside(step, requested):
            raise _refused(
                f"{step.server} (steps[{step.order}]): {contradiction}"
            )


def _refused(reason: str) -> MigrateError:
    return MigrateError(
        f"the plan was not started, nothing was changed: {reason}; make a new"
        " plan with --plan FILE"
    )
