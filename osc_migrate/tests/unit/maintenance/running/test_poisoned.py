"""Journals that a user has changed: each is named, the others work."""

import argparse
import dataclasses
import datetime
import json
import sqlite3

import pytest

from osc_migrate import errors
from osc_migrate.commands.run import RunList
from osc_migrate.maintenance.running import Options, start, stored_plan, typed
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.lock import Lock
from osc_migrate.maintenance.running.recorded_state import replay
from osc_migrate.maintenance.running.results import Result, Row
from osc_migrate.tests.unit.maintenance.running.lab import Lab, plan
from osc_migrate.tests.unit.maintenance.running.test_start import HOST_B

GOOD, BAD = "20261124-100000-aaaa", "20261124-110000-bbbb"
DEEP = "[" * 100_000 + "]" * 100_000
NOW = datetime.datetime.now(datetime.UTC).isoformat()


@pytest.fixture
def where(tmp_path):
    """Two drains of HostB that moved vm1 away; the newer one is changed."""
    for name in (GOOD, BAD):
        write(tmp_path / "runs", name)
    return tmp_path / "runs"


def write(where, name):
    lab = Lab()
    step = lab.boot("vm1")
    journal = Journal.create(where, name)
    journal.note("disable", host="HostB", enabled=True, reason=None)
    stored_plan.write(
        journal, stored_plan.Order(made(step), HOST_B, Options())
    )
    row = Row("vm1", step.id, "HostB", "HostC", "live", Result.MOVED)
    journal.note("row", step.id, row=dataclasses.asdict(row))
    journal.note("end", verdict="done")
    journal.close()


def made(*steps):
    return dataclasses.replace(plan(*steps), made_at="2026-11-23T10:00:00Z")


def change(where, statement, *values):
    database = sqlite3.connect(where / f"{BAD}.sqlite")
    with database:
        database.execute(statement, values)
    database.close()


def set_data(kind, data):
    text = data if isinstance(data, str) else json.dumps(data)
    return ("UPDATE entries SET data=? WHERE kind=?", text, kind)


def set_part(kind, path, value):
    return (
        f"UPDATE entries SET data=json_set(data, '$.{path}', json(?))"
        " WHERE kind=?",
        json.dumps(value),
        kind,
    )


POISONS = {
    "deep": set_data("end", DEEP),
    "deep in an object": set_data("row", '{"row": ' + DEEP + "}"),
    "no object": set_data("end", [["verdict", "done"]]),
    "cut": set_data("order", '{"plan": '),
    "a huge number": set_data("end", "9" * 100_000),
    "without its fields": set_data("disable", {}),
    "a host that is a list": set_part("disable", "host", []),
    "a reason that is a number": set_part("disable", "reason", 5),
    "a plan that is a number": set_part("order", "plan", 1),
    "a plan that is deep": set_part("order", "plan", DEEP),
    "a plan that is nothing": set_part("order", "plan", "{}"),
    "homes that are a list": set_part("order", "homes", [1]),
    "a home that is a number": set_part("order", "homes", {"id": 1}),
    "hosts that are numbers": set_part("order", "request.hosts", [1, 2]),
    "hosts that are nothing": set_part("order", "request.hosts", None),
    "an option that is a list": set_part("order", "options.max_failures", []),
    "an unknown option": set_part("order", "options", {"x": 1}),
    "a row that is a list": set_part("row", "row", []),
    "a server that is a list": set_part("row", "row.server", []),
    "an outcome that is none": set_part("row", "row.outcome", "won"),
    "an outcome that is a list": set_part("row", "row.outcome", []),
    "a time that is none": ("UPDATE entries SET at='yesterday'",),
    "a time without a zone": ("UPDATE entries SET at='2026-11-24T10:00:00'",),
    "a time that is a number": ("UPDATE entries SET at=5",),
    "a kind that is bytes": ("UPDATE entries SET kind=x'ff' WHERE n=4",),
    "a server that is bytes": ("UPDATE entries SET server=x'ff' WHERE n=4",),
    "no UTF-8": (
        "UPDATE entries SET data=CAST(x'ff' AS TEXT) WHERE kind='end'",
    ),
    "another table": ("ALTER TABLE entries RENAME TO others",),
    "a move without its fields": (
        "INSERT INTO entries (at, kind, server, data) VALUES (?, ?, ?, ?)",
        *(NOW, "move", "id", "{}"),
    ),
    "a move after infinity": (
        "INSERT INTO entries (at, kind, server, data) VALUES (?, ?, ?, ?)",
        *(NOW, "move", "id"),
        '{"after": Infinity, "status": "", "way": "", "destination": null}',
    ),
}


@pytest.fixture(params=POISONS)
def poisoned(request, where):
    change(where, *POISONS[request.param])
    return where


def test_run_list_shows_the_others(poisoned, capsys):
    parsed = argparse.Namespace(
        journal_dir=poisoned, formatter="table", long=False, limit=None
    )
    _, rows = RunList(None, None).take_action(parsed)
    assert [row[0] for row in rows] == [GOOD]
    said = capsys.readouterr().err
    assert f"run {BAD} is unreadable: " in said
    assert len(said) < 1000


def test_return_of_a_host_finds_the_others(poisoned):
    found, unreadable = start.drained(poisoned, "HostB")
    assert found == GOOD
    assert [error.partition(":")[0] for error in unreadable] == [
        f"run {BAD} is unreadable"
    ]


def test_the_run_itself_is_an_error(poisoned):
    with pytest.raises(errors.MigrateError):
        start.opened(poisoned, BAD)


def test_without_another_one_it_is_named(poisoned):
    (poisoned / f"{GOOD}.sqlite").unlink()
    with pytest.raises(errors.NotFound, match=f"run {BAD} is unreadable"):
        start.drained(poisoned, "HostB")


def test_unchanged_the_newer_one_is_found(where):
    assert start.drained(where, "HostB") == (BAD, [])


def test_a_run_that_cannot_be_read_blocks_no_host(poisoned):
    lock = Lock(poisoned, "cloud", "HostB")
    lock.take(GOOD)
    lock.give()


def test_a_move_that_began_in_the_future(where):
    late = datetime.datetime(2999, 1, 1, tzinfo=datetime.UTC)
    data = {"after": 1, "status": "ACTIVE", "way": "live", "destination": None}
    change(
        where,
        "INSERT INTO entries (at, kind, server, data) VALUES (?, ?, ?, ?)",
        *(late.isoformat(), "move", "id", json.dumps(data)),
    )
    journal = Journal.open(where, BAD)
    begun = replay(journal.entries())["id"].started
    journal.close()
    assert begun.at <= datetime.datetime.now(datetime.UTC)


@pytest.mark.parametrize(
    "value, hint",
    [
        (True, int),
        (1, str),
        (None, str),
        ("x", float),
        (False, float),
        ([1], tuple[int, ...]),
        (("x",), tuple[int, ...]),
        (Result.MOVED, str),
        ("moved", Result),
        (1, str | None),
    ],
)
def test_what_has_another_type(value, hint):
    with pytest.raises(TypeError, match="cannot be a"):
        typed.require(value, hint)


@pytest.mark.parametrize(
    "value, hint",
    [
        (1, float),
        (True, bool),
        (None, int | None),
        (frozenset("a"), frozenset[str]),
        (Result.MOVED, Result),
    ],
)
def test_what_has_its_type(value, hint):
    typed.require(value, hint)
