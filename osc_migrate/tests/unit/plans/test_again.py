"""One step of a plan, planned anew."""

import pytest

from osc_migrate import plans
from osc_migrate.model.plan import Stay, Step
from osc_migrate.plans import Request
from osc_migrate.tests.unit.plans.drains import HOSTS
from osc_migrate.tests.unit.plans.fleets import fleet, place, server, stock


def first(plan):
    return plan.steps[0]


def test_anew_elsewhere():
    one = fleet(HOSTS, [server(1)])
    request = Request(hosts=("HostB",))
    step = first(plans.drain(one, request))
    other = plans.again(one, step, request, {step.destination})
    assert other.destination not in (step.destination, "HostB")
    assert (other.order, other.wave) == (step.order, step.wave)
    none = plans.again(one, step, request, {"HostC", "HostD"})
    assert isinstance(none, Stay)
    assert none.reasons == ("it did not take it (HostC, HostD)",)


def test_anew_keeps_the_room_of_those_ahead():
    hosts = [place("HostB"), place("HostC", stock=stock(memory=1024)),
             place("HostD", stock=stock(memory=1024))]  # fmt: skip
    one = fleet(hosts, [server(1), server(2)])
    request = Request(hosts=("HostB",))
    step, ahead = plans.drain(one, request).steps
    assert isinstance(
        plans.again(one, step, request, {step.destination}, ahead=[ahead]),
        Stay,
    )
    assert isinstance(
        plans.again(one, step, request, {step.destination}), Step
    )


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"host": "HostD"}, "it is on HostD, not on HostB"),
        ({"status": "ERROR"}, "is ERROR"),
        ({"tags": ("osc-migrate:never",)}, "its wish: never"),
        (None, "does not exist any more"),
    ],
)
def test_drift(changes, reason):
    request = Request(hosts=("HostB",))
    step = first(plans.drain(fleet(HOSTS, [server(1)]), request))
    now = [] if changes is None else [server(1, **changes)]
    stay = plans.again(fleet(HOSTS, now), step, request)
    assert isinstance(stay, Stay)
    assert reason in "; ".join(stay.reasons)
