import json
from xml.etree import ElementTree

import pytest

from osc_migrate import errors
from osc_migrate.commands.preflight import FINDING, Preflight
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.commands.desk import Desk


class FakeMover:
    """Answers with the same facts, whatever is asked."""

    def __init__(self, *moves, cloud=None):
        self._moves, self._cloud = list(moves), cloud

    def facts(self, server, host):
        return self._moves[0]

    def facts_of_every_host(self, server):
        return self._moves

    def facts_of_every_server(self, host):
        return [[move] for move in self._moves]

    def whole_cloud(self):
        return self._cloud


def run(mover, *words):
    desk = Desk(mover)
    code = desk.run(Preflight, "-f", "json", *words)
    return code, json.loads(desk.out)


def pair(facts, *words):
    return run(FakeMover(facts), "vm1", "HostC", *words)


def test_a_safe_move_is_one_row():
    code, (row,) = pair(shapes.move())
    assert code == 0
    assert tuple(row) == FINDING
    assert row["status"] == "PASS"
    assert row["subject"] == "vm1 -> HostC"
    assert "checks passed" in row["detail"]


def test_what_passed_on_demand():
    _, rows = pair(shapes.move(), "--long")
    assert {row["status"] for row in rows} <= {"PASS", "SKIP", "NOT_CHECKED"}
    assert "server-is-running" in {row["check"] for row in rows}


def test_the_summary_counts_what_was_not_checked():
    code, rows = pair(shapes.move())
    assert code == 0
    (row,) = rows
    assert "1 not checked: shared storage; --nodes checks it" in row["detail"]


def test_what_no_host_was_checked_for_is_named_once(capsys):
    moves = (
        shapes.move(),
        shapes.move(wanted="HostD", destination=shapes.host(name="HostD")),
    )
    run(FakeMover(*moves), "vm1")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:-1] == ["1 not checked: shared storage; --nodes checks it"]
    assert "recommended: HostC" in lines[-1]


def test_the_worst_comes_first():
    code, rows = pair(shapes.move(destination=shapes.host(status="disabled")))
    assert code == 3
    assert rows[0]["check"] == "destination-is-enabled"
    assert rows[0]["status"] == "FAIL"
    assert rows[0]["subject"] == "HostC"
    assert len(rows) == 2


def test_unknown_is_not_safe():
    code, rows = pair(shapes.move(room=Unread("403")))
    assert code == 3
    assert rows[0]["status"] == "UNKNOWN"


def test_ignored_is_safe_but_shown():
    facts = shapes.move(server=shapes.server(locked=True))
    code, rows = pair(facts, "--ignore", "server-is-unlocked")
    assert code == 0
    assert rows[0]["status"] == "WARN"


def test_a_stopped_server_moves_cold_unless_told_otherwise():
    facts = shapes.move(server=shapes.server(status="SHUTOFF", power_state=4))
    assert pair(facts)[0] == 0
    code, rows = pair(facts, "--kind", "live")
    assert code == 3
    assert rows[0]["check"] == "server-is-running"


def test_a_row_for_each_host_best_first():
    good, full = (
        shapes.move(),
        shapes.move(
            wanted="HostD",
            destination=shapes.host(name="HostD"),
            room=shapes.room(fits=False, free={"VCPU": 0}),
        ),
    )
    code, rows = run(FakeMover(full, good), "vm1")
    assert code == 0
    assert [(row["host"], row["allowed"]) for row in rows] == [
        ("HostC", True),
        ("HostD", False),
    ]
    assert rows[0]["memory_mb_left"] == 4096 - 512
    assert rows[0]["reason"] == ""
    assert rows[1]["reason"].startswith("destination-has-room: ")
    assert rows[1]["memory_mb_left"] is None


def test_no_host_takes_it():
    facts = shapes.move(destination=shapes.host(status="disabled"))
    assert run(FakeMover(facts), "vm1")[0] == 3


def test_every_finding_about_every_host():
    twice = FakeMover(shapes.move(), shapes.move())
    _, rows = run(twice, "vm1", "--long")
    assert {row["subject"] for row in rows} == {"vm1 -> HostC"}
    assert len(rows) == 2 * len({row["check"] for row in rows})


def test_a_row_for_each_server_of_a_host():
    locked = shapes.move(server=shapes.server(name="vm2", locked=True))
    code, rows = run(FakeMover(shapes.move(), locked), "--host", "HostB")
    assert code == 3
    first, second = rows
    assert (first["server"], first["allowed"]) == ("vm1", True)
    assert first["host"] == "HostC" and first["kind"] == "live"
    assert (second["server"], second["allowed"]) == ("vm2", False)
    assert second["host"] == ""
    assert second["reason"].startswith("server-is-unlocked: ")


def test_an_empty_host_can_be_emptied():
    assert run(FakeMover(), "--host", "HostB") == (0, [])


def test_the_whole_cloud():
    code, (row,) = run(FakeMover(cloud=shapes.cloud()))
    assert code == 0
    assert row["subject"] == "cloud"


def test_a_host_to_empty_and_a_server_are_two_questions():
    with pytest.raises(errors.MigrateError, match="leave out the server"):
        run(FakeMover(), "vm1", "--host", "HostB")


def test_junit(tmp_path):
    path = tmp_path / "out.xml"
    facts = shapes.move(
        server=shapes.server(name="a\x1bb\x00", locked=True),
        room=Unread("503"),
        destination=shapes.host(status="disabled"),
    )
    ignore = ["--ignore", "destination-is-enabled"]
    pair(facts, "--junit", str(path), *ignore)
    suite = ElementTree.parse(path).getroot()
    cases = {case.get("name"): case for case in suite}
    assert suite.get("tests") == str(len(cases))
    assert (suite.get("failures"), suite.get("errors")) == ("1", "1")
    assert cases["server-is-unlocked"].find("failure") is not None
    assert cases["destination-has-room"].find("error") is not None
    assert cases["destination-is-enabled"].find("system-out") is not None
    assert len(cases["server-is-running"]) == 0


def test_junit_that_cannot_be_written():
    with pytest.raises(errors.MigrateError, match="/nowhere/x"):
        pair(shapes.move(), "--junit", "/nowhere/x")
