import dataclasses
import math

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.small import graceful_shutdown as subject
from osc_migrate.tests.unit.nodes.proof import (
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import config, node, nodes

ID = "graceful-shutdown-fits-the-unit"
UNIT = "nova-compute.service"


def stops(seconds, timeout=None, unit=UNIT, **changes):
    option = {"DEFAULT__graceful_shutdown_timeout": timeout}
    facts = config.healthy("HostC", **option).but(unit=unit, **changes)
    small = {"graceful_shutdown": subject.StopLimit(seconds)}
    return nodes(HostC=node(config=facts, smalls=small))


CASES = [
    Case(ID, stops(90.0, unit=""), SKIP, "no systemd unit"),
    Case(ID, stops(90.0, "180", contained=True), SKIP, "container engine"),
    Case(ID, stops(210.0, "180"), PASS, "is 180 s, nova-compute.service"),
    Case(ID, stops(180.0, "180"), PASS),
    Case(ID, stops(math.inf, "0"), PASS, "allows unlimited"),
    Case(
        ID,
        stops(90.0, "180"),
        WARN,
        "is 180 s, but systemd kills nova-compute.service after 90 s",
        "in /etc/systemd/system/nova-compute.service.d/zz-migrate.conf set"
        " [Service] TimeoutStopSec = 210; systemctl daemon-reload",
    ),
    Case(ID, stops(900.0, "0"), WARN, "is unlimited", "= infinity"),
    # The default depends on a release that is not known.
    Case(ID, stops(900.0), PASS, "is 180 s"),
    Case(ID, stops(90.0), SKIP, "180 s since Nova 2026.1"),
    Case(ID, stops(90.0, "soon"), SKIP, "is not set"),
    Case(ID, stops(30.0), WARN, "is 60 s, but"),
    Case(ID, stops(Unread("no answer"), "180"), UNKNOWN, "no answer"),
    # A name that may not stand in a script is fixed by hand.
    Case(
        ID,
        stops(90.0, "180", unit="../x.service"),
        WARN,
        remedy="on HostC: change it by hand",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_graceful_shutdown(case):
    prove(dataclasses.replace(case, subject="HostC"))


def read(text, status=0):
    answers = {"graceful_shutdown.unit": Answer(status, text, "no bus")}
    return subject.read(CommandOutput(answers, "graceful_shutdown")).seconds


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("1min 30s", 90),
        ("3min", 180),
        ("1h 500ms", 3600.5),
        ("1w 2d", 777600),
        ("infinity", math.inf),
    ],
)
def test_the_time_that_systemd_shows(text, seconds):
    assert read(f"LoadState=loaded\nTimeoutStopUSec={text}\n") == seconds


@pytest.mark.parametrize(
    "text, why",
    [
        ("LoadState=not-found\nTimeoutStopUSec=1min 30s\n", "not loaded"),
        ("LoadState=loaded\n", "not a time span"),
        ("LoadState=loaded\nTimeoutStopUSec=9e9s\n", "not a time span"),
    ],
)
def test_what_is_no_answer(text, why):
    with pytest.raises(Unread, match=why):
        read(text)


def test_a_failure_of_systemctl():
    with pytest.raises(Unread, match="no bus"):
        read("", status=1)


def test_the_question_names_the_unit_quoted():
    config = Config((), {}, unit="a b;c.service")
    asked = subject.questions(config, "compute", read_only=True)
    assert asked["unit"].text.endswith("-- 'a b;c.service'")
    assert subject.questions(Config((), {}), "compute", read_only=True) == {}
