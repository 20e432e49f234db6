"""``openstack migrate watch``, and what a move does that stalls."""

import uuid

import pytest

from functional_tests.conftest import at_rest
from testbed.seen import where


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


def test_one_snapshot_for_programs(shell, moving, name):
    server = moving(name)
    for which in ([name], ["--host", "HostC"], ["--all"], []):
        done = shell.migrate("watch", *which, "-f", "json")
        assert done.code == 0, done.err
        (row,) = done.json
        assert (row["server"], row["id"]) == (name, server.id)
        assert (row["source"], row["destination"]) == ("HostB", "HostC")
        assert row["status"] == row["phase"] == "running"
        assert row["memory_total"] > 0
    assert shell.migrate("abort", name, "--repair").code == 0
    done = shell.migrate("watch", "-f", "json")
    assert (done.code, done.json) == (0, [])


def test_from_another_shell_to_the_end(shell, moving, name):
    moving(f"{name}-1")
    moving(f"{name}-2", "queued", dirty_mb=1)
    with shell.running("migrate", "watch") as run:
        seen = [run.read_error_line() for _ in range(2)]
        assert shell.migrate("abort", f"{name}-1", "--repair").code == 0
        done = run.end()
    told = "".join(seen) + done.err
    assert done.code == 0 and done.out == ""
    assert f"{name}-1 (" in told and "HostB -> HostC): running" in told
    assert "HostB -> HostC): queued" in told
    assert "): error" in told and "): completed" in told
    assert told.endswith("Nothing is under way.\n")


def test_nothing_is_under_way(shell, boot, name):
    boot(name)
    done = shell.migrate("watch", name)
    assert (done.code, done.out) == (0, "")
    assert done.err == "Nothing is under way.\n"


def test_ctrl_c_is_quiet(shell, moving, name, connection):
    server = moving(name)
    with shell.running("migrate", "watch", "--forever") as run:
        assert "running" in run.read_error_line()
        run.interrupt()
        done = run.end()
    assert done.code == 130
    assert "Traceback" not in done.err
    assert where(connection, server).task_state == "migrating"
    assert shell.migrate("abort", name, "--repair").code == 0


def test_a_stall_is_aborted(shell, boot, name, connection):
    server = boot(name, dirty_mb=500)
    done = shell.migrate(
        "live", name, "HostC", "--on-stall", "abort", "--stall-after", "3",
        "-f", "json",
    )  # fmt: skip
    assert done.code == 4, done.err
    assert "stalled: aborting" in done.err
    assert done.json["status"] == "error"
    assert where(connection, server).compute_host == "HostB"
    assert f"migrate repair {name}" in done.json["next"]


def test_a_stall_is_forced(shell, boot, name, connection):
    server = boot(name, dirty_mb=500)
    done = shell.migrate(
        "live", name, "HostC", "--on-stall", "force", "--stall-after", "3",
        "-f", "json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "stalled: forced" in done.err
    now = at_rest(connection, server)
    assert (now.status, now.compute_host) == ("ACTIVE", "HostC")


def test_a_stall_has_to_be_followed(shell, boot, name):
    boot(name)
    done = shell.migrate("live", name, "--on-stall", "abort", "--no-wait")
    assert done.code == 1
    assert "--no-wait" in done.err
