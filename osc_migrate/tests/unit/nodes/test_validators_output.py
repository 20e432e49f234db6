"""What the validators print holds nothing that steers a terminal."""

import argparse

import pytest

from osc_migrate.checks.findings import Finding, Status
from osc_migrate.nodes.transport.shell import NodeLimits
from validators import gather, plugin

HOSTILE = "a\x1b[2J\x9b31m\u202e\nb password = Hunter2z"


@pytest.mark.parametrize("status", [*Status])
def test_no_escape_and_no_secret_is_printed(status):
    rows = {}
    finding = Finding("a-check", HOSTILE, status, HOSTILE, HOSTILE)
    outcomes = (pytest.fail.Exception, pytest.skip.Exception)
    printed = ""
    try:
        if status is Status.WARN:
            with pytest.warns(plugin.ValidationWarning) as caught:
                plugin.settle(None, finding, rows.__setitem__)
            printed = str(caught[0].message)
        else:
            plugin.settle(None, finding, rows.__setitem__)
    except outcomes as outcome:
        printed = str(outcome)
    if status > Status.PASS:
        assert r"\x1b[2J" in printed
    for text in (*printed.splitlines(), *rows.values()):
        assert text.isprintable()
        assert "Hunter2z" not in text


class Config:
    """pytest's configuration with these options alone."""

    def __init__(self, **options):
        self.getoption = options.get


def test_slow_nodes_get_the_time_that_was_given():
    given = Config(connect_timeout=45.0, node_timeout=600.0)
    limits = gather.limits_of(given)
    assert (limits.connect, limits.node) == (45.0, 600.0)
    assert gather.limits_of(Config()) == NodeLimits()


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "3601", "x"])
def test_a_time_that_is_none(text):
    with pytest.raises((ValueError, argparse.ArgumentTypeError)):
        plugin._seconds(text)
