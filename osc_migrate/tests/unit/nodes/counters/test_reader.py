"""The thread that reads jobs: whatever the node does, no caller waits."""

import threading
import time

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.counters import reader as module
from osc_migrate.nodes.counters.reader import CounterReader

JOB = {"type": 2, "memory_total": 100, "memory_remaining": 60}


class Reader:
    """Answers what it is given; an exception is raised, an event awaited."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.closed = threading.Event()

    def job(self, server_id):
        assert server_id == "id"
        answer = self.answers.pop(0) if self.answers else JOB
        if isinstance(answer, threading.Event):
            answer.set()
            assert self.closed.wait(10)
            raise Unread("the connection was closed")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.closed.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "INTERVAL", 0.01)
    monkeypatch.setattr(module, "_FIRST_RETRY", 0.01)


def until(true):
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_last_reading():
    reader = Reader(JOB | {"memory_remaining": 90})
    with CounterReader(lambda: reader, "id") as gauge:
        until(lambda: (now := gauge.latest()) and now.memory_remaining == 60)
        assert gauge.trouble == ""
    assert reader.closed.is_set()


def test_nothing_moves():
    asked = threading.Event()
    with CounterReader(lambda: Reader({"type": 0}, asked), "id") as gauge:
        assert asked.wait(10)
        assert gauge.latest() is None


def test_a_job_that_is_gone_is_over():
    """Once may be a moment without numbers; before there was one, it has
    not begun."""
    asked = threading.Event()
    answers = [{"type": 0}, {}, JOB, {}, JOB, {}, {}]
    reader = Reader(*answers, asked)
    overs = []
    gauge = CounterReader(lambda: reader, "id")
    for at in range(len(answers)):
        gauge._read(reader)
        last = gauge._last
        overs.append(last and last.over)
        assert last is None or last.memory_remaining == 60, at
    assert overs == [None, None, False, None, False, None, True]


def test_an_old_reading_is_none():
    now = [0.0]
    hung = threading.Event()
    with CounterReader(
        lambda: Reader(JOB, hung), "id", lambda: now[0]
    ) as gauge:
        assert hung.wait(10)
        assert gauge.latest() is not None
        now[0] = module.FRESH + 0.1
        assert gauge.latest() is None


def test_a_reading_that_hangs_is_given_up_and_asked_anew():
    now = [0.0]
    hung = threading.Event()
    readers = [Reader(hung), Reader()]
    first = readers[0]
    with CounterReader(lambda: readers.pop(0), "id", lambda: now[0]) as gauge:
        assert hung.wait(10)
        assert gauge.latest() is None
        assert not first.closed.is_set()
        now[0] = module.HUNG + 0.1
        gauge.latest()
        assert first.closed.is_set()
        until(lambda: gauge.latest() is not None)


@pytest.mark.parametrize("error", [Unread("gone"), RuntimeError("odd")])
def test_trouble_is_told_and_passes(error):
    readers = [Reader(error), Reader()]
    with CounterReader(lambda: readers.pop(0), "id") as gauge:
        until(lambda: gauge.latest() is not None)
    assert readers == []


def test_a_connection_that_cannot_be_made():
    def connect():
        raise Unread("no room")

    with CounterReader(connect, "id") as gauge:
        until(lambda: gauge.trouble == "no room")
        assert gauge.latest() is None


def test_the_end_does_not_wait_for_one_that_ignores_it():
    asked, never = threading.Event(), threading.Event()

    class Deaf(Reader):
        def job(self, server_id):
            asked.set()
            never.wait(20)

    begin = time.monotonic()
    with CounterReader(Deaf, "id"):
        assert asked.wait(10)
    assert time.monotonic() - begin < 15
    never.set()
