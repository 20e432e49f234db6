"""How a server moves, or why it stays."""

import datetime

import pytest

from osc_migrate.cloud.fleet import Pause
from osc_migrate.facts import Unread
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning.plan import Skipped, Step
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.maintenance.planning.drains import OFF, drain, only
from osc_migrate.tests.unit.maintenance.planning.fleets import (
    fleet,
    place,
    server,
    uuid,
)

DAY = datetime.timedelta(days=1)
PAUSED = {"status": "PAUSED", "power_state": 3}
VTPM = {"specs": {"hw:tpm_version": "2.0"}}


def tagged(*words):
    return {"tags": tuple(f"osc-migrate:{word}" for word in words)}


@pytest.mark.parametrize(
    "changes, asked, way",
    [
        ({}, {}, "live"),
        (PAUSED, {}, "live"),
        (OFF, {}, "cold"),
        ({}, {"block": True}, "block"),
        ({"image_id": None}, {"block": True}, "live"),
        ({}, {"cold_running": True}, "live"),
        (VTPM, {"cold_running": True}, "cold"),
        (tagged("cold"), {}, "cold"),
        (tagged("live"), {}, "live"),
        ({**OFF, **tagged("live")}, {}, "cold"),
        (tagged("stop"), {}, "stop"),
        (tagged("notify"), {"notified": True}, "live"),
        (tagged("notify", "cold"), {"notified": True}, "cold"),
        ({"metadata": {"osc-migrate": "notify, Cold"}}, {"notified": True},
         "cold"),
        ({"tags": ("web", "osc-migrate")}, {}, "live"),
        ({"locked": True}, {"ignored": {"server-is-unlocked"}}, "live"),
    ],
)  # fmt: skip
def test_the_way(changes, asked, way):
    step = only(drain(server(1, **changes), asked=asked))
    assert isinstance(step, Step)
    assert step.way == way
    assert (step.destination is None) == (way == "stop")
    # A policy is shown.
    has_policy = "osc-migrate:" in str(changes) or "metadata" in changes
    assert (
        any(note.startswith("owner policy: ") for note in step.notes)
        is has_policy
    )


@pytest.mark.parametrize(
    "changes, asked, reason, wanted",
    [
        (tagged("never"), {}, "owner policy: never", True),
        ({"metadata": {"osc-migrate": "never"}}, {}, "owner policy: never",
         True),
        (tagged("notify"), {}, "owner policy: notify", True),
        ({**OFF, **tagged("stop")}, {}, "SHUTOFF already", True),
        ({**PAUSED, **tagged("stop")}, {}, "but it is PAUSED", False),
        (tagged("maybe"), {}, "unknown owner policy 'maybe', not one of",
         False),
        (tagged("cold", "live"), {}, "cold and live", False),
        ({"tags": Unread("too old")}, {}, "policy is not known", False),
        ({"status": "SUSPENDED"}, {}, "server-is-running: the server is"
         " SUSPENDED", False),
        ({"status": "RESCUE"}, {}, "is RESCUE", False),
        ({"status": "SHELVED"}, {}, "is SHELVED", False),
        ({"status": "ERROR"}, {}, "is ERROR", False),
        ({"status": "VERIFY_RESIZE"}, {}, "is awaiting confirmation", False),
        ({"task_state": "rebuilding"}, {}, "busy with it", False),
        ({"task_state": "migrating"}, {}, "server-is-not-being-moved", False),
        ({"power_state": 4}, {}, "guest-is-on", False),
        ({"locked": True}, {}, "server-is-unlocked", False),
        (VTPM, {}, "guest-tpm-can-move", False),
        ({**VTPM, **tagged("live")}, {"cold_running": True},
         "guest-tpm-can-move", False),
        ({"flavor": Unread("hidden")}, {}, "not known: hidden", False),
    ],
)  # fmt: skip
def test_what_stays(changes, asked, reason, wanted):
    plan = drain(server(1, **changes), asked=asked)
    stay = only(plan)
    assert isinstance(stay, Skipped)
    assert reason in "; ".join(stay.reasons)
    assert stay.wanted is wanted
    assert plan.reasons


def test_a_tag_is_quoted_in_the_command_to_paste():
    """Any member of the project may tag a server."""
    (stay,) = drain(server(1, **tagged("$(touch x)"))).stays
    assert "--tag 'osc-migrate:$(touch x)', or" in stay.reasons[0]


def paused_fleet(**pause):
    record = shapes.migration(
        "completed", destination="HostB", created_at=shapes.NOW
    )
    fields = {"migrations": (record,), "paused_at": shapes.NOW - DAY}
    return {uuid(1): Pause(**(fields | pause))}


def test_a_guest_that_came_while_paused_stays_with_what_to_do():
    stay = only(drain(server(1, **PAUSED), paused=paused_fleet()))
    assert isinstance(stay, Skipped)
    assert stay.reasons[0].startswith("paused-guest-has-run-here: ")
    assert "openstack server unpause vm1" in stay.next_step


@pytest.mark.parametrize(
    "pause",
    [{"migrations": ()}, {"paused_at": shapes.NOW + DAY}],
)
def test_a_guest_that_was_paused_here_moves(pause):
    step = only(drain(server(1, **PAUSED), paused=paused_fleet(**pause)))
    assert isinstance(step, Step)


def test_a_pause_that_cannot_be_read_keeps_the_guest():
    unread = paused_fleet(migrations=Unread("503"))
    stay = only(drain(server(1, **PAUSED), paused=unread))
    assert isinstance(stay, Skipped)
    assert "503" in stay.reasons[0]


def test_a_server_that_stays_says_how_it_can_move():
    stay = only(drain(server(1, locked=True)))
    assert stay.next_step.endswith("openstack server unlock vm1")


@pytest.mark.parametrize(
    "changes, shared, number",
    [
        ({}, {}, 1),
        ({}, {"DISK_GB": "pool"}, 0),
        ({"image_id": None}, {}, 0),
        (OFF, {}, 0),
    ],
)
def test_local_disks_that_would_have_to_be_shared(changes, shared, number):
    one = fleet(
        [place("HostB", shared=shared), place("HostC")],
        [server(1, **changes)],
    )
    plan = planning.drain(one, planning.Request(hosts=("HostB",)))
    assert plan.steps
    assert planning.local_disks(one, plan) == number
