"""Plans the return of servers to their original hosts."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.maintenance.planning import plan_builder
from osc_migrate.maintenance.planning.capacity import Occupancy, host_of
from osc_migrate.maintenance.planning.method import (
    MoveClassifier,
    skip_candidate,
    stay,
)
from osc_migrate.maintenance.planning.plan import Plan, Purpose, Skipped, Way
from osc_migrate.maintenance.planning.reasons import blocking_reasons
from osc_migrate.maintenance.planning.request import Request
from osc_migrate.maintenance.planning.rules import Rules
from osc_migrate.maintenance.planning.waves import PlannedMove, sequence, waves


def plan_return(
    fleet: Fleet, homes: Mapping[str, str], request: Request
) -> Plan:
    """Plan to bring each server home.

    Servers that are already home are left out. Disabled hosts in
    ``request.enabled`` count as enabled.

    :param homes: server ID -> original host.
    """
    classifier, rules = MoveClassifier(fleet, request), Rules(fleet, request)
    stays: list[Skipped] = []
    moves: list[PlannedMove] = []
    for id, home in sorted(homes.items()):
        server = fleet.servers.get(id)
        if server is None:
            stays.append(Skipped(id, id, "", ("the server no longer exists",)))
            continue
        if host_of(server) == home:
            continue
        if home not in fleet.places:
            stays.append(stay(server, f"host {home} no longer exists"))
            continue
        candidate = classifier.of(server)
        if isinstance(candidate, Skipped):
            stays.append(candidate)
        elif candidate.way is Way.STOP:
            stays.append(
                dataclasses.replace(
                    skip_candidate(candidate, "owner policy: stop"),
                    wanted=True,
                )
            )
        elif objections := rules.against(candidate, home):
            stays.append(
                skip_candidate(
                    candidate, *(f"{r.text} ({home})" for r in objections)
                )
            )
        else:
            moves.append(
                PlannedMove(candidate, home, f"it was on {home} before")
            )
    before, after = Occupancy(fleet), Occupancy(fleet)
    ordered, without_room = sequence(after, moves)
    for move in without_room:
        home = str(move.host)
        reasons = blocking_reasons(
            move.candidate, rules, [home], before, after
        )
        stays.append(skip_candidate(move.candidate, *reasons))
    state = Occupancy(fleet)
    ordered_waves, _ = waves(state, ordered, request.limits.wave)
    return plan_builder.plan(
        Purpose.RETURN,
        fleet,
        request,
        sorted({move.candidate.source for move in ordered}),
        ordered_waves,
        stays,
        state,
        [f"{len(stays)} do not come back"] if stays else [],
    )
