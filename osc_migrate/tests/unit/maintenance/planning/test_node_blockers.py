"""What nodes say against moves between them, in plans and runs."""

import pytest

from osc_migrate.checks.findings import Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import NodeBlocker, NodeBlockers, Request
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.maintenance.planning.fleets import (
    fleet,
    place,
    server,
)

HOSTS = [place("HostB"), place("HostC"), place("HostD")]
DEAF = NodeBlocker(
    "HostB", "HostC", "live", "libvirt-listens", "FAIL", "nothing listens"
)
UNSEEN = NodeBlocker(
    "HostB", "HostD", "live", "node-answers", "UNKNOWN", "no route to host"
)
OFF = {"status": "SHUTOFF", "power_state": 4}


def drain(*barriers, **changes):
    found = fleet(HOSTS, [server(1, **changes)])
    return planning.drain(found, Request(hosts=("HostB",), barriers=barriers))


def test_another_host_is_taken():
    (step,) = drain(DEAF).steps
    assert step.destination == "HostD"


def test_what_nodes_say_is_the_reason_to_stay():
    (stay,) = drain(DEAF, UNSEEN).stays
    assert set(stay.reasons) == {
        "libvirt-listens: nothing listens (HostC)",
        "node-answers: no route to host (HostD)",
    }


@pytest.mark.parametrize(
    "changes", [{"kind": "cold"}, {"source": "HostD"}, {"source": "HostC"}]
)
def test_it_stands_in_no_other_way(changes):
    given = {
        "source": "HostB",
        "destination": "HostC",
        "kind": "live",
        "check": "x",
        "status": "FAIL",
        "detail": "y",
    }
    (step,) = drain(NodeBlocker(**given | changes), UNSEEN).steps
    assert step.destination == "HostC"


def test_a_server_with_volumes_goes_where_local_disks_cannot():
    classes = [
        NodeBlocker(
            *("HostB", host, "live", "disks-are-where-the-move-needs-them"),
            *("FAIL", "disks are in Ceph on HostB", True),
        )
        for host in ("HostC", "HostD")
    ]
    (step,) = drain(*classes, image_id=None).steps
    assert step.destination == "HostC"
    (stay,) = drain(*classes, image_id="image").stays
    assert "disks are in Ceph on HostB (HostC, HostD)" in str(stay.reasons)
    move = shapes.move(server=shapes.server(image_id="image"))
    (finding,) = NodeBlockers(classes).of_move(move, Kind.LIVE)
    assert finding.status is Status.FAIL
    backed = shapes.move(server=shapes.server(image_id=None))
    assert not list(NodeBlockers(classes).of_move(backed, Kind.LIVE))


def test_a_stopped_server_takes_the_cold_way():
    (step,) = drain(DEAF, UNSEEN, **OFF).steps
    assert step.way == "cold"


def test_it_is_a_finding_of_the_check_just_before_a_move():
    move = shapes.move()
    (finding,) = NodeBlockers([DEAF]).of_move(move, Kind.LIVE)
    assert finding.status is Status.FAIL
    assert (finding.check, finding.subject) == (
        "libvirt-listens",
        "HostB -> HostC",
    )
    assert not list(NodeBlockers([DEAF]).of_move(move, Kind.COLD))
