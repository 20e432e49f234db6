"""No plan ever holds more than there is, or breaks a group."""

import dataclasses

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import By, Limits, Request, plan_file
from osc_migrate.maintenance.planning.plan import Step
from osc_migrate.maintenance.planning.rebalance_plan import SECOND_REBALANCE
from osc_migrate.tests.unit.maintenance.planning import (
    exact,
    fleets,
    oracle,
    strategies,
)

# Slow machines: an example may take as long as it takes.
THOROUGH = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
LIMITS = st.builds(
    Limits, wave=st.integers(1, 6), per_source=st.integers(1, 3)
)


@THOROUGH
@given(strategies.fleet(), LIMITS, st.data())
def test_a_drain_is_safe_at_every_moment(fleet, limits, data):
    hosts = data.draw(
        st.lists(
            st.sampled_from(sorted(fleet.places)),
            min_size=1,
            max_size=2,
            unique=True,
        )
    )
    request = Request(hosts=tuple(hosts), limits=limits)
    plan = planning.drain(fleet, request)
    assert oracle.faults(fleet, plan) == []
    # Each of their servers is in it once, and no other server.
    theirs = {id for id, s in fleet.servers.items() if s.host in hosts}
    assert {one.id for one in (*plan.steps, *plan.stays)} == theirs
    assert not {s.destination for s in plan.steps} & set(hosts)
    assert all(stay.reasons for stay in plan.stays)
    # What is written is what is read, and both are found safe.
    assert plan_file.loads(plan_file.dumps(plan), "x") == plan
    planning.check(fleet, plan)


@THOROUGH
@given(strategies.fleet(), LIMITS, st.data())
def test_just_some_servers(fleet, limits, data):
    ids = data.draw(
        st.lists(st.sampled_from(sorted(fleet.servers)), unique=True)
        if fleet.servers
        else st.just([])
    )
    if not ids:
        return
    request = Request(servers=tuple(ids), limits=limits)
    plan = planning.drain(fleet, request)
    assert oracle.faults(fleet, plan) == []
    assert {one.id for one in (*plan.steps, *plan.stays)} == set(ids)


@THOROUGH
@given(strategies.fleet(), LIMITS, st.data())
def test_a_return_is_safe_at_every_moment(fleet, limits, data):
    home = st.sampled_from([*sorted(fleet.places), "HostGone"])
    homes = {id: data.draw(home) for id in sorted(fleet.servers)}
    plan = planning.plan_return(fleet, homes, Request(limits=limits))
    assert oracle.faults(fleet, plan) == []
    assert all(s.destination == homes[s.id] for s in plan.steps)


@THOROUGH
@given(
    strategies.fleet(pools=False),
    st.sampled_from(By),
    st.sampled_from([5.0, 10.0, 30.0]),
)
def test_a_rebalance_is_safe_and_ends(fleet, by, threshold):
    request = Request(by=by, threshold=threshold)
    plan = planning.rebalance(fleet, request)
    assert oracle.faults(fleet, plan) == []
    after = moved(fleet, plan.steps)
    again = planning.rebalance(after, request)
    further = any(SECOND_REBALANCE in words for words in plan.reasons)
    assert bool(again.steps) == further
    # It reports a shortfall when there is one, and only then.
    assert further or bool(plan.reasons) == bool(again.reasons)


def moved(fleet, steps: tuple[Step, ...]):
    """The fleet once the steps are done."""
    where = {step.id: step.destination for step in steps}
    used = {}
    for step in steps:
        for name, n in step.needs.items():
            for host, sign in ((step.source, -1), (step.destination, 1)):
                used[host, name] = used.get((host, name), 0) + sign * n
    return fleet.but(
        servers={
            id: server.but(host=where.get(id, server.host))
            for id, server in fleet.servers.items()
        },
        places={
            host: place.but(
                stock={
                    name: dataclasses.replace(
                        stock, used=stock.used + used.get((host, name), 0)
                    )
                    for name, stock in place.stock.items()
                }
            )
            for host, place in fleet.places.items()
        },
    )


@THOROUGH
@given(strategies.fleet(), st.data())
def test_a_step_planned_anew_is_safe(fleet, data):
    host = data.draw(st.sampled_from(sorted(fleet.places)))
    request = Request(hosts=(host,))
    plan = planning.drain(fleet, request)
    for step in plan.steps:
        ahead = [other for other in plan.steps if other is not step]
        # Nothing has changed: the same again.
        anew = planning.replan_step(fleet, step, request, ahead=ahead)
        assert isinstance(anew, Step)
        assert anew.destination == step.destination
        other = planning.replan_step(
            fleet, step, request, {step.destination}, ahead=ahead
        )
        if isinstance(other, Step) and step.destination:
            assert other.destination != step.destination
            rest = dataclasses.replace(
                plan,
                steps=tuple(
                    other if one is step else one for one in plan.steps
                ),
            )
            assert oracle.faults(fleet, rest) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.integers(1, 4)),
        min_size=1,
        max_size=7,
    ),
    st.lists(
        st.tuples(st.integers(1, 12), st.integers(1, 8)),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_as_many_move_as_an_exact_search_finds(sizes, rooms, grouped):
    fleet = fleets.fleet(
        [fleets.place("HostB")]
        + [
            fleets.place(
                f"Host{n}", stock=fleets.stock(vcpu=vcpu, memory=gib * 1024)
            )
            for n, (gib, vcpu) in enumerate(rooms)
        ],
        [
            fleets.server(n, ram=gib * 1024, vcpus=vcpus)
            for n, (gib, vcpus) in enumerate(sizes)
        ],
        groups=(fleets.group("anti-affinity", 0, 1),) if grouped else (),
    )
    plan = planning.drain(fleet, Request(hosts=("HostB",)))
    assert len(plan.steps) == exact.most_placed(fleet, "HostB")
