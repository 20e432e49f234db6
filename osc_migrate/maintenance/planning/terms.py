"""What a plan was made under, which binds whoever does it.

A plan file only ever forbids: what it allows has to be allowed by the options
of the command that applies it as well.
"""

import dataclasses

from osc_migrate.errors import MigrateError
from osc_migrate.maintenance.planning.plan import Plan, Step, Terms, Way
from osc_migrate.maintenance.planning.request import Request


def terms(request: Request) -> Terms:
    """What a plan for that request is bound to."""
    return Terms(
        to=request.to,
        avoid=tuple(sorted(request.avoid)),
        cold_running=request.cold_running,
        block=request.block,
    )


def outside(step: Step, bound: Terms) -> str:
    """How a step contradicts the terms, in words; empty when it does not."""
    if step.way is Way.STOP:
        return ""
    if step.destination in bound.avoid:
        return f"{step.destination} is to be avoided"
    if bound.to and step.destination not in bound.to:
        where = step.destination or "the scheduler's choice"
        return f"{where} is not among the hosts of --to: {', '.join(bound.to)}"
    if step.way is Way.BLOCK and not bound.block:
        return "a block migration needs --block"
    return ""


def bound(request: Request, plan: Plan) -> Request:
    """The request, with what the plan forbids.

    :raises MigrateError: the request wants what the plan forbids, or its
        --to is not the plan's.
    """
    kept = plan.terms
    if request.to and (kept is None or not kept.to):
        _within(request, plan)
    if kept is None:
        return request
    if request.to and kept.to and {*request.to} != {*kept.to}:
        raise _refused(
            f"it was made for --to {', '.join(kept.to)}, not for --to"
            f" {', '.join(request.to)}"
        )
    for name, wanted, allowed in (
        ("--cold-running", request.cold_running, kept.cold_running),
        ("--block", request.block, kept.block),
    ):
        if wanted and not allowed:
            raise _refused(f"it was made without {name}")
    return dataclasses.replace(
        request,
        to=kept.to or request.to,
        avoid=request.avoid | frozenset(kept.avoid),
    )


def _within(request: Request, plan: Plan) -> None:
    """:raises MigrateError: a step goes elsewhere than --to says."""
    wanted = Terms(to=request.to, cold_running=True, block=True)
    for step in plan.steps:
        if words := outside(step, wanted):
            raise _refused(f"{step.server} (steps[{step.order}]): {words}")


def _refused(why: str) -> MigrateError:
    return MigrateError(
        f"the plan is not carried out, nothing was changed: {why}; make a new"
        " one with --plan FILE"
    )
