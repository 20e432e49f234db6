"""The way back."""

import dataclasses

from osc_migrate.cloud.placement import Inventory
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import Request
from osc_migrate.tests.unit.maintenance.planning.drains import HOSTS
from osc_migrate.tests.unit.maintenance.planning.fleets import (
    fleet,
    place,
    server,
    stock,
    uuid,
)


def test_back():
    one = fleet(
        HOSTS,
        [server(1, "HostC"), server(2, "HostB"), server(3, "HostD")],
    )
    plan = planning.plan_return(
        one, {uuid(1): "HostB", uuid(2): "HostB", uuid(8): "HostB"}, Request()
    )
    assert [(s.id, s.destination) for s in plan.steps] == [(uuid(1), "HostB")]
    assert [s.id for s in plan.stays] == [uuid(8)]
    assert plan.reasons == ("1 do not come back",)


def test_back_to_a_home_that_will_be_enabled():
    hosts = [place("HostB", status="disabled"), place("HostC")]
    one = fleet(hosts, [server(1, "HostC")])
    homes = {uuid(1): "HostB"}
    assert not planning.plan_return(one, homes, Request()).steps
    request = Request(enabled=frozenset({"HostB"}))
    assert planning.plan_return(one, homes, request).steps


def test_back_in_the_order_that_has_room():
    """Both full: the one with a free corner need not wait."""
    hosts = [
        place("HostB", stock=stock(memory=3072)),
        place("HostC", stock=stock(memory=2048)),
    ]
    one = fleet(
        hosts,
        [server(1, "HostC", ram=2048), server(2, "HostB", ram=2048)],
    )
    plan = planning.plan_return(
        one, {uuid(1): "HostB", uuid(2): "HostC"}, Request()
    )
    assert not plan.steps
    roomy = dataclasses.replace(
        Inventory(4096, 2048)
    )  # HostB can hold both for a while
    one = one.but(
        places={
            **one.places,
            "HostB": one.places["HostB"].but(
                stock=one.places["HostB"].stock | {"MEMORY_MB": roomy}
            ),
        }
    )
    plan = planning.plan_return(
        one, {uuid(2): "HostC", uuid(1): "HostB"}, Request()
    )
    assert [s.id for s in plan.steps] == [uuid(1), uuid(2)]
    assert [s.wave for s in plan.steps] == [0, 1]


def test_a_server_that_does_not_come_back_says_what_to_do():
    guest = server(1, "HostC", locked=True)
    plan = planning.plan_return(
        fleet(HOSTS, [guest]), {uuid(1): "HostB"}, Request()
    )
    (stay,) = plan.stays
    assert stay.next_step.endswith("openstack server unlock vm1")
