import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.transport.connection_errors import NodeLost
from osc_migrate.nodes.transport.sessions import Sessions, visit
from osc_migrate.nodes.transport.target import Target


@pytest.fixture
def targets():
    return {name: Target(name, "local://") for name in ("a", "b", "c")}


def test_each_node_gets_its_own_shell(targets):
    found = visit(
        targets, lambda shell: (shell.name, shell.run("echo $$").out)
    )
    assert [name for name, _ in found.values()] == list(targets)
    assert len({number for _, number in found.values()}) == 3


def test_no_nodes():
    assert visit({}, lambda shell: 1) == {}


def test_trouble_of_one_is_no_trouble_of_others(targets):
    targets["lost"] = Target("lost", "docker://none")

    def work(shell):
        if shell.name == "a":
            raise ValueError("oh\033")
        if shell.name == "b":
            raise Unread("not told")
        return 1

    found = visit(targets, work)
    assert found["a"].reason == "ValueError: oh\\x1b"
    assert found["b"].reason == "not told"
    assert found["c"] == 1
    assert isinstance(found["lost"], NodeLost)


def test_phases_share_the_sessions(targets):
    targets["lost"] = Target("lost", "docker://none")
    with Sessions(targets, forks=2) as sessions:
        first = sessions.each(lambda shell: shell.run("echo $$").out)
        second = sessions.each(
            lambda shell: (shell.run("echo $$").out, first["a"])
        )
        assert list(sessions.lost) == ["lost"]
        some = sessions.each(lambda shell: shell.name, ["c", "a"])
    assert list(some.items()) == [("c", "c"), ("a", "a")]
    assert second["c"] == (first["c"], first["a"])
    assert second["lost"].reason == first["lost"].reason


def test_a_single_visit_keeps_nothing_open(targets):
    with Sessions(targets) as sessions:

        def number(shell):
            return shell.run("echo $$").out

        first = sessions.each(number, keep_open=False)
        assert all(gone(found) for found in first.values())
        second = sessions.each(number)
        assert sessions.each(number) == second
    assert set(first.values()).isdisjoint(second.values())


def gone(number):
    return not pathlib.Path("/proc", number.strip()).exists()


def test_forks_bound_what_is_open(targets):
    now = threading.Semaphore(2)

    def work(shell):
        assert now.acquire(blocking=False)
        time.sleep(0.05)
        now.release()
        return 1

    assert set(visit(targets, work, forks=2).values()) == {1}


def test_they_are_visited_at_once(targets):
    together = threading.Barrier(3)
    assert set(visit(targets, lambda _: together.wait(5) >= 0).values()) == {
        True
    }


def test_an_answer_that_does_not_come_costs_its_node(targets):
    def work(shell):
        slow = {
            "x": Question("sleep 9", limit=0.1 if shell.name == "a" else 1)
        }
        return shell.ask(slow if shell.name == "a" else {})

    found = visit(targets, work)
    assert found["a"]["x"].reason == "no answer within 0.1 s"
    assert found["b"] == {}


SCRIPT = """
from osc_migrate.nodes.transport.target import Target
from osc_migrate.nodes.transport.sessions import visit

def work(shell):
    print("ready\\n", end="", flush=True)
    shell.run("sleep 619", limit=60)

visit({str(n): Target(str(n), "local://") for n in range(30)}, work, forks=5)
"""


@pytest.mark.long
def test_ctrl_c_ends_it_at_once():
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        for _ in range(5):
            assert process.stdout.readline() == "ready\n"
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=200)
    assert time.monotonic() - begin < 5
    assert "KeyboardInterrupt" in err
    left = subprocess.run(
        ["ps", "-eo", "stat,args"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [x for x in left if "sleep 619" in x and "-c" not in x] == []
