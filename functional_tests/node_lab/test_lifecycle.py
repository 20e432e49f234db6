"""The life of a lab, and what it leaves behind: nothing."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from functional_tests.cloud.processes import ROOT
from functional_tests.conftest import until
from functional_tests.node_lab.asking import INSTANCES, says
from functional_tests.nodes import Lab, LabError
from functional_tests.nodes.names import Names


def cli(*arguments, **options):
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "functional_tests.nodes", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        **options,
    )


def traces(state):
    """All that a lab in a state directory has left on this machine."""
    lab = Names.of(pathlib.Path(state)).lab
    found = [str(state)] if pathlib.Path(state).exists() else []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        if lab in line or f"{state}/" in line:
            found.append(line)
    for pattern in (
        f"run/netns/{lab}*",
        f"run/osc-migrate-nodes/{lab}*",
        f"run/systemd/nspawn/*/*{lab}*",
        f"sys/fs/cgroup/*/{lab}*",
        f"sys/fs/cgroup/{lab}*",
    ):
        found += map(str, pathlib.Path("/").glob(pattern))
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if path.parent.name != str(os.getpid()) and (
            lab in words or f"{state}/" in words
        ):
            found.append(words.replace("\0", " "))
    return found


def test_the_command_line(lab):
    state = ("--state", str(lab.state.path))
    said = cli("up", *state)
    assert said.returncode == 0 and "already up" in said.stderr
    said = subprocess.run(
        [
            *("sh", "-ec", 'eval "$1"; ssh -F $NODES_SSH_CONFIG $2 hostname'),
            *("sh", cli("env", *state).stdout, "HostB"),
        ],
        capture_output=True,
        text=True,
    )
    assert said.stdout == "HostB\n", said.stderr
    assert cli("ssh", *state, "HostB", "exit 5").returncode == 5
    said = cli("up", "--kind", "vm", *state)
    assert said.returncode == 1
    assert "is up and of the kind nspawn" in said.stderr


def test_two_labs_do_not_meet_and_down_leaves_nothing(lab, tmp_path):
    says(lab, "HostB", f"touch {INSTANCES}/f")
    state = tmp_path / "lab"
    with Lab.up(state) as second:
        assert says(second, "HostB", f"ls {INSTANCES}") == ""
        one, two = (
            says(one, "HostB", "cat /etc/machine-id") for one in (lab, second)
        )
        assert one != two
        assert traces(state)  # so they are found while they are there
    assert traces(state) == []
    assert says(lab, "HostC", f"rm {INSTANCES}/f; hostname") == "HostC"


@pytest.mark.parametrize("seconds", [0.3, 0.6, 0.9, 1.2])
def test_down_cleans_up_after_an_up_that_was_killed(tmp_path, seconds):
    state = tmp_path / "lab"
    command = [sys.executable, "-m", "functional_tests.nodes", "up"]
    up = subprocess.Popen(
        [*command, "--state", str(state)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: state.exists() and any(state.iterdir()))
    time.sleep(seconds)
    up.send_signal(signal.SIGKILL)
    up.wait()
    assert cli("down", "--purge", "--state", str(state)).returncode == 0
    until(lambda: not traces(state), 30)


def test_an_up_that_fails_says_why_and_leaves_nothing(tmp_path, monkeypatch):
    state = tmp_path / "lab"
    monkeypatch.setattr(
        "functional_tests.nodes.nspawn._OPTIONS", ("--no-such-option",)
    )
    with pytest.raises(LabError, match=r"Host. has ended:\n.*no-such-option"):
        Lab.up(state)
    Lab(state).down(purge=True)
    assert traces(state) == []


def test_a_directory_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "precious").touch()
    with pytest.raises(LabError, match="is not empty and holds no lab"):
        Lab.up(tmp_path)
    assert (tmp_path / "precious").exists()


def test_others_than_root_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="needs root"):
        Lab.up(tmp_path / "lab")
