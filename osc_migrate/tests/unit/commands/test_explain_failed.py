"""openstack migrate explain --failed: what failed in a cloud, by cause."""

import json

import pytest

from osc_migrate.commands import base
from osc_migrate.commands.explain import Explain
from osc_migrate.explain import failed
from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.sky import Sky

SHARED = "HostB is not on shared storage: Shared storage live-migration"
DESTINATION = "compute_check_can_live_migrate_destination"


def uuid(number):
    return f"{number:08}-0000-4000-8000-000000000000"


def time(minute, second=0):
    return f"2026-11-23T12:{minute:02}:{second:02}.000000"


@pytest.fixture
def cloud(healthy):
    """A cloud in which these moves failed; each of them is of one server."""

    def make(*messages, deleted=(), status="error"):
        records = []
        for number, message in enumerate(messages, 1):
            records.append(
                skies.migration(
                    status,
                    id=number,
                    instance_uuid=uuid(number),
                    created_at=time(number),
                    updated_at=time(number, 2),
                )
            )
            asked_of(healthy, number, message, number in deleted)
        healthy.under_way(*records)
        return healthy

    return make


def asked_of(sky, number, message, deleted):
    id = uuid(number)
    server = skies.server(id=id, name=f"vm{number}")
    sky.nova(f"/servers/{id}", 404 if deleted else {"server": server})
    action = {
        "action": "live-migration",
        "request_id": f"req-{number}",
        "start_time": time(number),
        "message": "Error",
        "user_id": "me",
    }
    path = f"/servers/{id}/os-instance-actions"
    sky.nova(path, {"instanceActions": [action]})
    event = {
        "event": DESTINATION,
        "result": "Error",
        "start_time": time(number),
        "finish_time": time(number, 1),
        "host": "HostC",
        "traceback": None,
        "details": message,
    }
    sky.nova(f"{path}/req-{number}", {"instanceAction": {"events": [event]}})


def run(sky, *words):
    desk = Desk(Mover(sky.connection))
    code = desk.run(Explain, "--failed", *words)
    return code, desk.out


def rows(sky, *words):
    code, out = run(sky, "-f", "json", *words)
    assert code == 0
    return json.loads(out)


def test_one_row_for_each_cause_the_newest_first(cloud, capsys):
    sky = cloud(SHARED, "the cable is out", SHARED)
    known, other = rows(sky)
    assert list(known) == list(failed.Failure.COLUMNS)
    assert (known["cause"], known["count"]) == ("shared-storage-missing", 2)
    assert known["servers"] == ["vm3", "vm1"]
    assert known["routes"] == ["HostB -> HostC (2)"]
    assert known["newest"] == "2026-11-23T12:03:02Z"
    assert (other["cause"], other["count"]) == ("", 1)
    assert "the cable is out" in other["message"]
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "failed moves in the last 8 h: 3, causes: 2",
        "  1. what to do about each: openstack migrate explain --failed"
        " --long",
    ]


def test_what_to_do(cloud):
    known, other = rows(cloud("the cable is out", SHARED), "--long")
    assert known["meaning"] and known["next"]
    assert known["migration_ids"] == ["2"]
    assert other["next"] == (
        f"openstack migrate explain {uuid(1)} --migration 1"
    )


def test_messages_that_differ_in_names_are_one_cause(cloud):
    sky = cloud(
        "HostC lost disk 7 of vm1, req-1f0fb2ba-0000-4000-8000-00000000000a",
        "HostC lost disk 81 of vm2, req-1f0fb2ba-0000-4000-8000-00000000000b",
    )
    (row,) = rows(sky)
    assert row["count"] == 2


def test_a_server_that_is_gone_has_its_id(cloud):
    (row,) = rows(cloud(SHARED, deleted=[1]))
    assert row["servers"] == [uuid(1)]
    assert row["cause"] == "shared-storage-missing"


def test_nothing_failed(cloud, capsys):
    sky = cloud()
    assert run(sky, "--since", "30m") == (0, "")
    assert "no move failed in the last 30 min" in capsys.readouterr().err
    assert rows(sky) == []


def test_the_time_is_asked_of_nova(cloud):
    run(cloud(), "--since", "2d")
    asked = sky_requests(cloud())
    assert {r.qs["status"][0] for r in asked} == {"error", "failed"}
    assert all("changes-since" in r.qs and "limit" in r.qs for r in asked)


def sky_requests(sky):
    return sky.calls("/os-migrations")


def test_the_number_of_requests_is_bounded(cloud, monkeypatch, capsys):
    sky = cloud(*[SHARED] * 9)
    limit = 4
    monkeypatch.setattr(failed, "MAX_EXPLAINED", limit)
    (row,) = rows(sky)
    assert row["servers"] == ["vm9", "vm8", "vm7", "vm6"]
    asked = [r for r in sky.mock.request_history if "/v2.1/" in r.path]
    assert len(asked) == 2 + 3 * limit
    assert "5 older failures left out" in capsys.readouterr().err


def test_steps_that_cannot_be_read_leave_the_rest(cloud):
    sky = cloud(SHARED)
    sky.nova(f"/servers/{uuid(1)}/os-instance-actions", 403)
    (row,) = rows(sky, "--long")
    assert (row["count"], row["servers"]) == (1, ["vm1"])
    assert "HTTP 403" in row["meaning"]


def test_names_steer_no_terminal(cloud):
    sky = cloud(SHARED)
    evil = skies.server(id=uuid(1), name="vm\x1b[2J")
    sky.nova(f"/servers/{uuid(1)}", {"server": evil})
    _, out = run(sky)
    assert "vm\\x1b" in out and "\x1b" not in out


def test_before_2_59_nova_is_not_asked_for_a_time(mock):
    sky = Sky(mock, newest="2.58")
    sky.healthy()
    sky.under_way()
    assert rows(sky) == []
    assert not any("changes-since" in r.qs for r in sky_requests(sky))


@pytest.mark.parametrize(
    "words",
    [
        ("vm1", "--failed"),
        ("--failed", "--nodes"),
        ("vm1", "--since", "8h"),
        (),
    ],
)
def test_one_thing_is_explained(healthy, words):
    desk = Desk(Mover(healthy.connection))
    assert desk.run(Explain, *words) == base.USAGE


@pytest.mark.parametrize("time", ["8", "h", "0h", "-1h", "8w", "999999d"])
def test_what_is_no_time(healthy, time):
    with pytest.raises(SystemExit):
        Desk(Mover(healthy.connection)).run(
            Explain, "--failed", "--since", time
        )
