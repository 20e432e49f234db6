"""Every known cause, shown by a message from a real cloud."""

import re
import time

import pytest

from osc_migrate.explain import causes
from osc_migrate.nodes.node_checks import all_checks
from osc_migrate.tests.unit.explain.cause_messages import MESSAGES
from osc_migrate.tests.unit.explain.cause_messages.hypervisor import CONNECT
from osc_migrate.tests.unit.explain.corpus import CORPUS


@pytest.mark.parametrize(
    "id, message", [(i, m) for i, _, m in MESSAGES], ids=lambda v: v[:40]
)
def test_a_message_shows_its_cause_and_none_before(id, message):
    assert causes.find([message]).id == id
    # As explain has it: on one line.
    assert causes.find([" ".join(message.split())]).id == id


def test_every_cause_has_a_message():
    shown = [id for id, _, _ in (*MESSAGES, *CORPUS)]
    assert {cause.id for cause in causes.CAUSES} == set(shown) - {""}
    assert len({cause.id for cause in causes.CAUSES}) == len(causes.CAUSES)


def test_checks_that_are_named_are_real():
    real = {check.id for check in all_checks()}
    named = {cause.check for cause in causes.CAUSES if cause.check}
    assert named - real == set()


@pytest.mark.parametrize("cause", causes.CAUSES, ids=lambda c: c.id)
def test_a_cause_says_what_and_what_to_do(cause):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cause.id)
    assert 10 < len(cause.meaning) <= 130
    assert 10 < len(cause.remedy) <= 150
    assert (
        len(cause.batch_remedy) <= 150 and cause.batch_remedy != cause.remedy
    )
    # A run has options where this is a single server's command.
    alone = re.search(r"openstack migrate (block|live|cold)", cause.remedy)
    assert bool(cause.batch_remedy) == bool(alone)
    assert not cause.meaning.endswith(".") and cause.source


SUMMARY = "No valid host was found. There are not enough hosts available."


@pytest.mark.parametrize(
    "id, message",
    [(i, m) for i, _, m in MESSAGES if not causes.cause_by_id(i).summary],
    ids=lambda v: v[:40],
)
def test_a_summary_is_never_the_cause(id, message):
    assert causes.find([SUMMARY, message]).id == id


def test_summaries_are_last():
    flags = [cause.summary for cause in causes.CAUSES]
    assert flags == sorted(flags) and any(flags)


def test_what_nobody_knows_has_no_cause():
    assert causes.find([]) is None
    assert causes.find(["", "injected failure"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        " " * 1_000_000,
        "Stderr: '" * 110_000,
        "Compute host " * 77_000,
        f"{CONNECT}'" * 32_000,
        "PCI device request " * 52_000,
    ],
    ids=lambda v: v[:10],
)
def test_a_megabyte_takes_no_time(text):
    begun = time.process_time()
    causes.find([text])
    assert time.process_time() - begun < 5
