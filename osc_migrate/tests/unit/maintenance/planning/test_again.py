"""One step of a plan, planned anew."""

import pytest

from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import Request
from osc_migrate.maintenance.planning.plan import Skipped, Step
from osc_migrate.tests.unit.maintenance.planning.drains import HOSTS
from osc_migrate.tests.unit.maintenance.planning.fleets import (
    fleet,
    place,
    server,
    stock,
)


def first(plan):
    return plan.steps[0]


def test_anew_elsewhere():
    one = fleet(HOSTS, [server(1)])
    request = Request(hosts=("HostB",))
    step = first(planning.drain(one, request))
    other = planning.replan_step(one, step, request, {step.destination})
    assert other.destination not in (step.destination, "HostB")
    assert (other.order, other.wave) == (step.order, step.wave)
    none = planning.replan_step(one, step, request, {"HostC", "HostD"})
    assert isinstance(none, Skipped)
    assert none.reasons == ("an earlier move to it failed (HostC, HostD)",)


def test_anew_keeps_the_room_of_those_ahead():
    hosts = [place("HostB"), place("HostC", stock=stock(memory=1024)),
             place("HostD", stock=stock(memory=1024))]  # fmt: skip
    one = fleet(hosts, [server(1), server(2)])
    request = Request(hosts=("HostB",))
    step, ahead = planning.drain(one, request).steps
    assert isinstance(
        planning.replan_step(
            one, step, request, {step.destination}, ahead=[ahead]
        ),
        Skipped,
    )
    assert isinstance(
        planning.replan_step(one, step, request, {step.destination}), Step
    )


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"host": "HostD"}, "it is on HostD, not on HostB"),
        ({"status": "ERROR"}, "is ERROR"),
        ({"tags": ("osc-migrate:never",)}, "excluded by owner policy: never"),
        (None, "no longer exists"),
    ],
)
def test_drift(changes, reason):
    request = Request(hosts=("HostB",))
    step = first(planning.drain(fleet(HOSTS, [server(1)]), request))
    now = [] if changes is None else [server(1, **changes)]
    stay = planning.replan_step(fleet(HOSTS, now), step, request)
    assert isinstance(stay, Skipped)
    assert reason in "; ".join(stay.reasons)
