import io
import sys

import pytest

from osc_migrate.commands import base
from osc_migrate.commands.ending import Ending, elapsed_text, steps_of
from osc_migrate.commands.live import Live
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.commands.test_live import (
    LOOKS,
    MOVED,
    End,
    FakeMove,
    FakeMover,
    ended,
)


@pytest.mark.parametrize(
    "advice, steps",
    [
        ("", ()),
        ("openstack migrate watch vm1", ("openstack migrate watch vm1",)),
        (
            "on HostC: grep 7 in nova-compute's log, near 'a; b'; or: look",
            ("on HostC: grep 7 in nova-compute's log, near 'a; b'", "look"),
        ),
        # The name of a server, quoted for a shell.
        (
            "openstack server show 'x; reboot'\"'\"'; y'; again",
            ("openstack server show 'x; reboot'\"'\"'; y'", "again"),
        ),
        ("once; once", ("once",)),
        # The verdict has said that.
        (
            "Nova left it in ERROR. To reset it: openstack migrate repair vm1",
            ("to reset it: openstack migrate repair vm1",),
        ),
    ],
)
def test_an_advice_is_cut_into_steps(advice, steps):
    assert steps_of(advice) == steps


def test_a_long_step_has_its_command_on_a_separate_line():
    about = "by hand, once it is seen on that host and nowhere else besides"
    command = "openstack server set --state active vm1"
    ending = Ending("vm1 did not move", (f"{about}: {command}", "look again"))
    assert list(ending.lines) == [
        "vm1 did not move",
        f"  1. {about}:",
        f"     {command}",
        "  2. look again",
    ]


@pytest.mark.parametrize(
    "seconds, words",
    [(0.2, "0 s"), (29.4, "29 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_how_long_it_took(seconds, words):
    assert elapsed_text(seconds) == words


def test_the_verdict_follows_the_table(monkeypatch):
    """Both streams lead to one terminal."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    desk = Desk(FakeMover(FakeMove(LOOKS)))
    desk.app.stdout = screen
    assert desk.run(Live, "vm1", "HostC", "-f", "table") == 0
    lines = screen.getvalue().splitlines()
    assert lines[-2].startswith("+--")
    assert lines[-1] == "vm1 moved HostB -> HostC in 4 s"


@pytest.mark.parametrize("form", ["json", "yaml", "value", "shell"])
def test_formats_for_programs_have_every_column(form):
    move = ended(End.NOT_MOVED, reason="a reason", next="a step")
    desk = Desk(FakeMover(move))
    desk.run(Live, "vm1", "HostC", "-f", form)
    assert "a reason" in desk.out and "a step" in desk.out


def test_a_table_leaves_to_the_verdict_what_that_says(capsys):
    move = ended(End.NOT_MOVED, reason="a reason", next="a step")
    desk = Desk(FakeMover(move))
    desk.run(Live, "vm1", "HostC", "-f", "table")
    assert "a reason" not in desk.out and "a step" not in desk.out
    err = capsys.readouterr().err
    assert err.count("a reason") == err.count("a step") == 1
    desk = Desk(FakeMover(move))
    desk.run(Live, "vm1", "HostC", "-f", "table", "-c", "reason")
    assert "a reason" in desk.out


def test_a_verdict_without_a_reader_keeps_the_exit_code(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

        def fileno(self):
            raise ValueError

    monkeypatch.setattr(sys, "stderr", Gone())
    base.say_ending(Ending("vm1 moved"))


def test_without_hosts_the_route_is_left_out(capsys):
    move = FakeMove(LOOKS)
    move.end = type(MOVED)(**vars(MOVED) | {"source": None})
    Desk(FakeMover(move)).run(Live, "vm1", "-f", "json")
    assert capsys.readouterr().err.endswith("vm1 moved in 4 s\n")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_sentence_is_not_broken_within_a_word(
    monkeypatch, capsys, is_terminal
):
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    step = "openstack migrate explain a-server-with-a-name --nodes"
    base.say_ending(Ending("vm1 did not move: it is ERROR, a\x1b[2J", (step,)))
    sentence = ["vm1 did not move: it is ERROR,", r"a\x1b[2J"]
    if not is_terminal:
        sentence = [" ".join(sentence)]
    assert capsys.readouterr().err.splitlines() == [*sentence, f"  1. {step}"]
