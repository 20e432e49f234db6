"""How a server moves, or why it stays."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.maintenance.planning.plan import Skipped, Step
from osc_migrate.tests.unit.maintenance.planning.drains import OFF, drain, only
from osc_migrate.tests.unit.maintenance.planning.fleets import server

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
        ({"status": "VERIFY_RESIZE"}, {}, "waits to be confirmed", False),
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
