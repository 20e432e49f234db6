"""What the validators print holds nothing that steers a terminal."""

import pytest

from osc_migrate.checks.findings import Finding, Status
from validators import plugin

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
