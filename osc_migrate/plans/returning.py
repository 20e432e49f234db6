"""Brings servers back to where they were."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.model.fleet import Fleet
from osc_migrate.model.plan import Plan, Purpose, Stay, Way
from osc_migrate.plans import making
from osc_migrate.plans.request import Request
from osc_migrate.plans.rules import Rules
from osc_migrate.plans.state import State, host_of
from osc_migrate.plans.waves import Move, sequence, waves
from osc_migrate.plans.ways import Ways, kept, stay
from osc_migrate.plans.why import why


def back(fleet: Fleet, homes: Mapping[str, str], request: Request) -> Plan:
    """The plan that brings each server home.

    Those that are there already are left out. Homes that are disabled count
    as ``request.enabled`` says.

    :param homes: server ID -> host.
    """
    ways, rules = Ways(fleet, request), Rules(fleet, request)
    stays: list[Stay] = []
    moves: list[Move] = []
    for id, home in sorted(homes.items()):
        server = fleet.servers.get(id)
        if server is None:
            stays.append(Stay(id, id, "", ("it does not exist any more",)))
            continue
        if host_of(server) == home:
            continue
        if home not in fleet.places:
            stays.append(stay(server, f"there is no host {home} any more"))
            continue
        one = ways.of(server)
        if isinstance(one, Stay):
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
    return making.plan(
        Purpose.RETURN,
        fleet,
        request,
        sorted({move.one.source for move in ordered}),
        made,
        stays,
        state,
        [f"{len(stays)} do not come back"] if stays else [],
    )
