"""``openstack migrate abort`` on the embedded cloud: what is true after."""

import uuid

import pytest

from functional_tests.conftest import at_rest, until
from testbed.seen import migrations, where

COLUMNS = [
    "server",
    "id",
    "migration_id",
    "source",
    "destination",
    "status",
    "server_status",
    "host",
    "next",
]


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


def test_a_running_one(shell, moving, name, connection):
    server = moving(name)
    done = shell.migrate("abort", name, "-f", "json")
    assert done.code == 0, done.err
    (row,) = done.json
    assert list(row) == COLUMNS
    assert row["id"] == server.id
    assert (row["source"], row["destination"]) == ("HostB", "HostC")
    assert (row["status"], row["server_status"]) == ("error", "ERROR")
    assert row["host"] == "HostB"
    assert row["next"] == f"openstack migrate repair {name}"
    assert "its guest still runs there" in done.err
    assert where(connection, server).status == "ERROR"


def test_an_older_nova_leaves_it_active(shell, moving, name):
    moving(name, old_nova=True)
    done = shell.migrate("abort", name, "-f", "json")
    assert done.code == 0, done.err
    (row,) = done.json
    assert (row["status"], row["server_status"]) == ("cancelled", "ACTIVE")
    assert row["next"] == ""


def test_one_in_preparation(shell, moving, name):
    moving(name, "preparing", pre_seconds=4)
    done = shell.migrate("abort", name, "-f", "json")
    assert done.code == 0, done.err
    (row,) = done.json
    assert row["host"] == "HostB"


def test_a_host_with_one_that_runs_and_one_queued(
    shell, moving, name, connection
):
    first = moving(f"{name}-1")
    second = moving(f"{name}-2", "queued")
    done = shell.migrate("abort", "--host", "HostC", "-f", "json")
    assert done.code == 0, done.err
    rows = {row["id"]: row for row in done.json}
    assert set(rows) == {first.id, second.id}
    # One that never began has nothing to be in error of.
    assert rows[second.id]["status"] == "cancelled"
    assert rows[second.id]["server_status"] == "ACTIVE"
    for server in (first, second):
        assert where(connection, server).compute_host == "HostB"


def test_nothing_is_under_way(shell, boot, name):
    boot(name)
    done = shell.migrate("abort", name)
    assert done.code == 1
    assert f"migrate explain {name}" in done.err
    done = shell.migrate("abort", "--host", "HostC")
    assert done.code == 1
    assert "migrate watch --all" in done.err


def test_a_cold_one_goes_on(shell, boot, name, connection):
    boot(name)
    # It may be over by the time it is looked for: that is not a failure.
    done = shell.migrate("cold", name, "HostC", "--no-wait")
    assert done.code == 0, done.err
    done = shell.migrate("abort", name)
    assert done.code == 1
    assert f"migrate cold {name} --revert" in done.err
    until(
        lambda: (
            connection.compute.find_server(name, details=True).status
            == "VERIFY_RESIZE"
        )
    )


def test_post_copy_is_too_late(shell, moving, name, connection):
    server = moving(name, post_copy=True, bandwidth_mb=24)
    (record,) = migrations(connection, server)
    connection.compute.force_complete_server_migration(record["id"], server)
    until(lambda: "post-copy" in migrations(connection, server)[0]["status"])
    done = shell.migrate("abort", name, "-f", "json")
    assert done.code == 4, done.err
    (row,) = done.json
    assert (row["status"], row["host"]) == ("completed", "HostC")
    assert "too late" in row["next"]
    assert at_rest(connection, server).status == "ACTIVE"


def test_an_old_microversion(shell, moving, name):
    moving(name)
    old = ("--os-compute-api-version", "2.23")
    done = shell.run(*old, "migrate", "abort", name)
    assert done.code == 1
    assert "2.24" in done.err and "2.23" in done.err
    assert shell.migrate("abort", name).code == 0
