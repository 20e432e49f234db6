"""``openstack migrate force-complete`` on the embedded cloud."""

import uuid

import pytest

from functional_tests.test_live import COLUMNS, at_rest


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize("post_copy", [False, True])
def test_it_ends_where_it_should(
    shell,
    moving,
    name,
    connection,
    post_copy,
):
    server = moving(name, post_copy=post_copy, bandwidth_mb=100)
    done = shell.migrate("force-complete", name, "-f", "json")
    assert done.code == 0, done.err
    row = done.json
    assert list(row) == COLUMNS
    assert (row["kind"], row["status"]) == ("live", "completed")
    assert (row["source"], row["destination"]) == ("HostB", "HostC")
    assert "is paused until the rest" in done.err
    assert "post-copy" in done.err
    now = at_rest(connection, server)
    assert (now.compute_host, now.status) == ("HostC", "ACTIVE")


def test_the_time_to_follow_is_bounded(shell, moving, name):
    moving(name, bandwidth_mb=20)
    done = shell.migrate(
        "force-complete", name, "--timeout", "2", "-f", "json"
    )
    assert done.code == 5, done.err
    assert done.json["status"] == "running"
    # It can be stopped all the same, while the guest is only paused.
    assert shell.migrate("abort", name).code == 0


def test_one_that_does_not_run_yet(shell, moving, name):
    moving(name, "preparing", pre_seconds=5)
    done = shell.migrate("force-complete", name)
    assert done.code == 1
    assert "preparing" in done.err
    assert shell.migrate("abort", name).code == 0


def test_nothing_is_under_way(shell, boot, name):
    boot(name)
    done = shell.migrate("force-complete", name)
    assert done.code == 1
    assert f"migrate explain {name}" in done.err
