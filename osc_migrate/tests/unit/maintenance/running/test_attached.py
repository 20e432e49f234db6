"""A run of another process, followed by its journal and asked to stop."""

import os
import subprocess
import sys

import pytest

from osc_migrate import errors
from osc_migrate.maintenance.planning.plan import (
    Plan,
    Purpose,
    Skipped,
    Step,
    Way,
)
from osc_migrate.maintenance.planning.request import Request
from osc_migrate.maintenance.running import attached, process, stored_plan
from osc_migrate.maintenance.running.attached import Attached
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.process import Presence
from osc_migrate.maintenance.running.results import Result, Row, RunVerdict
from osc_migrate.maintenance.running.stored_plan import Order
from osc_migrate.migration.progress import Progress

ENDED = process.current() | {"started": 1}


def uuid(number):
    return f"{number:08}-0000-4000-8000-000000000000"


def step(number):
    return Step(
        number, 0, f"vm{number}", uuid(number), Way.LIVE, "HostB", "HostC",
        "there is room", {},
    )  # fmt: skip


def row(number, outcome=Result.MOVED, **changes):
    values = {
        "server": f"vm{number}",
        "id": uuid(number),
        "source": "HostB",
        "destination": "HostC",
        "how": "live",
        "outcome": outcome,
        "seconds": 3.0,
    }
    return Row(**values | changes)


def data(row):
    return {"row": vars(row)}


@pytest.fixture
def journal(tmp_path):
    """Of a drain of two servers, and one that stays; it is at work."""
    journal = Journal.create(tmp_path)
    stays = (Skipped("vm3", uuid(3), "HostB", ("excluded",), wanted=True),)
    plan = Plan(
        Purpose.DRAIN,
        "https://nova.test",
        "2026-11-23T10:00:00+00:00",
        ("HostB",),
        (step(0), step(1)),
        stays,
        {},
    )
    stored_plan.write(journal, Order(plan, Request(hosts=("HostB",))))
    journal.note("begin", process=process.current())
    yield journal
    journal.close()


def ask(journal, number):
    journal.note(
        "move", uuid(number), after=0, status="ACTIVE", way="live",
        source="HostB", destination="HostC",
    )  # fmt: skip


def follow(journal, *turns, progress=None):
    """The run and its looks; a turn is done after each of them."""
    waiting = list(turns)

    def pause(_seconds):
        waiting.pop(0)()

    run = Attached(journal.run, journal.path.parent)
    counters = progress or {}
    return run, list(run.looks(lambda: counters, pause))


def end(journal, verdict="done", came=()):
    return lambda: journal.note("end", verdict=verdict, came=list(came))


def test_to_its_end(journal):
    def first():
        ask(journal, 0)
        journal.note("accepted", uuid(0), request="req-1", migration=7)

    def second():
        journal.note("row", uuid(0), **data(row(0)))
        ask(journal, 1)

    def third():
        journal.note("row", uuid(1), **data(row(1)))
        end(journal)()

    running = Progress("running", "running", 1.0)
    run, looks = follow(journal, first, second, third, progress={7: running})
    assert [(look.done, look.total) for look in looks] == [
        (1, 3), (1, 3), (2, 3), (3, 3),
    ]  # fmt: skip
    (moving,) = looks[1].moving
    assert (moving.server, moving.source, moving.destination) == (
        "vm0",
        "HostB",
        "HostC",
    )
    assert moving.progress is running
    # Nova was not asked yet, or does not answer.
    assert looks[2].moving[0].progress.phase == "under way"
    events = [str(event) for look in looks for event in look.events]
    assert events == [
        "vm0: moved to HostC in 3 s",
        "vm1: moved to HostC in 3 s",
    ]
    assert run.verdict is RunVerdict.DONE
    assert [(r.server, r.outcome) for r in run.rows] == [
        ("vm0", Result.MOVED),
        ("vm1", Result.MOVED),
        ("vm3", Result.LEFT),
    ]


def test_what_happened_before_is_counted_and_not_repeated(journal):
    journal.note("row", uuid(0), **data(row(0)))
    _, looks = follow(journal, end(journal))
    assert looks[0].done == 2
    assert looks[0].events == ()


@pytest.mark.parametrize(
    ("kind", "id", "fields", "text", "warning"),
    [
        ("disabled", "", {"host": "HostB"}, "is disabled", False),
        ("enable", "", {"host": "HostB", "reason": None}, "enabled", False),
        ("refused", uuid(0), {"reason": "no"}, "vm0: did not begin: no", True),
        ("abort", uuid(0), {}, "vm0: stalled: aborting", True),
        ("stopping", "", {"reason": "3 failed"}, "begins: 3 failed", True),
        (
            "again",
            uuid(0),
            {"way": "live", "destination": None, "why": "full"},
            "vm0: replanned: live to any host, as full",
            False,
        ),
    ],
)
def test_each_event(journal, kind, id, fields, text, warning):
    def turn():
        journal.note(kind, id, **fields)
        end(journal)()

    _, looks = follow(journal, turn)
    (event,) = looks[-1].events
    assert text in str(event)
    assert event.warning is warning


def test_a_line_of_a_later_version_is_passed_over(journal):
    def turn():
        journal.note("again", uuid(0), way="live")
        journal.note("new", uuid(0), text="x")
        end(journal)()

    run, looks = follow(journal, turn)
    assert looks[-1].events == ()
    assert run.verdict is RunVerdict.DONE


def test_servers_that_came_are_in_the_table(journal):
    came = vars(row(9, Result.LEFT))
    run, _ = follow(journal, end(journal, "short", [came]))
    assert run.verdict is RunVerdict.SHORT
    assert run.rows[-1].server == "vm9"


def test_what_was_not_begun_is_said_so(journal):
    def turn():
        late = row(0, Result.NOT_BEGUN, reason="interrupted")
        journal.note("row", uuid(0), **data(late))
        end(journal, "interrupted")()

    run, _ = follow(journal, turn)
    assert run.verdict is RunVerdict.INTERRUPTED
    assert run.rows[0].reason == "interrupted"


def test_a_run_that_has_ended_took_as_long_as_it_did(journal):
    end(journal)()
    begun_at, ended_at = (e.at for e in journal.entries("begin", "end"))
    _, looks = follow(journal)
    assert looks[-1].elapsed == (ended_at - begun_at).total_seconds()


def test_what_was_not_begun_has_the_reason_of_the_run(journal):
    def turn():
        journal.note("stopping", reason="3 failed")
        end(journal, "short")()

    run, _ = follow(journal, turn)
    assert [row.reason for row in run.rows] == [
        "3 failed",
        "3 failed",
        "excluded",
    ]


def test_a_process_that_died_is_no_end(journal):
    journal.note("begin", process=ENDED)
    with pytest.raises(errors.MigrateError, match="drain --resume"):
        follow(journal)


def test_a_cancelled_run(journal):
    with pytest.raises(errors.MigrateError, match="was cancelled"):
        follow(journal, lambda: journal.note("cancelled"))


def test_a_run_that_does_not_exist(tmp_path):
    with pytest.raises(errors.NotFound):
        Attached("20261124-170000-abcd", tmp_path)


# Stopping


def stop(journal):
    return attached.stop(journal.run, journal.path.parent)


CHILD = """
import signal, sys
{handle}
print("ready", flush=True)
sys.stdin.read(1)
"""
HANDLES = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))"


@pytest.fixture
def child():
    """A process that does, or does not, handle SIGTERM."""
    started = []

    def start(handle=HANDLES):
        made = subprocess.Popen(
            [sys.executable, "-S", "-c", CHILD.format(handle=handle)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(made)
        assert made.stdout.readline() == b"ready\n"
        named = process.current() | {
            "pid": made.pid,
            "started": process._started(made.pid),
        }
        return made, named

    yield start
    for made in started:
        made.kill()
        made.wait()
        made.stdout.close()


def test_the_process_of_the_journal_is_asked(journal, child):
    made, named = child()
    journal.note("begin", process=named)
    assert stop(journal).process.pid == made.pid
    assert made.wait(60) == 130


def test_a_process_that_would_die_of_it_is_not_asked(journal, child):
    made, named = child(handle="")
    journal.note("begin", process=named)
    with pytest.raises(errors.MigrateError, match="does not handle SIGTERM"):
        stop(journal)
    assert made.poll() is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        # The ID was given to another process since.
        ({"started": 1}, "drain --resume"),
        ({"boot": "another"}, "on another machine"),
        ({"pid": 2**22 + 1}, "drain --resume"),
    ],
)
def test_no_other_process_is_asked(journal, child, changes, text):
    made, named = child()
    journal.note("begin", process=named | changes)
    with pytest.raises(errors.MigrateError, match=text):
        stop(journal)
    assert made.poll() is None


@pytest.mark.parametrize("pid", [0, -1, 2**40, "1", True])
def test_what_is_no_process_is_not_asked(journal, pid):
    journal.note("begin", process=process.current() | {"pid": pid})
    with pytest.raises(errors.MigrateError, match="does not name its process"):
        stop(journal)


def test_a_run_that_has_ended_is_not_asked(journal):
    end(journal)()
    with pytest.raises(errors.MigrateError, match="has ended"):
        stop(journal)


def test_a_journal_of_an_older_version(journal):
    journal.note("begin")
    with pytest.raises(errors.MigrateError, match="older version"):
        stop(journal)


def test_one_that_ends_in_between_is_not_asked(journal, child, monkeypatch):
    """Its ID may be another's by the time that the signal is sent."""
    made, named = child()
    found = process.read(named)
    answers = [Presence.ALIVE, Presence.ENDED]
    monkeypatch.setattr(
        process.ProcessIdentity, "presence", lambda self: answers.pop(0)
    )
    with pytest.raises(errors.MigrateError, match="it has ended"):
        found.terminate()
    assert made.poll() is None


def test_a_zombie_is_not_at_work(child):
    made, named = child()
    made.stdin.close()
    os.waitid(os.P_PID, made.pid, os.WEXITED | os.WNOWAIT)
    assert process.read(named).presence() is Presence.ENDED


def test_this_process_is_alive():
    assert process.read(process.current()).presence() is Presence.ALIVE
