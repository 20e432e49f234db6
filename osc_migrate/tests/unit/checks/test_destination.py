"""Checks of the host where the server is to go."""

import datetime

import pytest

from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    of_host,
    prove,
)

EARLIER = datetime.datetime(2026, 11, 23, 9, 58, tzinfo=datetime.UTC)


def receiving(*statuses):
    return shapes.move(
        incoming=tuple(shapes.migration(status) for status in statuses)
    )


CASES = [
    Case(
        "destination-exists",
        shapes.move(wanted="HostX", destination=None),
        FAIL,
        "'HostX'",
        "did you mean Host",
    ),
    Case(
        "destination-exists",
        shapes.move(wanted="qq", destination=None),
        FAIL,
        "'qq'",
        "service list",
    ),
    Case(
        "destination-is-elsewhere",
        of_host(name="HostB"),
        FAIL,
        "already",
        "another",
    ),
    Case(
        "destination-is-not-forced-down",
        of_host(forced_down=True, state="down"),
        FAIL,
        "forced down",
        "set --up",
    ),
    Case(
        "destination-is-not-forced-down",
        of_host(forced_down=Unread("2.1")),
        UNKNOWN,
        "2.1",
    ),
    Case(
        "destination-is-up",
        of_host(state="down"),
        FAIL,
        "last heartbeat: 2026-11-23 10:00:00 UTC",
        "systemctl",
    ),
    Case(
        "destination-is-up",
        of_host(state="down", updated_at=None),
        FAIL,
        "never",
        "systemctl",
    ),
    Case(
        "destination-is-enabled",
        of_host(status="disabled"),
        FAIL,
        "disabled",
        "set --enable HostC",
    ),
    Case(
        "destination-is-enabled",
        of_host(status="disabled", disabled_reason="disk swap"),
        FAIL,
        "disabled: disk swap",
        "if that is over",
    ),
    Case(
        "destination-has-room",
        shapes.move(room=shapes.room(fits=False, free={"VCPU": 9})),
        FAIL,
        "512 MEMORY_MB needed, 0 free",
        "describe-resource HostC",
    ),
    Case(
        "destination-has-room",
        shapes.move(room=shapes.room(fits=False)),
        FAIL,
        "no candidate",
        "describe-resource",
    ),
    Case(
        "destination-has-room", shapes.move(room=Unread("403")), UNKNOWN, "403"
    ),
    Case(
        "destination-heartbeat-is-fresh",
        of_host(updated_at=EARLIER),
        WARN,
        "last heartbeat is 2:00 older than HostB's",
        "on HostC: systemctl",
    ),
    Case(
        "destination-receives-few-servers",
        receiving("running", "running (post-copy)", "running", "queued"),
        WARN,
        "3 under way, 1 waiting",
        "migrate watch --host HostC",
    ),
    Case(
        "destination-receives-few-servers",
        receiving("running", "queued", "queued", "queued"),
        PASS,
        "1 under way, 3 waiting",
    ),
    Case(
        "destination-receives-few-servers",
        shapes.move(incoming=Unread("403")),
        UNKNOWN,
        "403",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": shapes.host(name="HostB", updated_at=None)},
        {"destination": shapes.host(updated_at=None)},
    ],
)
def test_heartbeats_that_nobody_shows_are_not_compared(changes):
    found = findings(shapes.move(**changes))
    assert found["destination-heartbeat-is-fresh"].status is SKIP


def test_a_clock_that_is_wrong_here_does_not_matter():
    move = shapes.move(now=EARLIER - datetime.timedelta(days=400))
    assert findings(move)["destination-heartbeat-is-fresh"].status is PASS
