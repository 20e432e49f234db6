"""``openstack migrate force-complete`` on the embedded cloud."""

import os
import pty
import subprocess
import uuid

import pytest

from functional_tests.conftest import at_rest
from testbed.seen import COLUMNS, where
from testbed.shell import OPENSTACK


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
    moving(name, bandwidth_mb=8)
    done = shell.migrate(
        "force-complete", name, "--timeout", "2", "-f", "json"
    )
    assert done.code == 5, done.err
    assert done.json["status"] == "running"
    # It can be stopped all the same, while the guest is only paused.
    assert shell.migrate("abort", name).code == 0


def test_one_that_does_not_run_yet(shell, moving, name):
    moving(name, "preparing", pre_seconds=15)
    done = shell.migrate("force-complete", name)
    assert done.code == 1
    assert "preparing" in done.err
    assert shell.migrate("abort", name).code == 0


def test_nothing_is_under_way(shell, boot, name):
    boot(name)
    done = shell.migrate("force-complete", name)
    assert done.code == 1
    assert f"migrate explain {name}" in done.err


class Terminal:
    """A command whose stdin and stderr are a terminal."""

    def __init__(self, shell, *words):
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [OPENSTACK, "migrate", *words],
            env=shell.environment | {"TERM": "xterm", "COLUMNS": "120"},
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.said = ""

    def until(self, words):
        while words not in self.said:
            self.said += os.read(self._ours, 4096).decode()

    def type(self, line):
        os.write(self._ours, f"{line}\n".encode())

    def end(self):
        try:
            while chunk := os.read(self._ours, 4096):
                self.said += chunk.decode(errors="replace")
        except OSError:  # the other end is closed
            pass
        os.close(self._ours)
        return self._process.wait(60)


def test_a_person_is_asked(shell, moving, name, connection):
    server = moving(name, bandwidth_mb=100)
    asked = Terminal(shell, "force-complete", name)
    asked.until("[y/N] ")
    asked.type("n")
    assert asked.end() == 3
    assert "Nothing was changed" in asked.said
    assert where(connection, server).task_state == "migrating"
    watching = Terminal(shell, "watch")
    watching.until("memory")
    asked = Terminal(shell, "force-complete", name)
    asked.until("[y/N] ")
    asked.type("y")
    assert asked.end() == 0
    assert at_rest(connection, server).compute_host == "HostC"
    assert watching.end() == 0
    assert "HostB -> HostC" in watching.said
    assert "completed" in watching.said
