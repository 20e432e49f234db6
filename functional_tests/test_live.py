"""``openstack migrate live`` on the embedded cloud: what was promised."""

import uuid

import openstack
import pytest

from functional_tests.conftest import at_rest
from testbed.seen import COLUMNS, holders, migrations, where
from testbed.shell import Shell

PHASES = {"accepted", "queued", "preparing", "running", "finishing"}


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


def test_it_moves_and_everything_agrees(shell, connection, boot, name):
    server = boot(name, bandwidth_mb=100)
    done = shell.migrate("live", name, "HostC", "-f", "json")
    assert done.code == 0
    result = done.json
    assert list(result) == COLUMNS
    assert result["server"] == name and result["id"] == server.id
    assert result["kind"] == "live" and result["status"] == "completed"
    assert (result["source"], result["destination"]) == ("HostB", "HostC")
    assert result["memory_bytes"] > 0 and result["disk_bytes"] == 0
    assert result["reason"] == result["next"] == ""
    (record,) = migrations(connection, server)
    assert result["migration_id"] == record["id"]
    # Beyond what was not checked, its phases and the verdict a success writes
    # nothing to stderr.
    unchecked = "  1 not checked: shared storage"
    *lines, verdict = done.err.splitlines()
    assert verdict.startswith(f"{name} moved HostB -> HostC in ")
    assert [line.startswith(unchecked) for line in lines].count(True) == 1
    words = [
        line.partition(": ")
        for line in lines
        if not line.startswith(unchecked)
    ]
    assert {subject for subject, _, _ in words} == {name}
    assert {phase for _, _, phase in words} <= PHASES
    assert holders(connection, server) == ["HostC"]
    shown = shell.run("server", "show", name, "-f", "json").json
    assert shown["OS-EXT-SRV-ATTR:host"] == "HostC"
    assert shown["status"] == "ACTIVE"


def test_by_id_and_without_a_host(shell, connection, boot, name):
    server = boot(name)
    done = shell.migrate("live", server.id, "-f", "json")
    assert done.code == 0
    assert done.json["destination"] == "HostC"  # the only other one
    assert where(connection, server).compute_host == "HostC"


def test_a_paused_server_stays_paused(shell, connection, boot, name):
    server = boot(name)
    connection.compute.pause_server(server)
    connection.compute.wait_for_server(server, "PAUSED", interval=0.2)
    assert shell.migrate("live", name, "HostC").code == 0
    now = where(connection, server)
    assert (now.status, now.compute_host) == ("PAUSED", "HostC")


def test_a_projects_manager_lets_the_scheduler_choose(cloud, connection, name):
    """No admin: sees no hosts, no services, no placement."""
    demo = openstack.connect(**cloud.credentials("demo"))
    server = demo.compute.create_server(
        name=name,
        image_id=demo.image.find_image("tiny").id,
        flavor_id=demo.compute.find_flavor("m1.tiny").id,
        networks="none",
        metadata={"lab.bandwidth_mb": "200"},
    )
    try:
        demo.compute.wait_for_server(server, interval=0.2, wait=300)
        before = where(connection, server).compute_host
        manager = Shell(cloud.environment("manager"))
        done = manager.migrate("live", name, "-f", "json")
        assert done.code == 0, done.err
        assert done.json["status"] == "completed"
        assert where(connection, server).compute_host != before
        done = manager.migrate("live", name, "HostC")
        assert done.code == 3
        assert "FAIL user-may-move-it-live" in done.err
    finally:
        connection.compute.delete_server(server, force=True)
        connection.compute.wait_for_delete(server, interval=0.2, wait=300)


def test_no_wait_returns_at_once(shell, connection, boot, name):
    server = boot(name, bandwidth_mb=24)
    done = shell.migrate("live", name, "HostC", "--no-wait", "-f", "json")
    assert done.code == 0
    assert done.json["migration_id"] == migrations(connection, server)[0]["id"]
    assert where(connection, server).task_state == "migrating"
    assert at_rest(connection, server).compute_host == "HostC"


def test_a_guest_that_never_converges(shell, connection, boot, name):
    server = boot(name, dirty_mb=500)
    done = shell.migrate("live", name, "HostC", "--timeout", "5", "-f", "json")
    assert done.code == 5
    result = done.json
    # On a busy machine five seconds may end before the copy begins.
    assert result["status"] in ("queued", "preparing", "running")
    assert 5 <= result["seconds"] < 60
    assert f"migrate watch {name}" in result["next"]
    assert where(connection, server).task_state == "migrating"
    assert shell.migrate("abort", name, "--repair").code == 0
    assert where(connection, server).compute_host == "HostB"


SLOW = {"update_seconds": 20, "dirty_mb": 0, "bandwidth_mb": 6}


@pytest.mark.long
@pytest.mark.parametrize(
    "knobs",
    [
        # A copy of more than a minute, with counters every 20 s.
        SLOW,
        # It ends between two of them, and Nova goes on with it for 40 s.
        SLOW | {"post_seconds": 40, "update_seconds": 5},
    ],
    ids=["slow-interval", "finished-before-the-record"],
)
def test_counters_at_any_pace_are_no_stall(
    shell, connection, boot, name, knobs
):
    server = boot(name, **knobs)
    done = shell.migrate(
        *("live", name, "HostC", "--on-stall", "abort"),
        *("--stall-after", "15", "-f", "json"),
    )
    assert done.code == 0, done.err
    assert "not converging" not in done.err
    assert done.json["status"] == "completed"
    assert where(connection, server).compute_host == "HostC"


def test_a_second_one_is_queued_behind_the_first(
    shell, connection, boot, name
):
    first = boot(f"{name}-1", dirty_mb=500)
    boot(f"{name}-2")
    started = shell.migrate(
        "live", f"{name}-1", "HostC", "--no-wait", "-f", "json"
    )
    words = ["migrate", "live", f"{name}-2", "HostC", "-f", "json"]
    with shell.running(*words) as run:
        while "queued" not in run.read_error_line():
            pass
        # The first never ends by itself.
        connection.compute.abort_server_migration(
            started.json["migration_id"], first
        )
        done = run.end()
    assert done.code == 0
    assert done.json["destination"] == "HostC"


def test_ctrl_c_leaves_the_move_alone(shell, connection, boot, name):
    server = boot(name, bandwidth_mb=64)
    with shell.running("migrate", "live", name, "HostC") as run:
        while "running" not in run.read_error_line():
            pass
        run.interrupt()
        done = run.end()
    assert done.code == 130
    assert f"migrate watch {name}" in done.err
    assert f"migrate abort {name}" in done.err
    assert at_rest(connection, server).compute_host == "HostC"
