"""Checks of a server's ports."""

import pytest

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
    of_ports,
    prove,
)

PORT = shapes.port().id


def bound(*hosts, **changes):
    bindings = dict.fromkeys(hosts, "INACTIVE") | {"HostB": "ACTIVE"}
    return shapes.full(ports=(shapes.port(bindings=bindings),), **changes)


CASES = [
    *(
        Case(
            "ports-can-move",
            of_ports("normal", "accelerator-direct"),
            FAIL,
            f"port {PORT} (accelerator-direct) cannot move",
            "remove port vm1 PORT",
            kind,
        )
        for kind in (COLD, LIVE)
    ),
    Case(
        "ports-can-move",
        of_ports("vdpa", nova=(2, 90)),
        FAIL,
        "vdpa",
        "remove port",
    ),
    Case("ports-can-move", of_ports("vdpa"), PASS, "vdpa", kind=COLD),
    Case(
        "ports-can-move",
        shapes.move(ports=Unread("Neutron is down")),
        UNKNOWN,
        "Neutron is down",
    ),
    Case(
        "sriov-ports-can-move",
        of_ports("macvtap", extensions=()),
        FAIL,
        f"port {PORT} (macvtap) needs Neutron's extension binding-extended",
        "cold",
    ),
    Case(
        "sriov-ports-can-move",
        of_ports("direct", nova=(2, 72)),
        FAIL,
        "Train",
        "openstack server migrate vm1",
    ),
    Case("sriov-ports-can-move", of_ports("macvtap"), PASS, "macvtap"),
    Case(
        "ports-stay-plugged",
        of_ports("normal", "direct"),
        WARN,
        f"port {PORT} (direct) is unplugged",
        "bond",
    ),
    Case("ports-stay-plugged", of_ports("vdpa"), WARN, "vdpa"),
    Case(
        "ports-are-bound-before-the-move",
        of_ports("normal", extensions=()),
        WARN,
        "binding-extended",
        "extension list",
    ),
    Case(
        "ports-are-bound-before-the-move",
        of_ports("normal").but(network_extensions=Unread("503")),
        UNKNOWN,
        "503",
    ),
    *(
        Case(
            "ports-are-bound-where-it-is",
            bound("HostC"),
            FAIL,
            f"port {PORT} is bound on HostC",
            f"/v2.0/ports/{PORT}/bindings/HostC",
            kind,
        )
        for kind in (COLD, LIVE)
    ),
    Case(
        "ports-are-bound-where-it-is",
        bound("HostD"),
        WARN,
        f"port {PORT} is bound on HostD",
        "neutron-remove-duplicated-port-bindings",
    ),
    Case(
        "ports-are-bound-where-it-is",
        of_ports("normal").but(
            ports=(shapes.port(bindings=Unread("403")),),
        ),
        UNKNOWN,
        "403",
    ),
    Case("ports-are-bound-where-it-is", bound(), PASS, "1 bound on HostB"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


def test_two_bindings_are_right_while_it_moves():
    running = (shapes.migration("running"),)
    moving = shapes.server(status="MIGRATING", task_state="migrating")
    found = findings(bound("HostC", migrations=running, server=moving))
    assert found["ports-are-bound-where-it-is"].status is SKIP


def test_without_a_host_any_stale_binding_is_a_risk():
    move = bound("HostC", wanted=None, destination=None)
    assert findings(move)["ports-are-bound-where-it-is"].status is WARN


def test_without_ports_neutron_does_not_matter():
    move = shapes.move(
        network_extensions=Unread("no Neutron"), agents=Unread("no Neutron")
    )
    assert max(f.status for f in findings(move).values()) <= NOT_CHECKED


def test_bindings_need_no_list_of_extensions():
    move = bound("HostC", network_extensions=Unread("503"))
    assert findings(move)["ports-are-bound-where-it-is"].status is FAIL


def test_a_cold_move_unplugs_no_running_guest():
    assert "ports-stay-plugged" not in findings(of_ports("direct"), COLD)
