"""The life of a lab, and what it leaves behind: nothing."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

from functional_tests.conftest import until
from functional_tests.node_lab.asking import INSTANCES, says
from testbed.cloud.processes import ROOT
from testbed.nodes import Lab, LabError
from testbed.nodes.names import Names


def cli(*arguments, **options):
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "testbed.nodes", *arguments],
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


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param("sys/fs/cgroup/*/{lab}/*/cgroup.procs", id="group"),
        *(
            pytest.param(pattern, id=name, marks=pytest.mark.long)
            for name, pattern in {
                "bridge": "run/netns/{lab}",
                "port": "run/netns/{lab}-Host*",
                "console": "{state}/nodes/*/console.log",
            }.items()
        ),
    ],
)
def test_down_cleans_up_after_an_up_that_was_killed(tmp_path, stage):
    state = tmp_path / "lab"
    pattern = stage.format(
        lab=Names.of(state).lab, state=str(state).lstrip("/")
    )
    command = [sys.executable, "-m", "testbed.nodes", "up"]
    up = subprocess.Popen(
        [*command, "--state", str(state)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: any(pathlib.Path("/").glob(pattern)))
    up.send_signal(signal.SIGKILL)
    up.wait()
    assert cli("down", "--purge", "--state", str(state)).returncode == 0
    until(lambda: not traces(state), 30)


#: a program whose lab is to end with it
OWNER = """\
import sys
from testbed.nodes import Lab
with Lab.up(sys.argv[1]):
    print("up", flush=True)
    sys.stdin.read()
"""


def killed_owner(state):
    """A process whose lab came up, killed."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(state)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "up\n"
            assert traces(state)
        finally:
            process.kill()


def test_a_lab_ends_with_a_process_that_is_killed(tmp_path):
    state = tmp_path / "lab"
    killed_owner(state)
    until(lambda: not traces(state))


def test_up_at_once_after_its_owner_was_killed(tmp_path):
    state = tmp_path / "lab"
    killed_owner(state)
    with Lab.up(state) as lab:
        assert says(lab, "HostB", "hostname") == "HostB"
        # As after a kill of all, and a deletion of all that can be deleted.
        shutil.rmtree(state, ignore_errors=True)
        with Lab.up(state) as again:
            assert says(again, "HostC", "hostname") == "HostC"
    assert traces(state) == []


def test_an_up_that_fails_says_why_and_leaves_nothing(tmp_path, monkeypatch):
    state = tmp_path / "lab"
    monkeypatch.setattr("testbed.nodes.nspawn._OPTIONS", ("--no-such-option",))
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
