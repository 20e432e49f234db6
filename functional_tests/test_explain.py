"""``openstack migrate explain`` of moves that another user began."""

import uuid

import pytest

from functional_tests.conftest import until
from functional_tests.proofs.edits import Edits
from testbed.cloud import agents
from testbed.warm import WarmShell

CONDUCTOR = ("conductor_live_migrate_instance", "HostA")
SAID = "the cable is out"
OVER = ("completed", "error", "failed", "cancelled")
SCREEN = 24


@pytest.fixture(scope="module")
def warm(cloud):
    return WarmShell(cloud.environment())


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


def records(connection, server):
    return connection.compute.get(
        f"/os-migrations?instance_uuid={server.id}", microversion="2.59"
    ).json()["migrations"]


def ask(connection, server, host="HostC", block="auto"):
    """Nova's own API, with no check before."""
    body = {"os-migrateLive": {"host": host, "block_migration": block}}
    answer = connection.compute.post(
        f"/servers/{server.id}/action", json=body, microversion="2.96"
    )
    assert answer.status_code == 202, answer.text


def ended(connection, server):
    def over():
        found = records(connection, server)
        now = connection.compute.get_server(server.id)
        return found and found[0]["status"] in OVER and not now.task_state

    until(over)


def explained(warm, name):
    done = warm.migrate("explain", name, "-f", "json")
    assert done.code == 0, done.err
    (row,) = done.json
    return row


def failed(row):
    assert row["status"] in ("error", "failed")
    assert row["meaning"] and row["next"]
    return row["failed_step"], row["failed_host"]


@pytest.mark.parametrize(
    "phase, where",
    [
        (
            "check_destination",
            ("compute_check_can_live_migrate_destination", "HostC"),
        ),
        ("check_source", ("compute_check_can_live_migrate_source", "HostB")),
        ("pre_live_migration", ("compute_pre_live_migration", "HostC")),
    ],
)
def test_a_step_that_failed(warm, connection, boot, name, phase, where):
    server = boot(name, fail=phase, fail_message=SAID)
    ask(connection, server)
    ended(connection, server)
    row = explained(warm, name)
    assert failed(row) == where
    assert SAID in row["message"]


def test_half_way(warm, connection, boot, name):
    server = boot(name, fail="live_migration")
    ask(connection, server)
    ended(connection, server)
    row = explained(warm, name)
    assert failed(row) == ("guest-copy", "HostB")
    # Nova's API has no word of it, but a log does.
    assert "nova-compute's log" in row["next"]
    assert "HostB" in row["next"]


def test_aborted(warm, connection, boot, name):
    server = boot(name, dirty_mb=500)
    ask(connection, server)
    record = until(
        lambda: (
            (found := records(connection, server))
            and found[0]["status"] == "running"
            and found[0]
        )
    )
    connection.compute.abort_server_migration(record["id"], server)
    ended(connection, server)
    row = explained(warm, name)
    assert row["cause"] == "migration-aborted"
    assert "abort" in row["meaning"]


@pytest.fixture
def poor_cpu(connection, cloud):
    """HostC lacks CPU features; Nova has noticed, as it has after."""

    def noticed(features):
        cloud.configure("HostC", cpu_features=features)
        path = "/os-hypervisors/detail?hypervisor_hostname_pattern=HostC"
        until(
            lambda: (
                (
                    "avx2"
                    in connection.compute.get(path, microversion="2.87").text
                )
                == (features is None)
            )
        )

    noticed("aes")
    yield
    noticed(None)


def test_cpu(warm, connection, boot, name, poor_cpu):
    server = boot(name)
    ask(connection, server)
    ended(connection, server)
    row = explained(warm, name)
    assert failed(row) == (
        "compute_check_can_live_migrate_destination",
        "HostC",
    )
    assert row["cause"] == "cpu-incompatible"
    assert row["check"] == "destination-cpu-has-every-feature"


def test_storage(warm, connection, boot, name):
    server = boot(name)
    ask(connection, server, block=True)
    ended(connection, server)
    row = explained(warm, name)
    assert failed(row) == ("compute_check_can_live_migrate_source", "HostB")
    assert row["cause"] == "shared-storage-copied"


@pytest.mark.parametrize(
    "body", [{"status": "disabled"}, {"forced_down": True}]
)
def test_closed(warm, connection, boot, name, service, body):
    server = boot(name)
    service("HostC", **body)
    ask(connection, server)
    ended(connection, server)
    row = explained(warm, name)
    assert failed(row) == CONDUCTOR
    assert row["cause"] == "no-valid-host"


def test_full(warm, connection, boot, name):
    boot(f"{name}-big", host="HostC", flavor="m1.huge")
    server = boot(name, flavor="m1.huge")
    ask(connection, server)
    ended(connection, server)
    row = explained(warm, name)
    assert failed(row) == CONDUCTOR
    assert row["cause"] == "no-valid-host"


def test_no_network_there(warm, connection, boot, name, cloud):
    server = boot(name, networks=["provider"])
    cloud.agent("HostC", mappings={})
    try:
        ask(connection, server)
        ended(connection, server)
    finally:
        cloud.agent("HostC", mappings=agents.MAPPINGS)
    row = explained(warm, name)
    assert failed(row) == CONDUCTOR
    assert row["reached"] == "checking"
    assert row["cause"] == "no-valid-host"
    # Nova says no more; where it does, is named.
    assert "nova-conductor" in row["next"]


def test_it_worked(warm, connection, boot, name):
    server = boot(name)
    ask(connection, server)
    ended(connection, server)
    row = explained(warm, name)
    assert (row["status"], row["reached"]) == ("completed", "completed")
    assert row["failed_step"] == row["cause"] == ""


def test_a_hundred_moves_before(warm, connection, boot, name, cloud):
    server = boot(name, fail="check_destination", fail_message=SAID)
    edits = Edits(cloud)
    for _ in range(100):
        edits.migration(server.id, "completed", age="1 day")
    ask(connection, server)
    ended(connection, server)
    done = warm.migrate("explain", name)
    assert done.code == 0
    assert len(done.out.splitlines()) <= SCREEN
    assert SAID in done.out
    assert "compute_check_can_live_migrate_destination" in done.out
