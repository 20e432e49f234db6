"""Whether a host is empty, what is left on it, and which run has it."""

import argparse

import pytest

from osc_migrate import errors
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.commands.run import RunList
from osc_migrate.maintenance.planning.plan import Plan, Purpose
from osc_migrate.maintenance.planning.request import Request
from osc_migrate.maintenance.running import (
    host_status,
    process,
    stored_plan,
)
from osc_migrate.maintenance.running.host_status import Movability
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.lock import Lock
from osc_migrate.maintenance.running.run_state import Stage
from osc_migrate.maintenance.running.stored_plan import Order
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.sky import HOST_B, HOST_C, NOVA, VM1

VM2 = "22222222-2222-4222-8222-222222222222"
MADE_AT = "2026-11-23T10:00:00+00:00"
SHARING = "/resource_providers?required=MISC_SHARES_VIA_AGGREGATE"


@pytest.fixture
def sky(healthy):
    healthy.nova("/os-server-groups", {"server_groups": []})
    healthy.placement(SHARING, {"resource_providers": []})
    healthy.placement(
        f"/resource_providers/{HOST_B}/allocations", {"allocations": {}}
    )
    healthy.placement(
        "/allocation_candidates", skies.candidates(HOST_B, HOST_C)
    )
    return healthy


def servers(sky, *rows):
    sky.nova("/servers/detail", {"servers": list(rows)})


def services(sky, **changes):
    rows = [skies.service("HostB", **changes), skies.service("HostC")]
    sky.nova("/os-services", {"services": rows})


def status(sky, tmp_path, name="HostB"):
    return host_status.of_host(Cloud(sky.connection), name, tmp_path)


def only(sky, tmp_path, **changes):
    """The row of the one server that is there, with these changes."""
    servers(sky, skies.server(**changes))
    _, (row,) = status(sky, tmp_path)
    return row


def test_what_can_move(sky, tmp_path):
    row = only(sky, tmp_path)
    assert (row.server, row.id, row.status) == ("vm1", VM1, "ACTIVE")
    assert (row.move, row.destination) == (Movability.CAN_MOVE, "HostC")
    assert row.reason.startswith("live: ")


@pytest.mark.parametrize(
    ("changes", "move", "reason"),
    [
        ({"locked": True}, Movability.BLOCKED, "server-is-unlocked"),
        ({"status": "ERROR"}, Movability.BLOCKED, "ERROR"),
        (
            {"metadata": {"osc-migrate": "never"}},
            Movability.EXCLUDED,
            "owner policy: never",
        ),
        (
            {"metadata": {"osc-migrate": "stop"}},
            Movability.EXCLUDED,
            "owner policy stop",
        ),
    ],
)
def test_what_stays_and_why(sky, tmp_path, changes, move, reason):
    row = only(sky, tmp_path, **changes)
    assert row.move is move
    assert reason in row.reason


def test_an_empty_host(sky, tmp_path):
    servers(sky, skies.server(**{"OS-EXT-SRV-ATTR:host": "HostC"}))
    found, rows = status(sky, tmp_path)
    assert (found.empty, rows) == (True, [])
    assert (found.service, found.state) == ("enabled", "up")


def migrating(host="HostB", **changes):
    return skies.server(
        **{
            "status": "MIGRATING",
            "OS-EXT-STS:task_state": "migrating",
            "OS-EXT-SRV-ATTR:host": host,
        }
        | changes
    )


def test_what_leaves_is_left_until_it_is_gone(sky, tmp_path):
    servers(sky, migrating())
    sky.under_way(skies.migration("running", instance_uuid=VM1))
    found, (row,) = status(sky, tmp_path)
    assert (found.servers, found.leaving, found.arriving) == (1, 1, 0)
    assert (row.move, row.migration_id) == (Movability.LEAVING, 7)
    assert row.reason == "migration 7: HostB -> HostC, running"
    # Nova has it there, and tidies up here.
    servers(sky, migrating("HostC"))
    found, (row,) = status(sky, tmp_path)
    assert (found.servers, found.empty) == (0, False)
    assert row.move is Movability.LEAVING


def test_what_arrives_keeps_a_host_from_being_empty(sky, tmp_path):
    servers(sky, migrating())
    sky.under_way(skies.migration("running", instance_uuid=VM1))
    allocations = f"/resource_providers/{HOST_C}/allocations"
    sky.placement(allocations, {"allocations": {}})
    found, (row,) = status(sky, tmp_path, "HostC")
    assert (found.servers, found.arriving, found.empty) == (0, 1, False)
    assert row.move is Movability.ARRIVING


def test_a_record_that_was_left_open_is_named(sky, tmp_path):
    servers(sky, skies.server())
    sky.under_way(skies.migration("running", instance_uuid=VM1))
    _, (row,) = status(sky, tmp_path)
    assert f"openstack migrate repair {VM1}" in row.reason


def test_a_record_of_a_deleted_server_is_none(sky, tmp_path):
    servers(sky)
    sky.under_way(skies.migration("running", instance_uuid=VM2))
    found, rows = status(sky, tmp_path)
    assert (found.empty, rows) == (True, [])


def test_what_may_be_taken_back_is_left(sky, tmp_path):
    servers(sky, migrating("HostC", status="VERIFY_RESIZE"))
    sky.under_way(
        skies.migration(
            "finished", migration_type="migration", instance_uuid=VM1
        )
    )
    _, (row,) = status(sky, tmp_path)
    assert (row.move, row.destination) == (Movability.UNCONFIRMED, "HostC")


def test_without_placement_the_rest_is_known(sky, tmp_path):
    sky.placement("/allocation_candidates", 503)
    sky.placement(SHARING, 503)
    found, (row,) = status(sky, tmp_path)
    assert found.servers == 1
    assert row.move is Movability.UNKNOWN
    assert "placement" in row.reason.lower()


def test_no_such_host(sky, tmp_path):
    with pytest.raises(errors.NotFound):
        status(sky, tmp_path, "HostX")


def test_every_host_in_three_kinds_of_requests(sky, tmp_path):
    found = host_status.of_all(Cloud(sky.connection), tmp_path)
    assert [(h.host, h.servers, h.empty) for h in found] == [
        ("HostB", 1, False),
        ("HostC", 0, True),
    ]
    paths = {
        request.path.rpartition("/")[2]
        for request in sky.mock.request_history
        if request.path not in ("/", "/v2.1")
    }
    assert paths == {"os-services", "detail", "os-migrations"}


# Which run has it


def run(tmp_path, *entries, host="HostB", lock=True):
    """A drain whose journal has these kinds of lines."""
    journal = Journal.create(tmp_path)
    plan = Plan(Purpose.DRAIN, NOVA, MADE_AT, (host,), (), (), {})
    stored_plan.write(journal, Order(plan, Request(hosts=(host,))))
    for kind, data in entries:
        journal.note(kind, **data)
    journal.close()
    if lock:
        taken = Lock(tmp_path, NOVA, host)
        taken.take(journal.run)
        taken.give()
    return journal.run


def gone():
    return process.current() | {"started": 1}


@pytest.mark.parametrize(
    ("entries", "stage"),
    [
        ([("begin", {"process": process.current()})], Stage.AT_WORK),
        ([("begin", {"process": gone()})], Stage.DIED),
        ([("begin", {})], Stage.UNKNOWN),
        (
            [("begin", {"process": process.current() | {"boot": "other"}})],
            Stage.UNKNOWN,
        ),
    ],
)
def test_the_run_that_has_it(sky, tmp_path, entries, stage):
    name = run(tmp_path, *entries)
    found, _ = status(sky, tmp_path)
    assert (found.run, found.hold.stage) == (name, stage)
    assert found.hold.purpose == "drain"


def test_a_run_that_has_ended_has_it_no_more(sky, tmp_path):
    run(
        tmp_path,
        ("begin", {"process": process.current()}),
        ("end", {"verdict": "done", "came": []}),
    )
    assert status(sky, tmp_path)[0].hold is None


def test_a_resumed_run_has_it_again(sky, tmp_path):
    run(
        tmp_path,
        ("begin", {"process": gone()}),
        ("end", {"verdict": "interrupted", "came": []}),
        ("begin", {"process": process.current()}),
    )
    assert status(sky, tmp_path)[0].hold.stage is Stage.AT_WORK


def test_a_run_of_another_machine_is_named(sky, tmp_path):
    name = "20261124-170000-abcd"
    services(
        sky,
        status="disabled",
        disabled_reason=f"osc-migrate run {name} at work on node9",
    )
    hold = status(sky, tmp_path)[0].hold
    assert (hold.run, hold.machine, hold.stage) == (
        name,
        "node9",
        Stage.UNKNOWN,
    )


def test_a_run_that_left_it_disabled(sky, tmp_path):
    name = run(
        tmp_path,
        ("begin", {"process": gone()}),
        ("end", {"verdict": "done", "came": []}),
        lock=False,
    )
    services(
        sky,
        status="disabled",
        disabled_reason=f"osc-migrate run {name}: emptied",
    )
    hold = status(sky, tmp_path)[0].hold
    assert (hold.run, hold.stage) == (name, Stage.ENDED)


@pytest.mark.parametrize(
    ("entries", "ended"),
    [
        ([("begin", {"process": process.current()})], "not yet"),
        ([("begin", {"process": gone()})], "interrupted"),
        ([("begin", {})], "not yet"),
        (
            [
                ("begin", {"process": gone()}),
                ("end", {"verdict": "short", "came": []}),
            ],
            "short",
        ),
        # Resumed: that was not the end.
        (
            [
                ("end", {"verdict": "interrupted", "came": []}),
                ("begin", {"process": process.current()}),
            ],
            "not yet",
        ),
        ([("begin", {"process": gone()}), ("cancelled", {})], "cancelled"),
    ],
)
def test_how_a_run_ended_in_the_list(tmp_path, entries, ended):
    run(tmp_path, *entries, lock=False)
    parsed_args = argparse.Namespace(
        journal_dir=tmp_path, formatter="json", long=False, limit=None
    )
    names, (row,) = RunList(None, None).take_action(parsed_args)
    assert dict(zip(names, row, strict=True))["ended"] == ended


def test_the_list_ends_with_what_to_resume(tmp_path, capsys):
    done = [("begin", {}), ("end", {"verdict": "done", "came": []})]
    run(tmp_path, *done, lock=False)
    desk = Desk(None)
    desk.run(RunList, "--journal-dir", str(tmp_path))
    assert capsys.readouterr().err == "1 run on this machine\n"
    name = run(tmp_path, ("begin", {"process": gone()}), lock=False)
    desk.run(RunList, "--journal-dir", str(tmp_path))
    assert capsys.readouterr().err.splitlines() == [
        "2 runs on this machine, 1 interrupted",
        f"  1. to continue: openstack migrate drain --resume {name}",
    ]
