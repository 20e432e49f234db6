"""The checks of a whole cloud: one fact, one finding."""

import datetime

import pytest

from osc_migrate.checks import registry
from osc_migrate.checks.findings import Status
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes

FAIL, WARN, UNKNOWN = Status.FAIL, Status.WARN, Status.UNKNOWN
NOT_CHECKED = Status.NOT_CHECKED
LONG_AGO = shapes.NOW - datetime.timedelta(hours=1)


def findings(cloud):
    return {f.check: f for f in registry.judge_cloud(cloud)}


def with_server(**changes):
    return shapes.cloud(servers=(shapes.server(**changes),))


def with_service(**changes):
    return shapes.cloud(services=(shapes.service(**changes),))


def with_record(status, **changes):
    record = shapes.migration(status, **changes)
    return shapes.cloud(under_way=(record,))


CASES = [
    (
        "services-are-up",
        with_service(state="down"),
        FAIL,
        "nova-compute on HostB",
    ),
    (
        "no-service-is-forced-down",
        with_service(state="down", forced_down=True),
        WARN,
        "HostB",
    ),
    (
        "no-service-is-disabled",
        with_service(status="disabled", disabled_reason="disk"),
        WARN,
        "HostB (disk)",
    ),
    (
        "computes-have-hypervisors",
        shapes.cloud(hosts={"HostB": shapes.host(hypervisor=None)}),
        FAIL,
        "HostB",
    ),
    (
        "computes-have-hypervisors",
        shapes.cloud(
            hosts={
                "HostB": shapes.host(hypervisor=None),
                "HostI": shapes.host(
                    hypervisor=shapes.hypervisor(type="ironic", version=1)
                ),
            },
            servers=(),
        ),
        NOT_CHECKED,
        "an Ironic compute may have no node",
    ),
    # A host with servers is none of those.
    (
        "computes-have-hypervisors",
        shapes.cloud(
            hosts={
                "HostB": shapes.host(hypervisor=None),
                "HostI": shapes.host(
                    hypervisor=shapes.hypervisor(type="ironic", version=1)
                ),
            },
            servers=(shapes.server(host="HostB"),),
        ),
        FAIL,
        "HostB",
    ),
    (
        "hypervisor-versions-agree",
        shapes.cloud(
            hosts={
                "HostB": shapes.host(name="HostB"),
                "HostC": shapes.host(
                    hypervisor=shapes.hypervisor(version=9000001)
                ),
            }
        ),
        WARN,
        "QEMU 8.2.2: HostB; QEMU 9.0.1: HostC",
    ),
    (
        "no-migration-is-stuck",
        with_record("running", updated_at=LONG_AGO),
        FAIL,
        "7 (running, HostB)",
    ),
    (
        "no-migration-is-stuck",
        with_record("accepted", created_at=LONG_AGO),
        FAIL,
        "7 (accepted",
    ),
    (
        "no-server-migrates-by-itself",
        with_server(task_state="migrating"),
        FAIL,
        "vm1",
    ),
    (
        "no-resize-is-unconfirmed",
        with_server(status="VERIFY_RESIZE"),
        WARN,
        "vm1",
    ),
    ("no-server-is-in-error", with_server(status="ERROR"), WARN, "vm1"),
    (
        "no-allocation-is-orphaned",
        shapes.cloud(orphans={"HostC": ("dead-beef",)}),
        FAIL,
        "HostC: dead-beef",
    ),
    (
        "no-allocation-is-orphaned",
        shapes.cloud(unseen=("HostC",)),
        WARN,
        "HostC do not add up",
    ),
    (
        "no-allocation-is-orphaned",
        shapes.cloud(orphans=Unread("503")),
        UNKNOWN,
        "503",
    ),
    (
        "no-binding-is-stale",
        shapes.cloud(stale_bindings={"p1": ("HostB", "HostC")}),
        FAIL,
        "p1: HostB, HostC",
    ),
    ("machine-types-are-set", with_server(image_properties={}), WARN, "vm1"),
]


def test_machine_types_that_an_older_nova_does_not_show():
    cloud = with_server(image_properties=Unread("2.98")).but(nova=(2, 95))
    found = findings(cloud)["machine-types-are-set"]
    assert found.status is Status.NOT_CHECKED
    assert "microversion 2.98" in found.detail


@pytest.mark.parametrize(
    "check, cloud, status, detail",
    CASES,
    ids=[f"{case[0]}-{n}" for n, case in enumerate(CASES)],
)
def test_one_fact_is_one_finding(check, cloud, status, detail):
    found = findings(cloud)
    assert found[check].status is status, found[check]
    assert detail in found[check].detail
    assert bool(found[check].remedy) == (status not in (UNKNOWN, NOT_CHECKED))
    others = [f for f in found.values() if f.check != check]
    assert {f.status for f in others} <= {Status.PASS, Status.SKIP}


def test_services_unread_are_unknown_not_pass():
    found = findings(shapes.cloud(services=Unread("403")))
    unknown = {c for c, f in found.items() if f.status is UNKNOWN}
    assert unknown == {
        "services-are-up",
        "no-service-is-forced-down",
        "no-service-is-disabled",
    }


def test_every_check_has_a_case():
    assert {case[0] for case in CASES} == {c.id for c in registry.CLOUD}


def test_a_healthy_cloud_passes():
    assert {f.status for f in findings(shapes.cloud()).values()} == {0}


@pytest.mark.parametrize("nova", [(2, 95), (2, 96), (2, 97)])
def test_a_healthy_cloud_before_epoxy_has_no_unknown(nova):
    """Nova then shows the image properties of no server."""
    server = shapes.server(image_id="i1", image_properties=Unread("hidden"))
    found = findings(shapes.cloud(nova=nova, servers=(server,))).values()
    assert {f.check for f in found if f.status} == {"machine-types-are-set"}
    assert {f.status for f in found if f.status} == {NOT_CHECKED}


@pytest.mark.parametrize(
    "cloud",
    [
        with_record("queued", updated_at=LONG_AGO),  # waits for another
        with_record("running", updated_at=shapes.NOW),
        shapes.cloud(
            servers=(shapes.server(task_state="migrating"),),
            under_way=(
                shapes.migration("running", server_id=shapes.server().id),
            ),
        ),
        with_server(image_properties={}, image_id=None),
    ],
)
def test_no_false_alarm(cloud):
    assert registry.judge_cloud(cloud).verdict <= Status.SKIP


def test_many_names_are_not_a_flood():
    servers = tuple(
        shapes.server(name=f"vm{n}", status="ERROR") for n in range(5000)
    )
    found = findings(shapes.cloud(servers=servers))["no-server-is-in-error"]
    assert "and 4990 more" in found.detail
    assert len(found.detail) < 1000


def test_another_type_of_hypervisor_is_no_other_version():
    cloud = shapes.cloud(
        hosts={
            "HostB": shapes.host(name="HostB"),
            "HostI": shapes.host(
                hypervisor=shapes.hypervisor(type="ironic", version=1)
            ),
        }
    )
    found = findings(cloud)["hypervisor-versions-agree"]
    assert found.status is Status.PASS
    assert found.detail == "QEMU 8.2.2, ironic 0.0.1"
