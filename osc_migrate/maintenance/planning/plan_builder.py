"""Builds the plan from the decisions."""

from collections.abc import Iterable, Mapping, Sequence

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.facts import or_none
from osc_migrate.maintenance.planning.capacity import Occupancy
from osc_migrate.maintenance.planning.duration import (
    DurationEstimate,
    makespan,
)
from osc_migrate.maintenance.planning.plan import (
    Plan,
    Purpose,
    Room,
    Skipped,
    Step,
    Way,
)
from osc_migrate.maintenance.planning.request import Request
from osc_migrate.maintenance.planning.terms import terms
from osc_migrate.maintenance.planning.waves import PlannedMove, Wave


def plan(
    purpose: Purpose,
    fleet: Fleet,
    request: Request,
    sources: Sequence[str],
    waves: Iterable[Wave],
    stays: Iterable[Skipped],
    after: Occupancy,
    reasons: Sequence[str] = (),
) -> Plan:
    """Build a plan.

    :param after: the state after all its moves.
    """
    durations = DurationEstimate(fleet.past)
    steps: list[Step] = []
    for number, wave in enumerate(waves):
        for move in wave:
            steps.append(step(move, len(steps), number, durations))
    return Plan(
        purpose=purpose,
        cloud=fleet.cloud,
        made_at=fleet.now.isoformat(timespec="seconds"),
        sources=tuple(sources),
        steps=tuple(steps),
        stays=tuple(sorted(stays, key=lambda s: (s.source, s.server, s.id))),
        room=room(fleet, after),
        seconds=makespan(steps, request.limits),
        reasons=tuple(reasons),
        terms=terms(request),
    )


def step(
    move: PlannedMove, order: int, wave: int, durations: DurationEstimate
) -> Step:
    candidate = move.candidate
    memory = or_none(lambda: candidate.server.flavor.ram)
    return Step(
        order=order,
        wave=wave,
        server=or_none(lambda: candidate.server.name) or candidate.id,
        id=candidate.id,
        way=candidate.way,
        source=candidate.source,
        destination=move.host,
        reason=move.reason or reason_for(move),
        needs=candidate.needs,
        seconds=durations.seconds(candidate.way, memory),
        notes=candidate.notes,
    )


def reason_for(move: PlannedMove) -> str:
    candidate = move.candidate
    status = or_none(lambda: candidate.server.status) or "?"
    if candidate.way is Way.STOP:
        return "shut down where it is: owner policy stop"
    if move.host is None:
        return f"{status}; left to the scheduler: {candidate.beyond}"
    return f"{status}; {move.host} may take it"


def room(fleet: Fleet, state: Occupancy) -> Mapping[str, Mapping[str, Room]]:
    """Return host or sharing provider -> resource class -> what is left."""
    room_by_provider: dict[str, dict[str, Room]] = {}
    names = (*fleet.places, *fleet.pools)
    for name, resource in sorted(state.total):
        if name in names:
            room_by_provider.setdefault(name, {})[resource] = Room(
                free=state.left[name, resource],
                total=state.total[name, resource],
            )
    return room_by_provider
