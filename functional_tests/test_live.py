"""``openstack migrate live`` on the embedded cloud: what was promised."""

import re
import uuid

import openstack
import pytest

from functional_tests.conftest import at_rest
from functional_tests.shell import Shell

COLUMNS = [
    "server",
    "id",
    "kind",
    "source",
    "destination",
    "status",
    "migration_id",
    "seconds",
    "memory_bytes",
    "disk_bytes",
    "reason",
    "next",
]
PHASES = {"accepted", "queued", "preparing", "running", "finishing"}


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


def where(connection, server):
    return connection.compute.get_server(server.id)


def holders(connection, server):
    """The providers on which placement holds something for the server."""
    body = connection.placement.get(f"/allocations/{server.id}").json()
    names = {
        row["uuid"]: row["name"]
        for row in connection.placement.get("/resource_providers").json()[
            "resource_providers"
        ]
    }
    return [names[provider] for provider in body["allocations"]]


def migrations(connection, server):
    return connection.compute.get(
        f"/os-migrations?instance_uuid={server.id}", microversion="2.59"
    ).json()["migrations"]


def untouched(connection, server, host="HostB", status="ACTIVE"):
    """The server is where and what it was, and nothing was tried."""
    now = where(connection, server)
    assert (now.compute_host, now.status) == (host, status)
    assert migrations(connection, server) == []


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
    # Beyond its phases a success writes nothing to stderr.
    words = [line.partition(": ") for line in done.err.splitlines()]
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
        demo.compute.wait_for_server(server, interval=0.2, wait=60)
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
        connection.compute.wait_for_delete(server, interval=0.2, wait=60)


def test_no_wait_returns_at_once(shell, connection, boot, name):
    server = boot(name, bandwidth_mb=64)
    done = shell.migrate("live", name, "HostC", "--no-wait", "-f", "json")
    assert done.code == 0
    assert done.json["migration_id"] == migrations(connection, server)[0]["id"]
    assert where(connection, server).task_state == "migrating"
    assert at_rest(connection, server).compute_host == "HostC"


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
    assert "last heard of" in done.err
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


@pytest.mark.parametrize(
    "phase, step",
    [
        (
            "check_destination",
            "compute_check_can_live_migrate_destination",
        ),
        ("pre_live_migration", "compute_pre_live_migration"),
    ],
)
def test_a_failure_that_nova_explains(
    shell, connection, boot, name, phase, step
):
    server = boot(name, fail=phase, fail_message="the cable is out")
    done = shell.migrate("live", name, "HostC", "-f", "json")
    assert done.code == 4
    result = done.json
    assert result["status"] in ("error", "failed")
    assert "the cable is out" in result["reason"]
    assert step in result["reason"]
    assert result["next"]
    now = where(connection, server)
    assert (now.status, now.compute_host) == ("ACTIVE", "HostB")


def test_a_failure_half_way_has_no_reason_in_the_api(
    shell, connection, boot, name
):
    server = boot(name, fail="live_migration")
    done = shell.migrate("live", name, "HostC", "-f", "json")
    assert done.code == 4
    result = done.json
    assert result["status"] == "error"
    assert "no reason" in result["reason"]
    assert "ERROR on HostB" in result["reason"]
    assert "nova-compute" in result["next"]
    assert f"server set --state active {name}" in result["next"]
    now = where(connection, server)
    assert (now.status, now.compute_host) == ("ERROR", "HostB")
    # The repair that it names is one.
    fixed = shell.run(
        "server", "set", "--state", "active", "--auto-approve", name
    )
    assert fixed.code == 0
    assert where(connection, server).status == "ACTIVE"


def test_an_older_nova_leaves_it_active(shell, connection, boot, name):
    server = boot(name, fail="live_migration", old_nova=True)
    done = shell.migrate("live", name, "HostC", "-f", "json")
    assert done.code == 4
    assert "ACTIVE on HostB" in done.json["reason"]
    assert where(connection, server).status == "ACTIVE"


def test_another_client_aborts_it(shell, connection, boot, name):
    server = boot(name, bandwidth_mb=64)
    with shell.running("migrate", "live", name, "HostC", "-f", "json") as run:
        while "running" not in run.read_error_line():
            pass
        (record,) = migrations(connection, server)
        connection.compute.abort_server_migration(record["id"], server)
        done = run.end()
    assert done.code == 4
    assert done.json["status"] in ("error", "cancelled")
    assert where(connection, server).compute_host == "HostB"


def test_a_guest_that_never_converges(shell, connection, boot, name):
    server = boot(name, dirty_mb=500)
    done = shell.migrate("live", name, "HostC", "--timeout", "5", "-f", "json")
    assert done.code == 5
    result = done.json
    assert result["status"] == "running"
    assert 5 <= result["seconds"] < 8
    assert f"migrate watch {name}" in result["next"]
    assert where(connection, server).task_state == "migrating"
    connection.compute.abort_server_migration(result["migration_id"], server)


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


@pytest.mark.parametrize("form", ["json", "yaml", "value", "table", "shell"])
def test_stdout_carries_the_result_only(shell, boot, name, form):
    boot(name, fail="check_destination", fail_message="x")
    done = shell.migrate("live", name, "HostC", "-f", form, "-c", "status")
    assert done.code == 4
    expected = {
        "json": '{\n  "status": "error"\n}',
        "yaml": "status: error",
        "value": "error",
        "shell": 'status="error"',
    }
    if form in expected:
        assert done.out.strip() == expected[form]


@pytest.mark.parametrize(
    "knobs, code, said",
    [
        # The SDK asks at 2.30: Nova checks at once, but hides the reason.
        ({"fail": "check_destination"}, 1, "No valid host was found"),
        ({"fail": "pre_live_migration"}, 0, "Complete"),
        # Half way. Since Nova 33 such a server soon is in ERROR, which the
        # stock command sees, or not, as the moment falls.
        ({"fail": "live_migration", "old_nova": True}, 0, "Complete"),
    ],
    ids=["check_destination", "pre_live_migration", "live_migration"],
)
def test_one_failure_seen_by_both_commands(
    shell, boot, name, knobs, code, said
):
    """Why this plugin exists."""
    boot(name, **knobs)
    stock = shell.run(
        "--os-compute-api-version", "2.96", "server", "migrate",
        "--live-migration", "--host", "HostC", "--wait",
        name,
    )  # fmt: skip
    assert stock.code == code
    assert said in stock.out + stock.err
    ours = shell.migrate("live", name, "HostC", "-f", "json")
    assert ours.code == 4
    assert ours.json["status"] in ("error", "failed")
    # Of what happens in the hypervisor phase Nova's API tells nothing.
    half_way = knobs["fail"] == "live_migration"
    told = "no reason" if half_way else f"asked to fail in {knobs['fail']}"
    assert told in ours.json["reason"]
