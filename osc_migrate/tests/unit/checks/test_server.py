"""Checks of the server itself."""

import datetime

import pytest

from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    COLD,
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    Case,
    findings,
    of_server,
    prove,
)

LATER = shapes.NOW + datetime.timedelta(minutes=1)


def came(status="completed", **changes):
    where = {"source": "HostC", "destination": "HostB"}
    return shapes.migration(
        status, **where | {"created_at": shapes.NOW} | changes
    )


def on_qemu(**changes):
    return shapes.host(name="HostB", hypervisor=shapes.hypervisor(**changes))


def paused(**changes):
    """A server that was paused, and then came to HostB, on QEMU 7.2."""
    return {
        "server": shapes.server(status="PAUSED", power_state=3),
        "paused_at": shapes.NOW - datetime.timedelta(minutes=1),
        "migrations": (came(),),
        "source": on_qemu(version=7_002_000),
    } | changes


CASES = [
    Case(
        "server-is-running",
        of_server(status="SHUTOFF"),
        FAIL,
        "SHUTOFF",
        "cold",
    ),
    Case(
        "server-is-running",
        of_server(status="ERROR"),
        FAIL,
        "ERROR",
        "set --state active",
    ),
    Case(
        "server-is-running",
        of_server(status="SUSPENDED"),
        FAIL,
        "SUSPENDED",
        "bring it",
    ),
    Case(
        "server-is-running",
        of_server(status=Unread("hidden")),
        UNKNOWN,
        "hidden",
    ),
    Case(
        "server-is-idle",
        of_server(task_state="rebooting"),
        FAIL,
        "rebooting",
        "wait",
    ),
    Case(
        "server-is-idle",
        of_server(task_state=Unread("hidden")),
        UNKNOWN,
        "hidden",
    ),
    Case(
        "server-is-unlocked",
        of_server(locked=True),
        FAIL,
        "is locked",
        "unlock",
    ),
    Case(
        "server-is-unlocked",
        of_server(locked=True, locked_reason="mine"),
        FAIL,
        "locked: mine",
        "unlock vm1",
    ),
    Case(
        "server-is-unlocked",
        of_server(locked=True, locked_reason=Unread("old")),
        FAIL,
        "is locked",
        "unlock vm1",
    ),
    Case(
        "server-is-unlocked", of_server(locked=Unread("2.1")), UNKNOWN, "2.1"
    ),
    Case("server-is-running", of_server(status="PAUSED"), PASS, "PAUSED"),
    Case(
        "server-is-running-or-off",
        of_server(status="SHUTOFF", power_state=4),
        PASS,
        "SHUTOFF",
        kind=COLD,
    ),
    *(
        Case(
            "server-is-running-or-off",
            of_server(status=status),
            FAIL,
            status,
            remedy,
            COLD,
        )
        for status, remedy in (
            ("PAUSED", "openstack server unpause vm1"),
            ("SUSPENDED", "openstack server resume vm1"),
            ("RESCUE", "openstack server unrescue vm1"),
            ("ERROR", "set --state active vm1"),
            ("SHELVED_OFFLOADED", "ACTIVE or SHUTOFF"),
        )
    ),
    Case(
        "server-is-running-or-off",
        of_server(status=Unread("hidden")),
        UNKNOWN,
        "hidden",
        kind=COLD,
    ),
    Case("guest-is-on", of_server(power_state=3), PASS, "paused"),
    Case(
        "guest-is-on",
        of_server(power_state=4),
        FAIL,
        "guest is shut down",
        "server start vm1",
    ),
    Case(
        "guest-is-on",
        of_server(power_state=0),
        FAIL,
        "power state 0",
        "move it cold",
    ),
    Case(
        "guest-is-on",
        of_server(power_state=Unread("hidden")),
        UNKNOWN,
        "hidden",
    ),
    *(
        Case(
            "paused-guest-has-run-here",
            shapes.move(**paused(**facts)),
            status,
            words,
        )
        for facts, status, words in (
            ({}, FAIL, "migration 7 brought it here while it was paused"),
            ({"migrations": ()}, PASS, "no live migration"),
            ({"migrations": (came("error"),)}, PASS, "no live migration"),
            ({"migrations": (came(type="migration"),)}, PASS, "no live"),
            ({"migrations": (came(destination="HostD"),)}, PASS, "no live"),
            ({"paused_at": LATER}, PASS, "since it came"),
            ({"paused_at": Unread("no request")}, UNKNOWN, "no request"),
            ({"migrations": Unread("403")}, UNKNOWN, "403"),
            ({"server": shapes.server()}, SKIP, "not paused"),
        )
    ),
    Case(
        "server-host-is-known",
        of_server(host=Unread("hidden")),
        UNKNOWN,
        "hidden",
    ),
    Case(
        "source-is-up",
        shapes.move(source=shapes.host(name="HostB", state="down")),
        FAIL,
        "is down",
        "on HostB: systemctl",
    ),
    Case(
        "source-is-up",
        shapes.move(source=None),
        FAIL,
        "no nova-compute",
        "service list",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


@pytest.mark.parametrize("task", ["rebooting", "powering-off"])
def test_a_task_changes_the_status_but_is_one_finding(task):
    # Nova shows REBOOT and such instead of ACTIVE while it lasts.
    busy = of_server(status="REBOOT", task_state=task)
    prove(Case("server-is-idle", busy, FAIL, task, "wait"))
    prove(Case("server-is-idle", busy, FAIL, task, "wait", COLD))


def test_a_server_on_no_host():
    found = findings(of_server(host=""))
    assert found["server-host-is-known"].status is SKIP
    assert found["source-is-up"].status is SKIP


def test_a_cold_move_needs_no_running_server():
    found = findings(of_server(status="SHUTOFF", power_state=4), COLD)
    assert "server-is-running" not in found
    assert "guest-is-on" not in found


@pytest.mark.parametrize(
    "qemu", [{"version": 10_000_000}, {"type": "other", "version": 1}]
)
def test_a_paused_guest_that_can_move_on(qemu):
    move = shapes.move(**paused(source=on_qemu(**qemu)))
    found = findings(move)["paused-guest-has-run-here"]
    assert (found.status, found.detail) == (PASS, "its QEMU can move it")
