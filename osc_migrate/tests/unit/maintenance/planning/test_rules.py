"""Which hosts may take a server, and the reasons why none does."""

import pytest

from osc_migrate.cloud.hosts import Aggregate
from osc_migrate.cloud.placement import Inventory
from osc_migrate.facts import Unread
from osc_migrate.maintenance.planning.plan import Skipped
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.maintenance.planning.drains import drain, only
from osc_migrate.tests.unit.maintenance.planning.fleets import (
    place,
    server,
    stock,
)

QEMU = shapes.hypervisor()


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"status": "disabled"}, "destination-is-enabled"),
        ({"state": "down"}, "destination-is-up"),
        ({"forced_down": True, "state": "down"}, "forced-down"),
        ({"hypervisor": QEMU.but(type="ESXi")}, "the-same-hypervisor"),
        ({"hypervisor": QEMU.but(version=7)}, "is-not-older"),
        ({"hypervisor": QEMU.but(cpu_features=frozenset({"pcid"}))},
         "cpu-has-every-feature: missing there: avx2"),
        ({"stock": stock(memory=1023)}, "no 1024 MEMORY_MB left"),
        ({"stock": stock(vcpu_used=16)}, "no 1 VCPU left"),
        (
            {"stock": stock() | {"VCPU": Inventory(160, 0, max_amount=0)}},
            "no 1 VCPU",
        ),
        ({"stock": {}}, "no "),
        ({"stock": Unread("403")}, "its free resources are not known: 403"),
        ({"spread": frozenset({"VCPU"})}, "several resource providers"),
    ],
)  # fmt: skip
def test_a_host_that_does_not_do(changes, reason):
    stay = only(
        drain(server(1), hosts=[place("HostB"), place("HostC", **changes)])
    )
    assert isinstance(stay, Skipped)
    assert reason in "; ".join(stay.reasons)
    assert "(HostC)" in stay.reasons[0]


@pytest.mark.parametrize(
    "changes, metadata, fits",
    [
        ({"pinned_zone": "az1"}, {"availability_zone": "az1"}, False),
        ({"pinned_zone": None}, {"availability_zone": "az1"}, True),
        ({}, {"filter_tenant_id": "other"}, False),
        ({}, {"filter_tenant_id": f"x,{shapes.server().project_id}"}, True),
        ({}, {"trait:CUSTOM_GOLD": "required"}, False),
        ({}, {"ssd": "true"}, True),
        ({"specs": {"aggregate_instance_extra_specs:ssd": "true"}},
         {"ssd": "true"}, True),
        ({"specs": {"aggregate_instance_extra_specs:ssd": "true"}}, {},
         False),
    ],
)  # fmt: skip
def test_zones_and_aggregates(changes, metadata, fits):
    zone = metadata.get("availability_zone", "nova")
    inside = "HostB" if zone != "nova" else "HostC"
    plan = drain(
        server(1, **changes),
        hosts=[place("HostB", zone=zone), place("HostC")],
        aggregates=(Aggregate("a1", frozenset({inside}), metadata),),
    )
    assert bool(plan.steps) is fits


def test_another_zone_on_a_nova_that_shows_no_pin_needs_a_word():
    """Before microversion 2.96: Nova may refuse it, which costs a try."""
    setting = {
        "hosts": [place("HostB", zone="az1"), place("HostC", zone="az2")],
        "nova": (2, 95),
    }
    moving = server(1, pinned_zone=Unread("not shown"))
    stay = only(drain(moving, **setting))
    assert isinstance(stay, Skipped)
    assert "pinned to its zone is not known" in stay.reasons[0]
    zone = frozenset({"destination-zone-suits-the-server"})
    assert drain(moving, asked={"ignored": zone}, **setting).steps


def test_image_properties_that_a_release_does_not_show_keep_nothing_back():
    moving = server(1, image_id="i1", image_properties=Unread("not shown"))
    hosts = [place("HostB"), place("HostC")]
    assert drain(moving, hosts=hosts, nova=(2, 95)).steps


@pytest.mark.parametrize(
    "specs, traits, fits",
    [
        ({"trait:CUSTOM_SSD": "required"}, set(), False),
        ({"trait:CUSTOM_SSD": "required"}, {"CUSTOM_SSD"}, True),
        ({"trait:CUSTOM_SSD": "forbidden"}, {"CUSTOM_SSD"}, False),
        ({"trait:CUSTOM_SSD": "forbidden"}, set(), True),
    ],
)
def test_traits(specs, traits, fits):
    plan = drain(
        server(1, specs=specs),
        hosts=[place("HostB"), place("HostC", traits=frozenset(traits))],
    )
    assert bool(plan.steps) is fits


def test_the_fewest_reasons_that_decide():
    """Both hosts are disabled, and one is full too: one reason says it."""
    stay = only(
        drain(
            server(1),
            hosts=[
                place("HostB"),
                place("HostC", status="disabled", stock=stock(memory=1)),
                place("HostD", status="disabled"),
            ],
        )
    )
    (reason,) = stay.reasons
    assert reason.startswith("destination-is-enabled")
    assert reason.endswith("(HostC, HostD)")


def test_many_hosts_are_counted_not_listed():
    hosts = [place(f"Host{n}", status="disabled") for n in range(9)]
    stay = only(drain(server(1), hosts=[place("HostB"), *hosts]))
    assert stay.reasons[0].endswith("(Host0, Host1, Host2 and 6 more)")


def test_no_other_host():
    stay = only(drain(server(1), hosts=[place("HostB")]))
    assert stay.reasons == ("no other host exists",)
