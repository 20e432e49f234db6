"""Brings servers back to where they were."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.maintenance.planning import plan_builder
from osc_migrate.maintenance.planning.capacity import State, host_of
from osc_migrate.maintenance.planning.method import Ways, kept, stay
from osc_migrate.maintenance.planning.plan import Plan, Purpose, Skipped, Way
from osc_migrate.maintenance.planning.reasons import why
from osc_migrate.maintenance.planning.request import Request
from osc_migrate.maintenance.planning.rules import Rules
from osc_migrate.maintenance.planning.waves import Move, sequence, waves


def back(fleet: Fleet, homes: Mapping[str, str], request: Request) -> Plan:
    """The plan that brings each server home.

    Those that are there already are left out. Homes that are disabled count
    as ``request.enabled`` says.

    :param homes: server ID -> host.
    """
    ways, rules = Ways(fleet, request), Rules(fleet, request)
    stays: list[Skipped] = []
    moves: list[Move] = []
    for id, home in sorted(homes.items()):
        server = fleet.servers.get(id)
        if server is None:
            stays.append(Skipped(id, id, "", ("it does not exist any more",)))
            continue
        if host_of(server) == home:
            continue
        if home not in fleet.places:
            stays.append(stay(server, f"there is no host {home} any more"))
            continue
        one = ways.of(server)
        if isinstance(one, Skipped):
            stays.append(one)
        elif one.way is Way.STOP:
            stays.append(
                dataclasses.replace(kept(one, "its wish: stop"), wanted=True)
            )
        elif found := rules.against(one, home):
            stays.append(kept(one, *(f"{r.words} ({home})" for r in found)))
        else:
            moves.append(Move(one, home, f"it was on {home} before"))
    before, after = State(fleet), State(fleet)
    ordered, rest = sequence(after, moves)
    for move in rest:
        home = str(move.host)
        reasons = why(move.one, rules, [home], before, after)
        stays.append(kept(move.one, *reasons))
    state = State(fleet)
    made, _ = waves(state, ordered, request.limits.wave)
    return plan_builder.plan(
        Purpose.RETURN,
        fleet,
        request,
        sorted({move.one.source for move in ordered}),
        made,
        stays,
        state,
        [f"{len(stays)} do not come back"] if stays else [],
    )
