"""What ``openstack migrate live`` refuses: nothing is changed then."""

import re
import uuid

import pytest

from testbed.seen import migrations, where


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


def untouched(connection, server, host="HostB", status="ACTIVE"):
    """The server is where and what it was, and nothing was tried."""
    now = where(connection, server)
    assert (now.compute_host, now.status) == (host, status)
    assert migrations(connection, server) == []


def test_unknown_server(shell):
    done = shell.migrate("live", "no-such-server", "HostC")
    assert done.code == 1
    assert "no server is called 'no-such-server'" in done.err
    assert done.out == ""


def test_two_servers_of_one_name(shell, connection, boot, name):
    twins = [boot(name), boot(name)]
    done = shell.migrate("live", name, "HostC")
    assert done.code == 1
    for twin in twins:
        assert twin.id in done.err
        untouched(connection, twin)


@pytest.mark.parametrize(
    "host, said", [("HostX", "did you mean"), ("HostB", "is there already")]
)
def test_no_way_there(shell, connection, boot, name, host, said):
    server = boot(name)
    done = shell.migrate("live", name, host, "-f", "json")
    assert done.code == 3
    assert said in done.err and "nothing was changed" in done.err
    assert done.out == ""
    untouched(connection, server)


def test_destination_disabled(shell, connection, boot, name, service):
    server = boot(name)
    service("HostC", status="disabled", disabled_reason="disk swap")
    done = shell.migrate("live", name, "HostC")
    assert done.code == 3
    assert "FAIL destination-is-enabled" in done.err
    assert "disk swap" in done.err
    assert done.err.count("FAIL") == 1
    untouched(connection, server)


def test_destination_forced_down(shell, connection, boot, name, service):
    server = boot(name)
    service("HostC", forced_down=True)
    done = shell.migrate("live", name, "HostC")
    assert done.code == 3
    assert "FAIL destination-is-not-forced-down" in done.err
    assert done.err.count("FAIL") == 1
    untouched(connection, server)


def test_destination_silent(shell, connection, boot, name, silence):
    server = boot(name)
    silence("HostC")
    done = shell.migrate("live", name, "HostC")
    assert done.code == 3
    assert "FAIL destination-is-up" in done.err
    assert "last heartbeat: " in done.err
    assert done.err.count("FAIL") == 1
    untouched(connection, server)


def test_destination_full(shell, connection, boot, name):
    boot(f"{name}-big", host="HostC", flavor="m1.huge")
    server = boot(name, flavor="m1.huge")
    done = shell.migrate("live", name, "HostC")
    assert done.code == 3
    assert "FAIL destination-has-room" in done.err
    assert re.search(r"\d+ MEMORY_MB needed, \d+ free", done.err)
    assert done.err.count("FAIL") == 1
    untouched(connection, server)


def test_server_stopped(shell, connection, boot, name):
    server = boot(name)
    connection.compute.stop_server(server)
    connection.compute.wait_for_server(server, "SHUTOFF", interval=0.2)
    done = shell.migrate("live", name, "HostC")
    assert done.code == 3
    assert "FAIL server-is-running" in done.err and "SHUTOFF" in done.err
    untouched(connection, server, status="SHUTOFF")


def test_server_locked_and_the_lock_ignored(shell, connection, boot, name):
    server = boot(name)
    connection.compute.lock_server(server)
    done = shell.migrate("live", name, "HostC")
    assert done.code == 3
    assert "FAIL server-is-unlocked" in done.err
    untouched(connection, server)
    done = shell.migrate(
        "live", name, "HostC", "--ignore", "server-is-unlocked"
    )
    assert done.code == 0
    assert "WARN server-is-unlocked" in done.err
    assert where(connection, server).compute_host == "HostC"


def test_server_busy(shell, connection, moving, settled, name):
    server = moving(name)
    done = shell.migrate("live", name, "HostC")
    assert done.code == 3
    assert "FAIL server-is-not-being-moved" in done.err
    assert "moves it now: HostB -> HostC" in done.err
    assert done.err.count("FAIL") == 1
    settled(server)
    assert len(migrations(connection, server)) == 1
