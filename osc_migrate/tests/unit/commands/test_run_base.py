"""How a run is drawn, and what its end looks like."""

import argparse
import dataclasses
import os
import signal
import types

import pytest

from osc_migrate.checks.findings import Status
from osc_migrate.commands import base, run_base, run_drawing
from osc_migrate.maintenance.planning.plan import Purpose
from osc_migrate.maintenance.running.results import (
    Look,
    MoveProgress,
    Result,
    Row,
    RunEvent,
    RunVerdict,
)
from osc_migrate.migration.progress import Progress


def look(*events, moving=(), done=0, total=2, left=None):
    counts = {Result.MOVED: done}
    return Look(
        *("run-1", 3.0, done, total, counts, tuple(moving), events, left)
    )


def moving(phase="running", server="vm1", **changes):
    seen = Progress(phase, phase, 1.0, **changes)
    return MoveProgress(server, "HostB", "HostC", seen)


def row(outcome=Result.MOVED, **changes):
    return Row(
        **{
            "server": "vm1",
            "id": "id-1",
            "source": "HostB",
            "destination": "HostC",
            "how": "live",
            "outcome": outcome,
        }
        | changes
    )


def test_a_line_for_each_event_and_each_that_begins():
    looks = [
        look(RunEvent("its service is disabled")),
        look(moving=[moving("queued")]),
        look(moving=[moving()]),
        look(moving=[moving()]),
        look(RunEvent("moved to HostC in 3 s", "vm1"), done=1),
    ]
    assert list(run_drawing.lines(looks)) == [
        "[0/2] its service is disabled",
        "vm1: running (HostB -> HostC)",
        "[1/2] vm1: moved to HostC in 3 s",
    ]


def test_nothing_steers_a_terminal(capsys):
    run_drawing.draw([look(RunEvent("\x1b[31mred", "vm\n1"))])
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert err.count("\n") == 1


def test_a_terminal_has_bars(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    one = moving(memory_total=1024, memory_remaining=512, rate=100.0)
    run_drawing.draw(
        [
            look(
                RunEvent("did not move", "vm2", True), moving=[one], left=61.0
            ),
            look(done=2),
        ]
    )
    err = capsys.readouterr().err
    assert "vm1" in err
    assert "1:01 left" in err
    assert "vm2: did not move" in err


@pytest.mark.parametrize(
    ("outcome", "reason", "status"),
    [
        (Result.MOVED, "", Status.PASS),
        (Result.GONE, "it is on HostC already", Status.PASS),
        (Result.MOVED, "ports-are-bound", Status.WARN),
        (Result.LEFT, "a wish", Status.FAIL),
        (Result.FAILED, "no", Status.FAIL),
        (Result.STOPPED, "", Status.FAIL),
        (Result.WAITS, "", Status.FAIL),
        (Result.RUNNING_ON, "", Status.UNKNOWN),
        (Result.NOT_BEGUN, "", Status.UNKNOWN),
    ],
)
def test_every_outcome_has_a_finding(outcome, reason, status):
    assert run_base.finding(row(outcome, reason=reason)).status is status


def test_every_verdict_has_an_exit_code():
    assert set(run_base.EXIT) == set(RunVerdict)
    assert run_base.EXIT[RunVerdict.SHORT] == base.NOT_MOVED == 4
    assert run_base.EXIT[RunVerdict.NOTHING] == base.NOT_SAFE == 3


def test_one_ctrl_c_stops_and_two_leave():
    deeds = []
    run = types.SimpleNamespace(
        stop=lambda why: deeds.append(f"stop: {why}"),
        abandon=lambda: deeds.append("abandon"),
    )
    before = signal.getsignal(signal.SIGINT)
    with run_base.interruptible(run):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert deeds == ["stop: interrupted", "abandon"]
    assert signal.getsignal(signal.SIGINT) is before


def test_off_a_terminal_each_move_has_a_line_a_minute():
    """One that never converged printed nothing for ten minutes."""
    one, two = moving(stalled=True), moving("queued", "vm2")
    looks = [
        dataclasses.replace(look(moving=[one, two]), elapsed=float(second))
        for second in range(0, 181, 20)
    ]
    found = list(run_drawing.lines(looks))
    stalled = "not converging: what remains does not fall"
    assert found[0] == "vm1: running (HostB -> HostC)"
    assert [line for line in found[1:] if "vm1" in line] == [
        f"vm1: running (HostB -> HostC)  {stalled}  0:01"
    ] * 3
    assert [line for line in found if "vm2" in line] == [
        "vm2: queued (HostB -> HostC)  0:01"
    ] * 3


@pytest.fixture
def parser():
    made = argparse.ArgumentParser()
    run_base.add_options(made)
    return made


def test_a_run_that_keeps_going_has_no_limit_of_failures(parser):
    asked = parser.parse_args(["--keep-going"])
    assert run_base.options_of(asked).max_failures > 10**6
    assert run_base.options_of(parser.parse_args([])).max_failures == 3
    with pytest.raises(SystemExit):
        parser.parse_args(["--keep-going", "--max-failures", "2"])


@pytest.mark.parametrize(
    ("words", "level", "quiet"),
    [([], 1, False), (["--quiet"], 1, True), ([], 0, True)],
)
def test_openstack_takes_quiet_as_well(parser, words, level, quiet):
    """It finds the option wherever it stands, and keeps it for itself."""
    options = types.SimpleNamespace(verbose_level=level)
    command = types.SimpleNamespace(app=types.SimpleNamespace(options=options))
    assert run_base.is_quiet(command, parser.parse_args(words)) is quiet


@pytest.mark.parametrize("words", [[], ["--quiet"]])
def test_a_quiet_run_shows_its_end_alone(parser, capsys, words):
    ended = types.SimpleNamespace(
        id="run-1",
        plan=types.SimpleNamespace(steps=[1], stays=[], purpose=Purpose.DRAIN),
        looks=lambda: iter([look(RunEvent("disabled", "HostB"), done=1)]),
        verdict=RunVerdict.DONE,
        rows=[row()],
        emptied=("HostB",),
    )
    command = types.SimpleNamespace(exit_code=None)
    arguments = parser.parse_args(words)
    _, rows = run_base.execute(command, arguments, ended)
    shown = capsys.readouterr().err
    assert ("1 to move" in shown, "disabled" in shown) == ((not words,) * 2)
    assert len(list(rows)) == 1
    assert command.exit_code == 0
