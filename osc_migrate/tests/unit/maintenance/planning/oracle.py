"""Judges a plan step by step, by rules written down a second time: nothing
here is shared with the planner."""

import itertools
from collections import Counter
from collections.abc import Iterator

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.maintenance.planning.plan import Plan, Step


def faults(fleet: Fleet, plan: Plan) -> list[str]:
    """What is wrong at any moment, however the moves of a wave overlap."""
    found = list(_shape(fleet, plan))
    where = {id: s.host for id, s in fleet.servers.items()}
    used: Counter[tuple[str, str]] = Counter()
    total = {}
    for name, place in fleet.places.items():
        for resource, stock in place.stock.items():
            used[name, resource] = stock.used
            total[name, resource] = stock.total
    for name, pool in fleet.pools.items():
        for resource, stock in pool.items():
            used[name, resource] = stock.used
            total[name, resource] = stock.total
    for wave, steps in itertools.groupby(plan.steps, lambda s: s.wave):
        moving = [s for s in steps if s.destination is not None]
        # The worst moment: all under way, none ended, each on both sides.
        for step in moving:
            for resource, amount in step.needs.items():
                shelf = _shelf(fleet, step.destination, resource)
                used[shelf] += amount
                if used[shelf] > total.get(shelf, 0):
                    found.append(f"wave {wave}: {shelf} overcommitted")
        found += _groups(fleet, where, moving, wave)
        for step in moving:
            where[step.id] = step.destination
            for resource, amount in step.needs.items():
                used[_shelf(fleet, step.source, resource)] -= amount
    return found


def _shelf(fleet, host, resource):
    return fleet.places[host].shared.get(resource, host), resource


def _shape(fleet: Fleet, plan: Plan) -> Iterator[str]:
    ids = [s.id for s in plan.steps] + [s.id for s in plan.stays]
    if len(ids) != len(set(ids)):
        yield "a server is there twice"
    for number, step in enumerate(plan.steps):
        if step.order != number:
            yield "orders have gaps"
        if fleet.servers[step.id].host != step.source:
            yield f"{step.server} is not on {step.source}"
        if step.destination == step.source:
            yield f"{step.server} goes nowhere"
        if step.destination is not None:
            host = fleet.places[step.destination].host
            if (host.state, host.status) != ("up", "enabled"):
                yield f"{step.destination} takes nothing"
    waves = [step.wave for step in plan.steps]
    if waves != sorted(waves) or set(waves) != set(range(len(set(waves)))):
        yield "waves are out of order"


def _groups(fleet, where, moving: list[Step], wave: int) -> Iterator[str]:
    for group in fleet.groups:
        mine = [step for step in moving if step.id in group.members]
        if len(mine) > 1:
            yield f"wave {wave}: two of {group.name} move at once"
        if group.policy == "anti-affinity":
            # On both sides: wherever a member is or will be.
            there = Counter(where[m] for m in group.members if m in where)
            for step in mine:
                there[step.destination] += 1
                if there[step.destination] > group.max_per_host:
                    yield f"wave {wave}: {group.name} broken"
        if group.policy == "affinity":
            for step in mine:
                others = {
                    where[m]
                    for m in group.members
                    if m in where and m != step.id
                }
                if step.destination not in others:
                    yield f"wave {wave}: {group.name} torn"
