"""Puts what was decided into a plan."""

from collections.abc import Iterable, Mapping, Sequence

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.facts import known
from osc_migrate.maintenance.planning.capacity import State
from osc_migrate.maintenance.planning.duration import Usual, makespan
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
from osc_migrate.maintenance.planning.waves import Move, Wave


def plan(
    purpose: Purpose,
    fleet: Fleet,
    request: Request,
    sources: Sequence[str],
    waves: Iterable[Wave],
    stays: Iterable[Skipped],
    after: State,
    reasons: Sequence[str] = (),
) -> Plan:
    """:param after: once all its moves are made."""
    usual = Usual(fleet.past)
    steps: list[Step] = []
    for number, wave in enumerate(waves):
        for move in wave:
            steps.append(step(move, len(steps), number, usual))
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


def step(move: Move, order: int, wave: int, usual: Usual) -> Step:
    one = move.one
    memory = known(lambda: one.server.flavor.ram)
    return Step(
        order=order,
        wave=wave,
        server=known(lambda: one.server.name) or one.id,
        id=one.id,
        way=one.way,
        source=one.source,
        destination=move.host,
        reason=move.reason or because(move),
        needs=one.needs,
        seconds=usual.seconds(one.way, memory),
        notes=one.notes,
    )


def because(move: Move) -> str:
    one = move.one
    status = known(lambda: one.server.status) or "?"
    if one.way is Way.STOP:
        return "shut down where it is, as it wishes"
    if move.host is None:
        return f"{status}; left to the scheduler: {one.beyond}"
    return f"{status}; {move.host} may take it"


def room(fleet: Fleet, state: State) -> Mapping[str, Mapping[str, Room]]:
    """Host or sharing provider -> class -> what is left."""
    found: dict[str, dict[str, Room]] = {}
    names = (*fleet.places, *fleet.pools)
    for name, resource in sorted(state.total):
        if name in names:
            found.setdefault(name, {})[resource] = Room(
                free=state.left[name, resource],
                total=state.total[name, resource],
            )
    return found
