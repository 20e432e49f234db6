"""``abort``, ``force-complete`` and ``repair`` as they are typed."""

import json

import pytest

from osc_migrate import errors
from osc_migrate.commands import prompt
from osc_migrate.commands.abort import Abort
from osc_migrate.commands.force_complete import ForceComplete
from osc_migrate.commands.repair import Repair
from osc_migrate.commands.watch import Watch, lines
from osc_migrate.migration.abort import AbortResult
from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.sky import VM1

ONE = f"/servers/{VM1}/migrations/7"
ACTION = f"/servers/{VM1}/action"


def record(status="running", **changes):
    return skies.migration(status, instance_uuid=VM1, **changes)


@pytest.fixture
def desk(healthy, clock):
    healthy.nova(f"/servers/{VM1}/migrations", 403)
    healthy.mock.delete(skies.NOVA + ONE, status_code=202)
    healthy.mock.post(skies.NOVA + ONE + "/action", status_code=202)
    healthy.mock.post(skies.NOVA + ACTION, status_code=202)
    made = Desk(Mover(healthy.connection, clock))
    made.sky = healthy
    return made


def changed(desk):
    history = desk.sky.mock.request_history
    return [r for r in history if r.method in ("POST", "DELETE")]


def test_an_abort(desk, capsys):
    desk.sky.nova(
        "/os-migrations",
        {"migrations": [record()]},
        {"migrations": [record("cancelled")]},
    )
    assert desk.run(Abort, "vm1", "-f", "json") == 0
    (row,) = json.loads(desk.out)
    assert tuple(row) == AbortResult.COLUMNS
    assert (row["status"], row["server_status"]) == ("cancelled", "ACTIVE")
    assert "7 was stopped; the server is ACTIVE on HostB" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "before, after",
    [
        ("ACTIVE", "RESIZE"),
        ("RESIZE", "RESIZE"),
        ("RESIZE", "VERIFY_RESIZE"),
        ("VERIFY_RESIZE", "VERIFY_RESIZE"),
    ],
)
def test_a_cold_migration_that_no_record_shows_any_more(desk, before, after):
    """It ends, or begins, between the read of the server and of the rest."""
    desk.sky.nova("/os-migrations", {"migrations": []})
    listed = {"servers": [skies.server(status=before)]}
    shown = {"server": skies.server(status=after)}
    desk.sky.nova("/servers/detail", listed)
    desk.sky.nova(f"/servers/{VM1}", shown)
    with pytest.raises(errors.MigrateError, match="cold vm1 --revert"):
        desk.run(Abort, "vm1")
    assert changed(desk) == []


def test_an_abort_of_a_host(desk, capsys):
    """A cold one does not keep the live one from its end."""
    desk.sky.under_way(
        record(), record("migrating", id=9, migration_type="migration")
    )
    desk.sky.nova("/os-migrations", {"migrations": [record("cancelled")]})
    desk.sky.under_way(
        record(), record("migrating", id=9, migration_type="migration")
    )
    assert desk.run(Abort, "--host", "HostC", "-f", "json") == 4
    assert [row["migration_id"] for row in json.loads(desk.out)] == [7]
    assert "migrate cold vm1 --revert" in capsys.readouterr().err


def test_nothing_to_abort(desk):
    with pytest.raises(errors.MigrateError, match="migrate explain vm1"):
        desk.run(Abort, "vm1")
    with pytest.raises(errors.NotFound):
        desk.run(Abort, "--host", "HostX")
    with pytest.raises(SystemExit):
        desk.run(Abort)
    assert changed(desk) == []


@pytest.mark.parametrize("answer, posts", [("n\n", 0), ("", 0)])
def test_who_says_no_changes_nothing(desk, monkeypatch, answer, posts):
    desk.sky.nova("/os-migrations", {"migrations": [record()]})
    monkeypatch.setattr(prompt, "is_interactive", lambda: True)
    monkeypatch.setattr("sys.stdin.readline", lambda: answer, raising=False)
    assert desk.run(ForceComplete, "vm1", "-f", "json") == 3
    assert desk.out == ""
    assert len(changed(desk)) == posts


def broken(desk):
    server = skies.server(
        status="ERROR",
        fault={"message": "x", "created": "2026-11-23T10:00:05Z"},
    )
    desk.sky.nova("/servers/detail", {"servers": [server]})
    desk.sky.nova("/os-migrations", {"migrations": [record("error")]})
    desk.sky.nova(f"/servers/{VM1}", {"server": server}, {"server": server})
    return server


def test_a_repair_that_is_only_shown(desk):
    broken(desk)
    assert desk.run(Repair, "vm1", "--dry-run", "-f", "json") == 3
    (row,) = json.loads(desk.out)
    assert row["result"] == "would do"
    assert changed(desk) == []


def test_a_repair_wants_a_yes(desk):
    broken(desk)
    with pytest.raises(errors.MigrateError, match="--yes"):
        desk.run(Repair, "vm1")
    assert changed(desk) == []


def test_a_repair(desk):
    server = broken(desk)
    desk.sky.nova(
        f"/servers/{VM1}", {"server": server}, {"server": skies.server()}
    )
    assert desk.run(Repair, "vm1", "--yes", "-f", "json") == 0
    (row,) = json.loads(desk.out)
    assert (row["result"], row["next"]) == ("done", "")
    (request,) = changed(desk)
    assert request.json() == {"os-resetState": {"state": "active"}}


def test_what_changed_while_a_person_thought_is_not_done(desk):
    server = broken(desk)
    moved = {"migrations": [record("running", id=8), record("error")]}
    desk.sky.nova("/os-migrations", {"migrations": [record("error")]}, moved)
    desk.sky.nova(f"/servers/{VM1}", {"server": server})
    assert desk.run(Repair, "vm1", "--yes", "-f", "json") == 3
    assert changed(desk) == []


def test_a_repair_that_nova_refuses_is_left(desk):
    broken(desk)
    desk.sky.mock.post(skies.NOVA + ACTION, status_code=403, json={})
    assert desk.run(Repair, "vm1", "--yes", "-f", "json") == 3
    (row,) = json.loads(desk.out)
    assert row["result"] == "left" and "403" in row["why"]


def test_a_binding_that_neutron_refuses_is_left(desk):
    port = {
        "id": "p1",
        "network_id": "n1",
        "binding:vnic_type": "normal",
    }
    bindings = [
        {"host": "HostB", "status": "ACTIVE"},
        {"host": "HostC", "status": "INACTIVE"},
    ]
    desk.sky.neutron("/ports", {"ports": [port]})
    desk.sky.neutron("/networks/n1", {"network": {}})
    desk.sky.neutron("/ports/p1/bindings", {"bindings": bindings})
    path = skies.NEUTRON + "/ports/p1/bindings/HostC"
    desk.sky.mock.delete(path, status_code=403, json={})
    assert desk.run(Repair, "vm1", "--yes", "-f", "json") == 3
    (row,) = json.loads(desk.out)
    assert "role service" in row["next"]
    desk.stdout.truncate(0)
    desk.stdout.seek(0)
    desk.sky.mock.delete(path, status_code=204)
    assert desk.run(Repair, "vm1", "--yes", "-f", "json") == 0


def test_a_snapshot(desk):
    desk.sky.nova("/os-migrations", {"migrations": [record()]})
    assert desk.run(Watch, "vm1", "-f", "json") == 0
    (row,) = json.loads(desk.out)
    assert (row["server"], row["phase"]) == ("vm1", "running")
    assert row["memory_total"] is None


def test_watching_is_lines_where_nobody_looks(desk, capsys):
    desk.sky.nova(
        "/os-migrations",
        {"migrations": [record()]},
        {"migrations": [record("completed")]},
    )
    assert desk.run(Watch, "vm1") == 0
    assert desk.out == ""
    assert capsys.readouterr().err.splitlines() == [
        "vm1 (7, HostB -> HostC): running",
        "vm1 (7, HostB -> HostC): completed",
        "Nothing is under way.",
    ]


def test_no_look_no_line():
    assert list(lines([[], []])) == []
