"""Each check's judgement: a fact, the finding, and that no other check
minds."""

import pytest

from osc_migrate import checks
from osc_migrate.model.facts import Unread
from osc_migrate.model.findings import Kind, Status
from osc_migrate.tests.unit import shapes

FAIL, UNKNOWN = Status.FAIL, Status.UNKNOWN


def findings(move, kind=Kind.LIVE, ignored=()):
    report = checks.judge_move(move, kind, ignored)
    return {finding.check: finding for finding in report}


def of_server(**changes):
    return shapes.move(server=shapes.server(**changes))


def of_host(**changes):
    return shapes.move(destination=shapes.host(**changes))


CASES = [
    # (check, facts, status, words of the detail, words of the remedy)
    (
        "server-is-running",
        of_server(status="SHUTOFF"),
        FAIL,
        "SHUTOFF",
        "cold",
    ),
    (
        "server-is-running",
        of_server(status="VERIFY_RESIZE"),
        FAIL,
        "VERIFY_RESIZE",
        "migration confirm vm1",
    ),
    (
        "server-is-running",
        of_server(status="ERROR"),
        FAIL,
        "ERROR",
        "set --state active",
    ),
    (
        "server-is-running",
        of_server(status="SUSPENDED"),
        FAIL,
        "SUSPENDED",
        "bring it",
    ),
    (
        "server-is-running",
        of_server(status=Unread("hidden")),
        UNKNOWN,
        "hidden",
        "",
    ),
    (
        "server-is-idle",
        of_server(task_state="rebooting"),
        FAIL,
        "rebooting",
        "wait",
    ),
    (
        "server-is-idle",
        of_server(task_state=Unread("hidden")),
        UNKNOWN,
        "hidden",
        "",
    ),
    (
        "server-is-unlocked",
        of_server(locked=True),
        FAIL,
        "is locked",
        "unlock",
    ),
    (
        "server-is-unlocked",
        of_server(locked=True, locked_reason="mine"),
        FAIL,
        "locked: mine",
        "unlock vm1",
    ),
    (
        "server-is-unlocked",
        of_server(locked=True, locked_reason=Unread("old")),
        FAIL,
        "is locked",
        "unlock vm1",
    ),
    (
        "server-is-unlocked",
        of_server(locked=Unread("2.1")),
        UNKNOWN,
        "2.1",
        "",
    ),
    (
        "destination-exists",
        shapes.move(wanted="HostX", destination=None),
        FAIL,
        "'HostX'",
        "did you mean Host",
    ),
    (
        "destination-exists",
        shapes.move(wanted="qq", destination=None),
        FAIL,
        "'qq'",
        "service list",
    ),
    (
        "destination-is-elsewhere",
        of_host(name="HostB"),
        FAIL,
        "already",
        "another",
    ),
    (
        "destination-is-not-forced-down",
        of_host(forced_down=True, state="down"),
        FAIL,
        "forced down",
        "set --up",
    ),
    (
        "destination-is-not-forced-down",
        of_host(forced_down=Unread("2.1")),
        UNKNOWN,
        "2.1",
        "",
    ),
    (
        "destination-is-up",
        of_host(state="down"),
        FAIL,
        "last heard of 2026-11-23 10:00:00 UTC",
        "systemctl",
    ),
    (
        "destination-is-up",
        of_host(state="down", updated_at=None),
        FAIL,
        "never",
        "systemctl",
    ),
    (
        "destination-is-enabled",
        of_host(status="disabled"),
        FAIL,
        "disabled",
        "set --enable HostC",
    ),
    (
        "destination-is-enabled",
        of_host(status="disabled", disabled_reason="disk swap"),
        FAIL,
        "disabled: disk swap",
        "if that is over",
    ),
    (
        "destination-has-room",
        shapes.move(room=shapes.room(fits=False, free={"VCPU": 9})),
        FAIL,
        "512 MEMORY_MB needed, 0 free",
        "describe-resource HostC",
    ),
    (
        "destination-has-room",
        shapes.move(room=shapes.room(fits=False)),
        FAIL,
        "no candidate",
        "describe-resource",
    ),
    (
        "destination-has-room",
        shapes.move(room=Unread("403")),
        UNKNOWN,
        "403",
        "",
    ),
]


@pytest.mark.parametrize(
    "check, move, status, detail, remedy",
    CASES,
    ids=[f"{case[0]}-{n}" for n, case in enumerate(CASES)],
)
def test_one_fact_is_one_finding(check, move, status, detail, remedy):
    found = findings(move)
    assert found[check].status is status
    assert detail in found[check].detail
    assert remedy in found[check].remedy
    others = [f for f in found.values() if f.check != check]
    assert {f.status for f in others} <= {Status.PASS, Status.SKIP}


def test_every_check_has_a_case_that_it_reports():
    proven = {case[0] for case in CASES if case[2] is FAIL}
    # Its only answers are a host and, for a server without one, SKIP.
    assert {c.id for c in checks.MOVE} - proven == {"server-host-is-known"}


def test_a_healthy_move_passes_every_check():
    assert {f.status for f in findings(shapes.move()).values()} == {
        Status.PASS
    }


@pytest.mark.parametrize("status", ["ACTIVE", "PAUSED"])
def test_paused_servers_move_live_too(status):
    assert findings(of_server(status=status))["server-is-running"].status == 0


def test_a_cold_move_needs_no_running_server():
    found = findings(of_server(status="SHUTOFF"), Kind.COLD)
    assert "server-is-running" not in found


def test_without_a_host_the_scheduler_chooses():
    move = shapes.move(wanted=None, destination=None, room=Unread("none"))
    found = findings(move)
    for name, finding in found.items():
        wanted = Status.SKIP if name.startswith("dest") else Status.PASS
        assert finding.status is wanted, name


def test_services_unread_are_unknown_not_pass():
    move = shapes.move(destination=Unread("403"), hosts=Unread("403"))
    found = findings(move)
    for name, finding in found.items():
        if name.startswith("destination"):
            assert finding.status is UNKNOWN, name


def test_a_server_without_shown_host_is_unknown():
    found = findings(of_server(host=Unread("hidden")))
    assert found["server-host-is-known"].status is UNKNOWN


def test_an_ignored_check_is_still_shown():
    move = of_host(status="disabled")
    report = checks.judge_move(move, Kind.LIVE, ["destination-is-enabled"])
    (warning,) = report.warnings
    assert warning.check == "destination-is-enabled"
    assert "(ignored FAIL)" in warning.detail
    assert report.safe


def test_ignoring_one_check_softens_no_other():
    move = shapes.move(
        server=shapes.server(locked=True),
        destination=shapes.host(status="disabled"),
    )
    report = checks.judge_move(move, Kind.LIVE, ["server-is-unlocked"])
    assert [f.check for f in report.problems] == ["destination-is-enabled"]


def test_a_check_that_breaks_is_unknown_alone():
    move = shapes.move(server=shapes.server(status=["odd"]))
    found = findings(move)
    assert found["server-is-running"].status is UNKNOWN
    assert "broke" in found["server-is-running"].detail
    assert found["server-is-idle"].status is Status.PASS


def test_titles_and_ids_are_well_formed():
    ids = [c.id for c in checks.MOVE]
    assert len(set(ids)) == len(ids)
    for check in checks.MOVE:
        assert check.title and not check.title.endswith(".")


def test_hostile_names_do_not_reach_a_remedy():
    move = shapes.move(
        server=shapes.server(name="$(reboot)", locked=True),
        wanted="$(halt)",
        destination=shapes.host(name="$(halt)", status="disabled"),
    )
    for finding in findings(move).values():
        assert "$(reboot)" not in finding.remedy
        assert "$(halt)" not in finding.remedy.replace("'$(halt)'", "")
