"""Checks of what an earlier move has left behind."""

import datetime

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
    of_server,
    prove,
)

MIGRATING = shapes.server(status="MIGRATING", task_state="migrating")
RESIZING = shapes.server(status="RESIZE", task_state="resize_migrating")
WAITING = shapes.server(status="VERIFY_RESIZE")
YESTERDAY = datetime.datetime(2026, 11, 21, 9, tzinfo=datetime.UTC)
TWICE = shapes.room(holders={"HostB": "b-uuid", "HostC": "c-uuid"})


def moves(server, *records, **changes):
    return shapes.move(server=server, migrations=records, **changes)


def finished(**changes):
    return shapes.migration("finished", type="migration", **changes)


CASES = [
    Case(
        "server-is-not-being-moved",
        moves(MIGRATING, shapes.migration("running")),
        FAIL,
        "migration 7 moves it now: HostB -> HostC (running)",
        "migrate abort vm1",
    ),
    Case(
        "server-is-not-being-moved",
        moves(RESIZING, shapes.migration("migrating", type="migration")),
        FAIL,
        "migration 7",
        "migrate watch vm1",
        COLD,
    ),
    Case(
        "server-is-not-being-moved",
        moves(MIGRATING, shapes.migration("completed")),
        FAIL,
        "no migration of it is under way",
        "virsh domstate",
    ),
    Case(
        "server-is-not-being-moved",
        moves(MIGRATING),
        FAIL,
        "it has none",
        "set --state active vm1",
    ),
    Case(
        "server-is-not-being-moved",
        shapes.move(server=MIGRATING, migrations=Unread("403")),
        UNKNOWN,
        "403",
    ),
    *(
        Case(
            "server-waits-for-no-confirmation",
            moves(WAITING, finished(updated_at=YESTERDAY)),
            FAIL,
            "since 2026-11-21 09:00 UTC: forgotten?",
            "openstack migrate cold vm1 --confirm; otherwise: openstack"
            " migrate cold vm1 --revert",
            kind,
        )
        for kind in (COLD, LIVE)
    ),
    Case(
        "server-waits-for-no-confirmation",
        moves(WAITING, shapes.migration("finished", type="resize")),
        FAIL,
        "is awaiting confirmation",
        "openstack server resize confirm vm1; otherwise: openstack server"
        " resize revert vm1",
    ),
    Case(
        "server-waits-for-no-confirmation",
        moves(WAITING),
        FAIL,
        "is awaiting confirmation",
        "confirm",
    ),
    Case(
        "server-has-no-open-record",
        moves(shapes.server(), shapes.migration("running")),
        WARN,
        "migration 7 is running, HostB -> HostC, although",
        "migrate watch vm1",
    ),
    Case(
        "server-is-allocated-where-it-is",
        shapes.move(room=TWICE),
        WARN,
        "on HostB, but holds room on HostC",
        "placement audit --verbose --resource_provider c-uuid",
    ),
    Case(
        "server-is-allocated-where-it-is",
        shapes.move(room=shapes.room(holders={"HostC": "c-uuid"})),
        WARN,
        "holds room on HostC",
    ),
    Case(
        "server-is-allocated-where-it-is",
        shapes.move(room=shapes.room(holders={})),
        PASS,
        "no compute host",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


@pytest.mark.parametrize(
    "move",
    [
        moves(MIGRATING, shapes.migration("running"), room=TWICE),
        moves(WAITING, finished(), room=TWICE),
        moves(shapes.server(), shapes.migration("running"), room=TWICE),
    ],
)
def test_room_on_two_hosts_is_right_while_it_moves(move):
    found = findings(move)
    assert found["server-is-allocated-where-it-is"].status is SKIP


def test_migrations_that_nobody_may_list_stop_no_move_by_themselves():
    found = findings(shapes.move(migrations=Unread("403")))
    assert found["server-has-no-open-record"].status is SKIP
    assert max(f.status for f in found.values()) <= NOT_CHECKED


def test_an_unread_state_is_told_once():
    prove(Case("server-is-idle", of_server(task_state=Unread("x")), UNKNOWN))
