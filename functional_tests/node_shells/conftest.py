"""Real sshds on loopback, and who asks them."""

import itertools
import time

import pytest

from functional_tests.node_shells.asked import (
    EXPECTED,
    GOOD,
    LIMITS,
    QUESTIONS,
)
from osc_migrate.facts import Unread
from osc_migrate.nodes.transport.sessions import visit
from osc_migrate.nodes.transport.target import Target
from testbed.endpoints import Endpoints


@pytest.fixture(scope="module")
def sshds(tmp_path_factory):
    with Endpoints(tmp_path_factory.mktemp("sshd")) as endpoints:
        yield endpoints


@pytest.fixture(scope="module")
def good(sshds):
    return Target(GOOD, sshds.start(GOOD))


@pytest.fixture
def ask(good):
    """Asks one node, beside a good one; checks that it ends in time and
    that the good one answers, `waits` seconds before it when that is given.
    """

    def asking(uri, questions=QUESTIONS, limits=LIMITS, waits=0, **more):
        targets = {"node": Target("node", uri, **more), GOOD: good}
        begin = time.monotonic()

        def work(shell):
            asked = QUESTIONS if shell.name == GOOD else questions
            return shell.ask(asked), time.monotonic() - begin

        found = visit(targets, work, limits=limits)
        spent = time.monotonic() - begin
        assert spent < waits + 60
        assert found[GOOD][0] == EXPECTED
        if waits:
            assert found[GOOD][1] < waits <= spent
        answers = found["node"]
        return answers if isinstance(answers, Unread) else answers[0]

    return asking


@pytest.fixture
def script(tmp_path):
    """Makes a program; returns its path."""
    names = itertools.count()

    def make(text, name=""):
        path = tmp_path / (name or f"script{next(names)}")
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return make
