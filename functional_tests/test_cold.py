"""``openstack migrate cold`` on the embedded cloud: to its true end."""

import uuid

import pytest

from functional_tests.conftest import until


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def there(boot, name):
    boot(name)
    return name


@pytest.fixture
def now(connection):
    def read(name):
        return connection.compute.find_server(name, ignore_missing=False)

    def look(name):
        found = connection.compute.get_server(read(name).id)
        return found.status, found.hypervisor_hostname

    return look


def statuses(connection, name):
    server = connection.compute.find_server(name)
    rows = connection.compute.get(
        f"/os-migrations?instance_uuid={server.id}", microversion="2.59"
    ).json()["migrations"]
    return [row["status"] for row in rows]


def test_moved_and_confirmed(shell, there, now, connection):
    done = shell.migrate("cold", there, "HostC", "--confirm", "-f", "json")
    assert done.code == 0, done.err
    row = done.json
    assert (row["kind"], row["status"]) == ("cold", "confirmed")
    assert (row["source"], row["destination"]) == ("HostB", "HostC")
    assert now(there) == ("ACTIVE", "HostC")
    assert statuses(connection, there) == ["confirmed"]
    assert f"{there}: confirming" in done.err


def test_moved_and_left_waiting_then_taken_back(shell, there, now):
    done = shell.migrate("cold", there, "HostC", "-f", "json")
    assert done.code == 6, done.err
    assert done.json["status"] == "finished"
    assert "--confirm" in done.json["next"]
    assert now(there) == ("VERIFY_RESIZE", "HostC")
    back = shell.migrate("cold", there, "--revert", "-f", "json")
    assert back.code == 0, back.err
    assert back.json["status"] == "reverted"
    assert now(there) == ("ACTIVE", "HostB")


def test_one_that_waits_is_confirmed_later(shell, there, now):
    assert shell.migrate("cold", there, "HostC").code == 6
    assert shell.migrate("cold", there, "HostC", "--confirm").code == 1
    assert shell.migrate("cold", there).code == 3
    assert shell.migrate("cold", there, "--confirm").code == 0
    assert now(there) == ("ACTIVE", "HostC")


def test_a_stopped_server_stays_stopped(shell, there, now):
    assert shell.run("server", "stop", there).code == 0
    until(lambda: now(there)[0] == "SHUTOFF")
    done = shell.migrate("cold", there, "HostC", "--confirm")
    assert done.code == 0, done.err
    # It may have died on the way, for all the API shows.
    assert "WARN guest-runs-after-the-move" in done.err
    assert now(there) == ("SHUTOFF", "HostC")


def test_the_scheduler_chooses(shell, there, now):
    assert shell.migrate("cold", there, "--confirm").code == 0
    assert now(there)[1] != "HostB"


@pytest.mark.parametrize("phase", ["migrate_disk", "finish_migration"])
def test_a_failure_is_told(shell, boot, name, now, phase):
    boot(name, fail=phase)
    done = shell.migrate("cold", name, "HostC", "--confirm", "-f", "json")
    assert done.code == 4, done.err
    assert done.json["status"] == "error"
    assert phase in done.err
    assert "did not move" in done.err


def test_nothing_waits(shell, there):
    for option in ("--revert",):
        done = shell.migrate("cold", there, option)
        assert done.code == 1
        assert "no cold migration is awaiting" in done.err


def test_confirm_takes_the_end(shell, there):
    done = shell.migrate("cold", there, "--confirm", "--no-wait")
    assert done.code == 1
    assert "--no-wait" in done.err


def test_not_safe_is_not_started(shell, there, service, connection):
    service("HostC", status="disabled")
    done = shell.migrate("cold", there, "HostC", "--confirm")
    assert done.code == 3
    assert statuses(connection, there) == []
