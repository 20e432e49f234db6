import datetime

import pytest

from osc_migrate.facts import Unread
from osc_migrate.migration import repair
from osc_migrate.migration.repair import RepairAction
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.shapes import NOW

DAY = 86400.0


def failed(**changes):
    return shapes.migration("error", updated_at=NOW, **changes)


def broken(server=None, **changes):
    """In ERROR after a live migration that failed, as Nova 32.2 leaves it."""
    found = {"status": "ERROR", "faulted_at": NOW} | (server or {})
    return shapes.move(
        **{
            "server": shapes.server(**found),
            "destination": None,
            "migrations": (failed(),),
        }
        | changes
    )


def only(move, **options):
    (step,) = repair.plan(move, DAY, **options)
    return step


def test_nothing_is_left():
    assert repair.plan(shapes.move(), DAY) == []


def test_an_error_that_is_none():
    step = only(broken())
    assert (step.action, step.result) == (RepairAction.RESET, "would do")
    assert "migration 7 to HostC" in step.what
    assert "still on HostB" in step.why
    assert step.next == "openstack server set --state active vm1"


LATER = NOW + datetime.timedelta(minutes=10)


@pytest.mark.parametrize(
    "changes, doubt",
    [
        ({"server": {"power_state": 4}}, "not seen running"),
        ({"server": {"power_state": 3}}, "not seen running"),
        ({"server": {"power_state": Unread("hidden")}}, "not known: hidden"),
        ({"server": {"task_state": "rebuilding"}}, "busy with it"),
        ({"server": {"host": "HostD"}}, "did not begin on HostD"),
        ({"server": {"faulted_at": LATER}}, "newer than that"),
        ({"source": None}, "no compute host HostB"),
        (
            {"source": shapes.host(name="HostB", state="down")},
            "HostB is not up",
        ),
        (
            {"source": shapes.host(name="HostB", forced_down=True)},
            "HostB is not up",
        ),
        ({"source": Unread("hidden")}, "not known: hidden"),
        ({"migrations": ()}, "never migrated"),
        ({"migrations": Unread("403")}, "not known: 403"),
        (
            {"migrations": (shapes.migration("completed"),)},
            "not a failed live migration",
        ),
        (
            {"migrations": (failed(type="migration"),)},
            "not a failed live migration",
        ),
        (
            {"migrations": (failed(id=8, type="resize"), failed())},
            "8, is not a failed live migration",
        ),
        ({"migrations": (failed(destination="HostB"),)}, "did not begin"),
        ({"migrations": (failed(source=None),)}, "did not begin"),
    ],
)
def test_what_is_not_proven_is_left(changes, doubt):
    steps = repair.plan(broken(**changes), DAY)
    assert all(step.action is RepairAction.NONE for step in steps)
    assert all(step.result == "left" for step in steps)
    assert doubt in steps[0].why
    assert "reboot --hard vm1" in steps[0].next


def test_one_under_way_is_never_touched():
    open_ = shapes.migration("running", id=8)
    bound = shapes.port(bindings={"HostB": "ACTIVE", "HostC": "INACTIVE"})
    steps = repair.plan(
        broken(migrations=(open_, failed()), ports=(bound,)), DAY
    )
    assert [s.action for s in steps if s.action is not RepairAction.NONE] == []


@pytest.mark.parametrize(
    "runs, doubt",
    [
        ({"HostB": True, "HostC": False}, ""),
        ({"HostB": True, "HostC": True}, "on HostB and HostC"),
        ({"HostB": False, "HostC": True}, "on HostC, Nova shows HostB"),
        ({"HostB": False, "HostC": False}, "on none of HostB, HostC"),
        ({"HostB": True, "HostC": Unread("no route")}, "no route"),
    ],
)
def test_what_the_hosts_say_decides(runs, doubt):
    step = only(broken(), runs=runs)
    assert (step.action is RepairAction.RESET) == (not doubt)
    assert doubt in step.why


@pytest.mark.parametrize(
    "runs, doubt",
    [
        (None, "ask libvirt with --nodes"),
        ({"HostB": False, "HostC": True}, ""),
        ({"HostB": True, "HostC": True}, "on HostB and HostC"),
        ({"HostB": True, "HostC": False}, "on HostB, Nova shows HostC"),
    ],
)
def test_one_that_broke_off_when_the_guest_had_gone(runs, doubt):
    gone = {"host": "HostC"}
    step = repair.plan(
        broken(server=gone, source=shapes.host(name="HostC")), DAY, runs=runs
    )[0]
    assert (step.action is RepairAction.RESET) == (not doubt)
    assert doubt in step.why and "still" not in step.why


def test_the_hosts_of_the_last_move_are_asked():
    assert repair.hosts_to_ask(broken()) == ["HostB", "HostC"]
    hidden = broken(migrations=Unread("403"))
    assert repair.hosts_to_ask(hidden) == ["HostB"]


def waiting(hours=30.0, type="migration", server=None, **changes):
    since = NOW - datetime.timedelta(hours=hours)
    record = shapes.migration("finished", type=type, updated_at=since)
    found = {"status": "VERIFY_RESIZE", "host": "HostC"} | (server or {})
    return shapes.move(
        **{
            "server": shapes.server(**found),
            "source": shapes.host(),
            "migrations": (record,),
        }
        | changes
    )


def test_a_forgotten_confirmation():
    step = only(waiting())
    assert (step.action, step.result) == (RepairAction.CONFIRM, "would do")
    assert "since 2026-11-22 04:00 UTC" in step.what
    assert step.next == "openstack migrate cold vm1 --confirm"


@pytest.mark.parametrize(
    "changes, doubt, then",
    [
        ({"hours": 23}, "less than 86400 s", "--revert"),
        ({"type": "resize"}, "resized", "resize confirm vm1"),
        ({"server": {"power_state": 4}}, "not seen running", "--revert"),
        ({"server": {"task_state": "x"}}, "busy", "--revert"),
        ({"source": shapes.host(state="down")}, "host that is up", ""),
        ({"migrations": ()}, "start is not known", ""),
        ({"migrations": Unread("403")}, "403", ""),
    ],
)
def test_a_confirmation_that_is_left(changes, doubt, then):
    steps = repair.plan(waiting(**changes), DAY)
    assert steps[0].action is RepairAction.NONE
    assert doubt in steps[0].why
    assert then in steps[0].next


def bound(**changes):
    bindings = {"HostB": "ACTIVE", "HostC": "INACTIVE"}
    return shapes.move(
        **{
            "ports": (shapes.port(bindings=bindings),),
            "network_extensions": frozenset({"binding-extended"}),
        }
        | changes
    )


def test_a_stale_binding():
    step = only(bound())
    assert (step.action, step.host) == (RepairAction.UNBIND, "HostC")
    assert step.port in step.next
    assert "role service" in repair.refused_binding(step, "vm1")


@pytest.mark.parametrize(
    "bindings, doubt",
    [
        ({"HostB": "INACTIVE", "HostC": "ACTIVE"}, "the active binding is on"),
        ({"HostB": "INACTIVE", "HostC": "INACTIVE"}, "no active one on HostB"),
    ],
)
def test_a_binding_that_may_be_in_use_is_left(bindings, doubt):
    step = only(bound(ports=(shapes.port(bindings=bindings),)))
    assert step.action is RepairAction.NONE
    assert doubt in step.why


def test_what_cannot_be_mended_is_named():
    move = shapes.move(
        room=shapes.room(holders={"HostB": "b", "HostC": "c"}),
        migrations=(shapes.migration("running"),),
    )
    steps = repair.plan(move, DAY)
    assert {step.result for step in steps} == {"left"}
    assert any("migration 7" in step.what for step in steps)


def test_ports_that_cannot_be_read_prove_nothing():
    steps = repair.plan(shapes.move(ports=Unread("503")), DAY)
    assert "503" in steps[0].why and steps[0].result == "left"
