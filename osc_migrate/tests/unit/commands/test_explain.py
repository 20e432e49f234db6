"""openstack migrate explain, as an operator types it."""

import csv
import io
import json

import pytest

from osc_migrate import errors
from osc_migrate.commands.explain import Explain
from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.sky import VM1, Sky

ACTIONS = f"/servers/{VM1}/os-instance-actions"
SHARED = "HostB is not on shared storage: Shared storage live-migration"
NO_HOST = "No valid host was found. There are not enough hosts available."
EVIL = "\x1b[31m\u202eevil\n"
START = "2026-11-23T12:00:00.000000"
END = "2026-11-23T12:00:01.500000"


@pytest.fixture
def failed(healthy):
    return failing(healthy)


def failing(sky, message=SHARED, count=1, **changes):
    """The newest of `count` moves failed, the others worked."""
    sky.nova(
        "/os-migrations",
        {
            "migrations": [
                skies.migration(
                    "error" if n == count else "completed",
                    id=n,
                    created_at=time(n, 0),
                    updated_at=time(n, 2),
                )
                for n in range(1, count + 1)
            ]
        },
    )
    requests = [
        {
            "action": "live-migration",
            "request_id": f"req-{n}",
            "start_time": time(n, 0),
            "message": "Error" if n == count else None,
            "user_id": "me",
        }
        for n in range(count, 0, -1)
    ]
    sky.nova(ACTIONS, {"instanceActions": requests})
    events = [
        {
            "event": event,
            "result": "Error",
            "start_time": time(count, 0),
            "finish_time": time(count, seconds),
            "host": host,
            "traceback": "  File\n    raise exception.NoValidHost()\n",
            "details": said,
        }
        | changes
        for event, host, seconds, said in [
            (
                "compute_check_can_live_migrate_destination",
                "HostC",
                1,
                message,
            ),
            ("conductor_live_migrate_instance", "controller", 2, NO_HOST),
        ]
    ]
    sky.nova(f"{ACTIONS}/req-{count}", {"instanceAction": {"events": events}})
    return sky


def time(minute, second):
    hour, minute = divmod(minute, 60)
    return f"2026-11-23T{12 + hour}:{minute:02}:{second:02}.000000"


def run(sky, *words):
    desk = Desk(Mover(sky.connection))
    assert desk.run(Explain, *words) == 0
    return desk.out


def rows(sky, *words):
    return json.loads(run(sky, *words, "-f", "json"))


@pytest.mark.parametrize("ref", ["vm1", VM1])
def test_step_host_and_cause_stand_in_a_table(failed, ref):
    out = run(failed, ref)
    for said in (
        "compute_check_can_live_migrate_destination",
        "HostC",
        SHARED,
        "shared-storage-missing",
    ):
        assert said in out


def test_the_table_has_no_empty_field(failed):
    assert "note" not in run(failed, "vm1")
    assert "note" in run(failed, "vm1", "-c", "note")


@pytest.mark.parametrize("words", [(), ("--all",)])
def test_programs_get_a_list(failed, words):
    (row,) = rows(failed, "vm1", *words)
    assert row["cause"] == "shared-storage-missing"
    assert row["migration_id"] == 1
    assert row["started"] == "2026-11-23T12:01:00Z"


@pytest.mark.parametrize("formatter", ["csv", "shell", "value", "yaml"])
def test_every_formatter_prints(failed, formatter):
    for words in ((), ("--all",), ("--long",), ("--all", "--long")):
        assert "HostC" in run(failed, "vm1", "-f", formatter, *words)


def test_a_shell_gets_a_variable_for_each_column(failed, healthy):
    out = run(failed, "vm1", "-f", "shell")
    assert 'destination="HostC"\n' in out
    failing(healthy, count=2)
    numbered = run(healthy, "vm1", "-f", "shell", "--all")
    assert 'move1_destination="HostC"\n' in numbered
    assert 'move2_destination="HostC"\n' in numbered


def test_long_has_the_steps(failed):
    (row,) = rows(failed, "vm1", "--long")
    assert row["request_id"] == "req-1"
    assert len(row["steps"]) == 2
    assert "\n" in run(failed, "vm1", "--long", "-c", "steps")


def test_a_hundred_moves_are_one_screen_and_four_requests(healthy):
    failing(healthy, count=100)
    out = run(healthy, "vm1", "--max-width", "100")
    assert len(out.splitlines()) <= 24
    for end in ("/os-migrations", ACTIONS, "/os-services"):
        assert len(healthy.calls(end)) == 1
    asked = [r.url for r in healthy.mock.request_history if "/req-" in r.url]
    assert len(asked) == 1


def test_all_asks_only_for_what_went_wrong(healthy):
    failing(healthy, count=100)
    told = rows(healthy, "vm1", "--all")
    assert [row["migration_id"] for row in told] == [*range(100, 0, -1)]
    assert {row["status"] for row in told[1:]} == {"completed"}
    asked = [r.url for r in healthy.mock.request_history if "/req-" in r.url]
    assert len(asked) == 1


@pytest.mark.parametrize("ref", ["3", "uuid-3"])
def test_one_migration_by_id_or_uuid(healthy, ref):
    failing(healthy, count=5)
    records = [
        skies.migration("completed", id=n, uuid=f"uuid-{n}") for n in (4, 3)
    ]
    healthy.nova("/os-migrations", {"migrations": records})
    (row,) = rows(healthy, "vm1", "--migration", ref)
    assert (row["migration_id"], row["meaning"]) == (3, "it worked")


def test_a_migration_of_another_server_is_not_found(failed):
    with pytest.raises(errors.NotFound, match="'99'"):
        run(failed, "vm1", "--migration", "99")


def test_a_server_that_never_moved(healthy, capsys):
    assert rows(healthy, "vm1") == []
    assert "vm1 has never moved" in capsys.readouterr().err
    assert run(healthy, "vm1") == ""


def test_a_server_that_moved_well(healthy):
    healthy.nova(
        "/os-migrations",
        {"migrations": [skies.migration("completed", dest_compute="HostB")]},
    )
    assert "it worked; the server is ACTIVE on HostB" in run(healthy, "vm1")


@pytest.mark.parametrize("newest", ["2.1", "2.25", "2.61", "2.83", "2.104"])
def test_any_microversion_tells_step_and_cause(mock, newest):
    sky = Sky(mock, newest)
    sky.healthy()
    failing(sky)
    if newest != "2.104":
        code = "  File\n    raise exception.InvalidSharedStorage(x)\n"
        failing(sky, traceback=code)
        hide(sky, "details", *(["host"] if newest < "2.62" else []))
    (row,) = rows(sky, "vm1")
    assert row["failed_step"] == "compute_check_can_live_migrate_destination"
    assert row["failed_host"] == "HostC"
    assert row["cause"] == "shared-storage-missing"


def hide(sky, *fields):
    """Nova does not show these fields of an event."""
    import requests

    path = f"{skies.NOVA}{ACTIONS}/req-1"
    body = requests.get(path, timeout=9).json()
    for event in body["instanceAction"]["events"]:
        for field in fields:
            del event[field]
    sky.mock.get(path, json=body)


@pytest.mark.parametrize(
    "path, policy",
    [
        (f"{ACTIONS}/req-1", "os-instance-actions:show"),
        (ACTIONS, "os-instance-actions:list"),
    ],
)
def test_steps_that_are_forbidden_say_what_is_needed(failed, path, policy):
    failed.nova(path, 403)
    (row,) = rows(failed, "vm1")
    assert policy in row["meaning"]
    assert row["status"] == "error"


def test_words_that_are_hidden_name_the_policy(failed):
    hide(failed, "details", "traceback")
    (row,) = rows(failed, "vm1")
    assert "os-instance-actions:events:details" in row["note"]
    assert row["failed_host"] == "HostC"


def test_records_that_are_forbidden_leave_the_requests(failed, capsys):
    failed.nova("/os-migrations", 403)
    (row,) = rows(failed, "vm1")
    assert row["migration_id"] is None
    assert row["cause"] == "shared-storage-missing"
    assert "os-migrations:index" in row["note"]


def test_when_all_is_forbidden_both_policies_are_named(failed):
    failed.nova("/os-migrations", 403)
    failed.nova(ACTIONS, 403)
    with pytest.raises(errors.MigrateError) as caught:
        run(failed, "vm1")
    assert "os-migrations:index" in str(caught.value)
    assert "os-instance-actions:list" in str(caught.value)


@pytest.mark.parametrize("formatter", ["table", "value", "csv"])
def test_hostile_words_do_not_steer_the_terminal(healthy, formatter):
    failing(healthy, EVIL * 3, host=EVIL)
    for words in ((), ("--long",), ("--all", "--long")):
        out = run(healthy, "vm1", "-f", formatter, *words)
        assert "\x1b" not in out and "\u202e" not in out
        assert "evil" in out
    if formatter == "csv":
        assert len(list(csv.reader(io.StringIO(out)))) == 2


@pytest.mark.parametrize("body", [[], {}, {"instanceActions": [1]}, "<html>"])
def test_odd_answers_are_no_traceback(failed, body):
    failed.nova(ACTIONS, body)
    (row,) = rows(failed, "vm1")
    assert row["status"] == "error"


@pytest.mark.parametrize(
    "field", ["result", "start_time", "finish_time", "host", "details"]
)
@pytest.mark.parametrize("value", [7, [], {}, "x", None])
def test_odd_fields_are_no_traceback(failed, field, value):
    failing(failed, **{field: value})
    (row,) = rows(failed, "vm1")
    assert row["migration_id"] == 1
