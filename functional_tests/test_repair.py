"""``openstack migrate repair`` on the embedded cloud."""

import time
import uuid

import openstack
import pytest

from functional_tests.conftest import until
from testbed.seen import where
from testbed.shell import Shell

COLUMNS = ["server", "what", "why", "result", "next"]


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def broken(shell, boot, name, connection):
    """A server that a failed live migration left in ERROR."""
    server = boot(name, fail="live_migration")
    assert shell.migrate("live", name, "HostC").code == 4
    assert where(connection, server).status == "ERROR"
    return server


def test_a_server_in_error_whose_guest_runs_on(
    shell, broken, name, connection
):
    seen = shell.migrate("repair", name, "--dry-run", "-f", "json")
    assert seen.code == 3, seen.err
    (row,) = seen.json
    assert list(row) == COLUMNS
    assert row["result"] == "would do"
    assert "still on HostB" in row["why"]
    asked = shell.migrate("repair", name)
    assert asked.code == 1
    assert "--yes" in asked.err and asked.out == ""
    assert where(connection, broken).status == "ERROR"
    done = shell.migrate("repair", name, "--yes", "-f", "json")
    assert done.code == 0, done.err
    assert [row["result"] for row in done.json] == ["done"]
    now = where(connection, broken)
    assert (now.status, now.compute_host) == ("ACTIVE", "HostB")
    again = shell.migrate("repair", name, "--yes", "-f", "json")
    assert (again.code, again.json) == (0, [])
    assert shell.migrate("preflight", name, "HostC").code == 0


def test_an_abort_with_its_repair(shell, moving, name, connection):
    server = moving(name)
    done = shell.migrate("abort", name, "--repair", "-f", "json")
    assert done.code == 0, done.err
    (row,) = done.json
    assert (row["status"], row["server_status"]) == ("error", "ACTIVE")
    assert row["next"] == ""
    assert where(connection, server).status == "ACTIVE"


def test_another_error_is_not_ours(shell, boot, name, connection):
    server = boot(name)
    connection.compute.reset_server_state(server, "error")
    done = shell.migrate("repair", name, "--yes", "-f", "json")
    assert done.code == 3, done.err
    (row,) = done.json
    assert row["result"] == "left"
    assert "never migrated" in row["why"]
    assert "server set --state active" in row["next"]
    assert where(connection, server).status == "ERROR"


def test_an_error_that_came_later_is_not_ours(
    shell, boot, name, connection, silence
):
    """Its source is down: whether the guest runs is not known."""
    server = boot(name, fail="live_migration")
    assert shell.migrate("live", name, "HostC").code == 4
    silence("HostB")
    done = shell.migrate("repair", name, "--yes", "-f", "json")
    assert done.code == 3, done.err
    assert "HostB is not up" in done.json[0]["why"]
    assert where(connection, server).status == "ERROR"


def test_a_forgotten_confirmation(shell, boot, name, connection):
    server = boot(name)
    assert shell.migrate("cold", name, "HostC").code == 6
    done = shell.migrate("repair", name, "--yes", "-f", "json")
    assert done.code == 3, done.err
    assert "less than 86400 s" in done.json[0]["why"]
    assert "--revert" in done.json[0]["next"]
    time.sleep(1.5)
    done = shell.migrate(
        "repair", name, "--yes", "--confirm-after", "1", "-f", "json"
    )
    assert done.code == 0, done.err
    assert done.json[0]["result"] == "done"
    now = where(connection, server)
    assert (now.status, now.compute_host) == ("ACTIVE", "HostC")


def test_a_stale_binding(shell, boot, name, connection, cloud):
    server = boot(name, networks=["tenant"])
    nova = openstack.connect(**cloud.credentials("nova"))
    (port,) = connection.network.ports(device_id=server.id)
    answer = nova.network.post(
        f"/ports/{port.id}/bindings", json={"binding": {"host": "HostC"}}
    )
    assert answer.status_code in (200, 201), answer.text

    def bound():
        path = f"/ports/{port.id}/bindings"
        rows = connection.network.get(path).json()["bindings"]
        return {row["host"] for row in rows}

    done = shell.migrate("repair", name, "--yes", "-f", "json")
    # The embedded Neutron is a new one.
    assert done.code == 3, done.err
    assert "role service" in done.json[0]["next"]
    assert bound() == {"HostB", "HostC"}
    service = Shell(cloud.environment("nova"))
    done = service.migrate("repair", server.id, "--yes", "-f", "json")
    assert done.code == 0, done.err
    assert done.json[0]["result"] == "done"
    assert until(lambda: bound() == {"HostB"})
