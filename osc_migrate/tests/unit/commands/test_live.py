import dataclasses
import json

import pytest

from osc_migrate import errors
from osc_migrate.commands.live import Live
from osc_migrate.explain.joiner import explain
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.outcome import End, Outcome
from osc_migrate.migration.progress import Progress
from osc_migrate.tests.unit import past, shapes
from osc_migrate.tests.unit.commands.desk import Desk

MOVED = Outcome(
    end=End.MOVED,
    server="vm1",
    id="1111",
    kind="live",
    source="HostB",
    destination="HostC",
    status="completed",
    migration_id=7,
    seconds=4.2,
    memory_bytes=9,
    disk_bytes=0,
)
LOOKS = [
    Progress("accepted", "accepted", 0),
    Progress("running", "running", 1),
]


class FakeMove:
    migration_id = 7

    def __init__(self, looks=(), end=MOVED, stop=None):
        self.looks, self.end, self.stop = looks, end, stop
        self.found = False

    def follow(self, timeout, stall_after=15):
        self.timeout = timeout
        yield from self.looks
        if self.stop:
            raise self.stop

    def find(self):
        self.found = True

    def outcome(self, waited, reach):
        self.waited = waited
        return self.end


class FakeMover:
    def __init__(self, move, facts=None):
        self.move, self._facts = move, facts or shapes.move()
        self.started, self.asked = [], []

    def facts(self, server, host):
        self.asked.append((server, host))
        return self._facts

    def facts_after(self, server):
        return self.facts(server, None)

    def live(self, facts, auto):
        self.started.append(auto)
        if isinstance(self.move, BaseException):
            raise self.move
        return self.move


def ended(end, **changes):
    return FakeMove(LOOKS, dataclasses.replace(MOVED, end=end, **changes))


def test_a_success(capsys):
    mover = FakeMover(FakeMove(LOOKS))
    desk = Desk(mover)
    assert desk.run(Live, "vm1", "HostC", "-f", "json") == 0
    assert list(json.loads(desk.out)) == list(Outcome.COLUMNS)
    # Before the move, and what is left after it.
    assert mover.asked == [("vm1", "HostC"), ("1111", None)]
    assert mover.started == [False]
    out, err = capsys.readouterr()
    assert err == (
        "  1 not checked: shared storage; --nodes checks it\n"
        "vm1: accepted\nvm1: running\n"
        "vm1 moved HostB -> HostC in 4 s\n"
    )
    assert out == ""


@pytest.mark.parametrize(
    "end, code",
    [
        (End.MOVED, 0),
        (End.ACCEPTED, 0),
        (End.NOT_MOVED, 4),
        (End.RUNNING_ON, 5),
    ],
)
def test_exit_codes(end, code):
    desk = Desk(FakeMover(ended(end)))
    assert desk.run(Live, "vm1", "HostC", "-f", "json") == code
    assert json.loads(desk.out)["server"] == "vm1"


def test_not_safe_changes_nothing(capsys):
    facts = shapes.move(destination=shapes.host(status="disabled"))
    mover = FakeMover(FakeMove(), facts)
    desk = Desk(mover)
    assert desk.run(Live, "vm1", "HostC", "-f", "json") == 3
    assert mover.started == []
    assert desk.out == ""
    err = capsys.readouterr().err
    assert "nothing was changed" in err
    assert "FAIL destination-is-enabled (HostC)" in err
    assert "set --enable HostC nova-compute" in err
    assert "server-is-running" not in err


def test_ignored_checks_are_warnings(capsys):
    facts = shapes.move(server=shapes.server(locked=True))
    desk = Desk(FakeMover(FakeMove(), facts))
    assert desk.run(Live, "vm1", "--ignore", "server-is-unlocked") == 0
    assert "WARN server-is-unlocked" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--ignore", "server-is-runing"], "did you mean 'server-is-running'"),
        (["--ignore", "all"], "no check is called 'all'"),
        (["--timeout", "0"], "positive number of seconds"),
        (["--timeout", "nan"], "positive number of seconds"),
        (["--timeout", "inf"], "positive number of seconds"),
        (["--timeout", "soon"], "positive number of seconds"),
        (["--wait", "--no-wait"], "not allowed with"),
    ],
)
def test_wrong_usage(capsys, words, complaint):
    with pytest.raises(SystemExit) as stop:
        Desk(FakeMover(FakeMove())).run(Live, "vm1", *words)
    assert stop.value.code == 2
    assert complaint in capsys.readouterr().err


def test_time_up_prints_what_is_known():
    desk = Desk(FakeMover(FakeMove(LOOKS, MOVED, TimeUp())))
    assert desk.run(Live, "vm1", "--timeout", "5", "-f", "json") == 0
    assert json.loads(desk.out)["migration_id"] == 7


def test_no_wait():
    move = ended(End.ACCEPTED)
    assert Desk(FakeMover(move)).run(Live, "vm1", "--no-wait") == 0
    assert move.found and not move.waited


def test_auto():
    mover = FakeMover(FakeMove())
    Desk(mover).run(Live, "vm1", "--auto")
    assert mover.started == [True]


@pytest.mark.parametrize(
    "stop", [KeyboardInterrupt(), errors.ApiError("Nova", "x", 401, "no")]
)
def test_whatever_ends_the_following_tells_how_to_go_on(capsys, stop):
    desk = Desk(FakeMover(FakeMove(LOOKS, stop=stop)))
    with pytest.raises(type(stop)):
        desk.run(Live, "vm1", "HostC")
    err = capsys.readouterr().err
    assert "The move of vm1 continues" in err
    assert "migrate watch vm1" in err
    assert "migrate abort vm1" in err
    assert desk.out == ""


def test_ctrl_c_during_the_request_is_no_promise(capsys):
    with pytest.raises(KeyboardInterrupt):
        Desk(FakeMover(KeyboardInterrupt())).run(Live, "vm1")
    assert "may have reached Nova" in capsys.readouterr().err


def test_a_refused_request_is_not_said_to_go_on(capsys):
    refusal = errors.ApiError("Nova", "live-migrate vm1", 409, "busy")
    with pytest.raises(errors.ApiError):
        Desk(FakeMover(refusal)).run(Live, "vm1")
    assert "go" not in capsys.readouterr().err


def test_a_failure_is_explained_on_stderr(capsys):
    explanation = explain(
        past.history(),
        past.attempt(*past.refused("HostC is not on shared storage: x")),
        newest=True,
    )
    move = ended(
        End.NOT_MOVED,
        reason="why",
        next=explanation.next,
        location="it is still running on HostB",
        explanation=explanation,
    )
    desk = Desk(FakeMover(move))
    assert desk.run(Live, "vm1", "HostC", "-f", "json") == 4
    told = capsys.readouterr().err
    verdict, *steps = told[told.index("vm1 did not move:") :].splitlines()
    assert verdict == (
        "vm1 did not move: the hosts do not share the server's disks, and"
        " copying them was not allowed; it is still running on HostB"
    )
    assert steps == [
        "  1. mount the shared storage on both hosts, or move it with"
        " 'openstack migrate block', which copies the disks",
        "  2. for all that is known: openstack migrate explain vm1",
    ]
    # Each thing once.
    assert "  meaning: " not in told and "  next: " not in told
    assert "  failed_host: HostC" in told
    assert "  cause: shared-storage-missing" in told
    assert "explanation" not in json.loads(desk.out)


@pytest.mark.parametrize(
    "words, how",
    [
        (None, "vm1 moved, with problems:"),
        ("Instance vm1 could not be found.", "vm1 did not move:"),
    ],
)
def test_what_is_said_of_a_guest_behind_the_copy(words, how, capsys):
    late = past.event(
        *("compute_post_live_migration_at_destination", "HostC", words),
        finish=past.at(9) if words else None,
    )
    explanation = explain(
        past.history(), past.attempt(*past.prepared(), late), newest=True
    )
    move = ended(End.NOT_MOVED, reason="why", explanation=explanation)
    Desk(FakeMover(move)).run(Live, "vm1", "HostC")
    told = capsys.readouterr().err
    assert how in told


@pytest.mark.parametrize("form", ["table", "value", "shell", "json", "yaml"])
def test_hostile_words_do_not_steer_the_terminal(form, capsys):
    evil = "a\x1b[2Jb\nc"
    facts = shapes.move(server=shapes.server(name=evil))
    move = ended(End.NOT_MOVED, server=evil, reason=evil)
    desk = Desk(FakeMover(move, facts))
    desk.run(Live, "x", "-f", form)
    for text in (desk.out, capsys.readouterr().err):
        assert "\x1b" not in text
