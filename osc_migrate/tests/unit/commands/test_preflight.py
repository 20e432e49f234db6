import json

from osc_migrate.commands.preflight import FINDING, Preflight
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.commands.desk import Desk


class FakeMover:
    def __init__(self, facts):
        self._facts = facts

    def facts(self, server, host):
        return self._facts


def run(facts, *words):
    desk = Desk(FakeMover(facts))
    code = desk.run(Preflight, "vm1", "HostC", "-f", "json", *words)
    return code, json.loads(desk.out)


def test_a_safe_move():
    code, rows = run(shapes.move())
    assert code == 0
    assert {row["status"] for row in rows} == {"PASS"}
    assert tuple(rows[0]) == FINDING


def test_the_worst_comes_first():
    code, rows = run(shapes.move(destination=shapes.host(status="disabled")))
    assert code == 3
    assert rows[0]["check"] == "destination-is-enabled"
    assert rows[0]["status"] == "FAIL"
    assert rows[0]["subject"] == "HostC"


def test_unknown_is_not_safe():
    code, rows = run(shapes.move(room=shapes.facts.Unread("403")))
    assert code == 3
    assert rows[0]["status"] == "UNKNOWN"


def test_ignored_is_safe_but_shown():
    facts = shapes.move(server=shapes.server(locked=True))
    code, rows = run(facts, "--ignore", "server-is-unlocked")
    assert code == 0
    assert rows[0]["status"] == "WARN"
