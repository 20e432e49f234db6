"""Files that earlier versions wrote are read.

``interface_files.json`` was written by the code of ``interface.BASE``: a
plan, facts of nodes, the entries of a journal, and what ``run show`` and
``run list`` printed of it. It is never written anew.
"""

import json
import sqlite3

import pytest

from osc_migrate.tests.unit import interface
from osc_migrate.tests.unit.test_interface import OLD, renamed

SAMPLES = json.loads(
    interface.FILE.with_name("interface_files.json").read_text()
)
RUN = "20261123-100000-abcd"


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def test_a_plan_is_read_and_keeps_every_value():
    text = json.dumps(SAMPLES["plan"])
    plan = interface.plan_file.loads(text, "plan.json")
    again = json.loads(interface.plan_file.dumps(plan))
    assert leaves(again) == leaves(SAMPLES["plan"])


def test_facts_are_read_and_keep_every_value():
    text = json.dumps(SAMPLES["facts"])
    survey = interface.survey_file.loads(text, "facts.json")
    again = json.loads(interface.survey_file.dumps(survey))
    assert leaves(again) == leaves(SAMPLES["facts"])


@pytest.fixture
def directory(tmp_path):
    """The journal as a file, made without the code that reads it."""
    with sqlite3.connect(tmp_path / f"{RUN}.sqlite") as database:
        database.execute(OLD["journal"]["table"])
        for kind, server, data in SAMPLES["journal"]:
            database.execute(
                "INSERT INTO entries (at, kind, server, data)"
                " VALUES ('2026-11-23T10:00:00+00:00', ?, ?, ?)",
                (kind, server, json.dumps(data)),
            )
    database.close()
    return tmp_path


@pytest.mark.parametrize(
    "command, arguments", [("run show", [RUN]), ("run list", [])]
)
def test_a_journal_is_shown_as_before(command, arguments, directory):
    desk = interface.Desk(None)
    point = f"migrate_{command.replace(' ', '_')}"
    made = type(interface.command_of(point))
    code = desk.run(
        made, "-f", "json", "--journal-dir", str(directory), *arguments
    )
    assert code == 0
    rows = json.loads(desk.out)
    assert len(rows) == len(SAMPLES[command])
    for row, before in zip(rows, SAMPLES[command], strict=True):
        path = f"columns/migrate {command}/"
        kept = {
            renamed(f"{path}/{name}").rpartition("/")[2]: value
            for name, value in before.items()
        }
        assert row | kept == row


def test_long_adds_columns_and_limit_leaves_older_runs_out(directory):
    def shown(name, *words):
        desk = interface.Desk(None)
        command = type(interface.command_of(f"migrate_run_{name}"))
        words = (*words, "-f", "json", "--journal-dir", str(directory))
        assert desk.run(command, *words) == 0
        return json.loads(desk.out)

    (run,) = shown("list", "--long")
    assert list(run)[-3:] == ["outcomes", "cloud", "journal"]
    assert run["journal"] == str(directory / f"{RUN}.sqlite")
    servers = shown("show", RUN, "--long")
    assert run["outcomes"] == (
        "2 moved, 1 stopped, 1 left, 1 failed, 1 not begun"
    )
    assert servers[0]["planned_kind"] == "live"
    assert servers[-1]["planned_kind"] == ""
    older = "20000101-000000-0000"
    (directory / f"{older}.sqlite").write_bytes(
        (directory / f"{RUN}.sqlite").read_bytes()
    )
    assert [row["run"] for row in shown("list")] == [RUN, older]
    assert [row["run"] for row in shown("list", "--limit", "1")] == [RUN]


def test_the_sample_has_every_kind_of_entry_that_is_read_again():
    kinds = {kind for kind, _, _ in SAMPLES["journal"]}
    assert kinds >= {"format", "order", "begin", "move", "row", "end"}
    assert kinds <= set(OLD["journal"]["kinds"])
