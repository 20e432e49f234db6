"""Real Neutron in the embedded cloud: what it does without any agent."""

import uuid

import openstack
import pytest

from functional_tests.conftest import until
from testbed.cloud import __main__ as command
from testbed.cloud import agents

BOTH = ("provider", "tenant")


@pytest.fixture
def server(boot):
    return boot(f"vm-{uuid.uuid4().hex[:8]}", networks=BOTH)


@pytest.fixture
def agent(cloud):
    """Changes Neutron's agent on HostC; takes it back after."""
    yield lambda *words: command.main(
        ["agent", "--state", str(cloud.state.path), "HostC", *words]
    )
    cloud.agent("HostC", alive=True, mappings=agents.MAPPINGS)


def bindings(connection, server):
    """Of each port: where it is bound, and how."""
    found = []
    for port in connection.network.ports(device_id=server.id):
        path = f"/ports/{port.id}/bindings"
        rows = connection.network.get(path).json()["bindings"]
        found.append({row["host"]: row["status"] for row in rows})
    return found


def move(connection, server, host="HostC"):
    """(status of the migration, host of the server) when it is over."""
    body = {"os-migrateLive": {"host": host, "block_migration": "auto"}}
    path = f"/servers/{server.id}"
    answer = connection.compute.post(
        f"{path}/action", json=body, microversion="2.96"
    )
    assert answer.status_code == 202, answer.text

    def over():
        rows = connection.compute.get(
            f"/os-migrations?instance_uuid={server.id}", microversion="2.59"
        ).json()["migrations"]
        now = connection.compute.get_server(server.id)
        if not rows or now.task_state:
            return None
        status = rows[0]["status"]
        if status not in ("completed", "error", "failed"):
            return None
        return status, now.compute_host

    return until(over)


def test_ports_follow_their_server(connection, server):
    assert bindings(connection, server) == [{"HostB": "ACTIVE"}] * 2
    assert move(connection, server) == ("completed", "HostC")
    assert bindings(connection, server) == [{"HostC": "ACTIVE"}] * 2


@pytest.mark.parametrize("words", [["--dead"], ["--map", ""]])
def test_no_binding_without_agent_or_mapping(connection, server, agent, words):
    assert agent(*words) == 0
    assert move(connection, server) == ("error", "HostB")
    assert bindings(connection, server) == [{"HostB": "ACTIVE"}] * 2
    assert agent("--alive", "--map", "physnet1:br-ex") == 0
    assert move(connection, server) == ("completed", "HostC")


def test_only_a_service_may_add_a_binding(cloud, connection, server):
    port = next(connection.network.ports(device_id=server.id))
    path, body = f"/ports/{port.id}/bindings", {"binding": {"host": "HostC"}}
    assert connection.network.post(path, json=body).status_code == 403
    nova = openstack.connect(**cloud.credentials("nova"))
    assert nova.network.post(path, json=body).status_code in (200, 201)
    assert {"HostB": "ACTIVE", "HostC": "INACTIVE"} in bindings(
        connection, server
    )
    # Which is in the way of the next move.
    assert move(connection, server) == ("error", "HostB")
    assert nova.network.delete(f"{path}/HostC").status_code in (200, 204)
    assert move(connection, server) == ("completed", "HostC")


def test_no_agents_without_neutron(cloud, capsys):
    assert command.main(["agent", "--state", "/nowhere", "HostC"]) == 1
    assert "no compute is called HostC" in capsys.readouterr().err
    state = ["--state", str(cloud.state.path)]
    assert command.main(["agent", *state, "HostC", "--map", "x"]) == 1
    assert "write NETWORK:BRIDGE" in capsys.readouterr().err
