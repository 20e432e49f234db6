"""Checks of whether a server fits a host."""

import pytest

from osc_migrate.cloud.hosts import Aggregate
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    COLD,
    FAIL,
    LIVE,
    NOT_CHECKED,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    of_host,
    of_hypervisor,
    of_server,
    prove,
)

IMAGE = "99999999-9999-9999-9999-999999999999"
NEWER = shapes.host(hypervisor=shapes.hypervisor(version=9000000))


def typed(**properties):
    server = shapes.server(image_id=IMAGE, image_properties=properties)
    return shapes.move(server=server, destination=NEWER)


def pinned(zone, *aggregates, **changes):
    return shapes.move(
        server=shapes.server(pinned_zone=zone),
        destination=shapes.host(zone="az2"),
        aggregates=tuple(
            Aggregate(name, frozenset({"HostB"}), {"availability_zone": name})
            for name in aggregates
        ),
        **changes,
    )


def grouped(policy, **changes):
    return shapes.move(groups=(shapes.group(policy, **changes),))


CASES = [
    Case(
        "destination-has-the-same-hypervisor",
        of_hypervisor(type="VMware vCenter Server", version=1),
        FAIL,
        "QEMU here, VMware vCenter Server there",
        "same type",
    ),
    Case(
        "destination-hypervisor-is-not-older",
        of_hypervisor(version=6002000),
        FAIL,
        "QEMU 8.2.2 here, QEMU 6.2.0 there",
        "update hostc.test",
    ),
    Case(
        "destination-hypervisor-can-start-it",
        of_hypervisor(version=6002000),
        WARN,
        "QEMU 6.2.0 there",
        "virsh domcapabilities",
        COLD,
    ),
    Case(
        "destination-hypervisor-is-not-older",
        of_hypervisor(version=9000000),
        PASS,
        "QEMU 8.2.2 -> QEMU 9.0.0",
    ),
    Case(
        "destination-cpu-has-every-feature",
        of_hypervisor(cpu_features=frozenset({"pcid"})),
        WARN,
        "missing there: avx2",
        "cpu_models",
    ),
    Case(
        "destination-cpu-has-every-feature",
        of_hypervisor(cpu_features=frozenset({"pcid", "avx2", "amx"})),
        PASS,
        "all 2",
    ),
    Case(
        "destination-cpu-has-every-feature",
        of_hypervisor(cpu_features=frozenset()),
        NOT_CHECKED,
    ),
    *(
        Case(
            "machine-type-is-recorded",
            typed(),
            WARN,
            "QEMU 9.0.0 there",
            "nova-manage libvirt update_machine_type 11111111-",
            kind,
        )
        for kind in (COLD, LIVE)
    ),
    Case(
        "machine-type-is-recorded",
        typed(hw_machine_type="q35"),
        PASS,
        "q35",
    ),
    Case(
        "machine-type-is-recorded",
        typed().but(nova=(2, 96)),
        NOT_CHECKED,
        "2.98",
    ),
    Case(
        "destination-zone-suits-the-server",
        pinned("nova", "nova"),
        FAIL,
        "in zone az2, the server is pinned to nova",
        "unset --pinned-availability-zone vm1",
    ),
    Case("destination-zone-suits-the-server", pinned(None), PASS, "not pin"),
    Case("destination-zone-suits-the-server", pinned("az2"), PASS, "pinned"),
    Case(
        "destination-zone-suits-the-server",
        pinned("nova"),
        PASS,
        "no aggregate to keep it in",
    ),
    Case(
        "destination-zone-suits-the-server",
        pinned(Unread("before 2.96")),
        UNKNOWN,
        "before 2.96",
    ),
    Case(
        "destination-zone-suits-the-server",
        pinned(Unread("before 2.96")).but(nova=(2, 95)),
        WARN,
        "is not known: before 2.96",
        "Nova refuses a pinned server before anything moves",
    ),
    Case(
        "destination-zone-suits-the-server",
        of_server(pinned_zone=Unread("before 2.96")),
        PASS,
        "as now",
    ),
    Case(
        "server-groups-allow-the-destination",
        grouped("anti-affinity", members={"HostC": 1}),
        FAIL,
        "1 of its anti-affinity group 'g1' there already, 1 allowed",
        "openstack server group show g1",
    ),
    Case(
        "server-groups-allow-the-destination",
        grouped("anti-affinity", members={"HostC": 1}, max_per_host=2),
        PASS,
    ),
    Case(
        "server-groups-allow-the-destination",
        grouped("affinity", members={"HostB": 1}),
        FAIL,
        "none of its affinity group 'g1' is there",
        "group show g1",
    ),
    Case(
        "server-groups-allow-the-destination",
        grouped("affinity", members={"HostC": 1}),
        PASS,
    ),
    Case(
        "server-groups-allow-the-destination",
        grouped("soft-anti-affinity", members={"HostC": 9}),
        PASS,
        "soft",
    ),
    Case(
        "server-groups-allow-the-destination",
        shapes.move(groups=Unread("403")),
        UNKNOWN,
        "403",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


@pytest.mark.parametrize("host", ["source", "destination"])
def test_hypervisors_that_nova_does_not_list_are_not_compared(host):
    move = of_host(hypervisor=None)
    if host == "source":
        move = shapes.move(source=shapes.host(name="HostB", hypervisor=None))
    assert findings(move)["destination-cpu-has-every-feature"].status is SKIP


def test_no_qemu_has_no_machine_type():
    move = of_hypervisor(type="Ironic")
    assert findings(move)["machine-type-is-recorded"].status is SKIP


def test_many_missing_features_are_counted():
    here = shapes.hypervisor(cpu_features=frozenset("abcdefghi"))
    move = shapes.move(source=shapes.host(name="HostB", hypervisor=here))
    found = findings(move)["destination-cpu-has-every-feature"]
    assert found.detail == "missing there: a, b, c, d, e, f and 3 more"


def test_a_server_from_a_volume_shows_no_machine_type():
    move = of_server(image_id=None).but(destination=NEWER)
    found = findings(move)
    assert found["machine-type-is-recorded"].status is NOT_CHECKED
