"""Life and death of embedded clouds, and what their commands say.

Every test that changes a cloud as a whole starts its own in a temporary
directory. All stop only what they started.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from functional_tests.conftest import until
from functional_tests.embedded.user import QUICK, User
from testbed.cloud import Cloud, CloudError, config, processes
from testbed.cloud.processes import ROOT, Process
from testbed.cloud.record import Record

LIST = 'eval "$1"; openstack compute service list -f json'


def cli(*arguments, python=(sys.executable,), timeout=600, **options):
    """Run the command line to its end."""
    return subprocess.run(
        [*python, "-m", "testbed.cloud", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        **options,
    )


def test_up_status_env_down(tmp_path):
    state = ["--state", str(tmp_path / "a cloud")]
    first = cli("up", *state, "--hosts", "One,Two,Three")
    try:
        assert first.returncode == 0, first.stderr
        assert 'eval "$(' in first.stderr
        cloud = Cloud(tmp_path / "a cloud")
        assert cloud.hosts == ["One", "Two", "Three"]

        again = cli("up", *state, "--hosts", "One,Two,Three")
        assert again.returncode == 0
        assert "already up" in again.stderr
        other = cli("up", *state, "--hosts", "One")
        assert other.returncode == 1
        assert "run `down` first" in other.stderr

        status = cli("status", *state)
        assert status.returncode == 0
        for service, port in cloud.ports.items():
            assert service in status.stdout
            assert str(port) in status.stdout

        env = cli("env", *state)
        listed = subprocess.run(
            ["bash", "-c", LIST, "bash", env.stdout],
            env={
                **os.environ,
                "PATH": os.path.dirname(sys.executable)
                + os.pathsep
                + os.environ["PATH"],
            },
            capture_output=True,
            text=True,
        )
        assert listed.returncode == 0, listed.stderr
        services = {
            (one["Binary"], one["Host"], one["State"])
            for one in json.loads(listed.stdout)
        }
        assert services >= {
            ("nova-scheduler", "HostA", "up"),
            ("nova-compute", "One", "up"),
            ("nova-compute", "Three", "up"),
        }
        pids = cloud.processes
        assert len(pids) == 3
    finally:
        down = cli("down", *state)
    assert down.returncode == 0
    assert not any(process.alive for process in pids)
    assert not (tmp_path / "a cloud").exists()
    assert cli("status", *state).returncode == 1
    assert cli("env", *state).returncode == 1
    assert cli("down", *state).returncode == 0


def test_two_clouds_at_once(shared, tmp_path):
    with Cloud.up(tmp_path / "second", ["HostB"]) as second:
        assert not set(second.ports.values()) & set(shared.ports.values())
        assert [one["host"] for one in computes(second)] == ["HostB"]
        assert len(computes(shared)) == 2
    assert shared.is_up
    assert len(computes(shared)) == 2


def computes(cloud):
    path = "/os-services?binary=nova-compute"
    return User(cloud).call("get", path).json()["services"]


# Once nova-api closed the connection without an answer, on a machine with a
# load of 29; the cause was not found.
@pytest.mark.long
def test_a_kept_cloud_remembers(tmp_path):
    cloud = Cloud.up(tmp_path / "cloud", settings=QUICK)
    try:
        uuid = User(cloud).boot()
        cloud.down(keep=True)
        assert not cloud.is_up
        Cloud.up(tmp_path / "cloud", settings=QUICK)
        user = User(cloud)
        assert user.server(uuid)["status"] == "ACTIVE"
        user.live(uuid)
        assert user.end(uuid) == ("completed", "ACTIVE", "HostC")
    finally:
        cloud.down()


def test_down_finds_what_a_killed_up_has_started(tmp_path):
    cloud, starting = begin(tmp_path)
    try:
        starting.kill()
        starting.wait()
        assert any(process.alive for process in cloud.processes)
        # One that is not known to be dead is not taken over.
        cloud.state.save({**cloud.state.load(), "owner": None})
        with pytest.raises(CloudError, match="partly running"):
            Cloud.up(cloud.state.path)
    finally:
        pids = cloud.processes
        cloud.down()
    assert not any(process.alive for process in pids)
    assert not cloud.state.path.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_stops_what_it_started(tmp_path, number):
    cloud, starting = begin(tmp_path)
    starting.send_signal(number)
    # What `python -m` runs dies of SIGINT after its exit, with 130 in a shell
    # too, if the interrupt met an exec(), as while dataclasses are imported.
    assert starting.wait(timeout=300) in (130, -signal.SIGINT)
    assert cloud.processes
    assert not any(process.alive for process in cloud.processes)
    cloud.down()


def begin(tmp_path):
    """An `up` that has just started its processes."""
    cloud = Cloud(tmp_path / "cloud")
    starting = subprocess.Popen(
        [
            *(sys.executable, "-m", "testbed.cloud", "up"),
            *("--state", str(cloud.state.path)),
        ],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: len(cloud.processes) == 3, 300)
    return cloud, starting


#: a program whose cloud is to end with it
OWNER = """\
import sys
from testbed.cloud import Cloud
with Cloud.up(sys.argv[1]):
    print("up", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def owner(cloud):
    """A process with its own cloud; it is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(cloud.state.path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_cloud_ends_with_a_process_that_is_killed(tmp_path):
    cloud = Cloud(tmp_path / "cloud")
    with owner(cloud):
        until(lambda: len(cloud.processes) == 3)
        started = cloud.processes
    until(lambda: not any(process.alive for process in started))
    until(lambda: not cloud.state.path.exists())


def test_up_at_once_after_its_owner_was_killed(tmp_path):
    cloud = Cloud(tmp_path / "cloud")
    with owner(cloud) as process:
        assert process.stdout.readline() == "up\n"
        before = cloud.processes
        assert cloud.is_up
    with Cloud.up(cloud.state.path) as again:
        assert again.is_up
        assert not any(process.alive for process in before)
        # What a dead owner has left when its guard was killed too.
        before = again.processes
        facts = again.state.load()
        again.state.save({**facts, "owner": {"pid": 1, "started": -2}})
        with Cloud.up(cloud.state.path):
            assert not any(process.alive for process in before)
            assert cloud.is_up
    assert not cloud.state.path.exists()


def test_a_guard_leaves_alone_what_was_started_after_it(tmp_path):
    cloud = Cloud(tmp_path / "cloud")
    cloud.state.create()
    facts = {"owner": processes.describe("owner", os.getpid()).entry}
    cloud.state.save(facts)
    state = ("--state", str(cloud.state.path))
    assert cli("down", *state, "--owner", "1:1").returncode == 0
    assert cloud.state.load() == facts
    cloud.down()


def test_a_guard_that_waits_for_the_lock_ends_nothing_newer(
    tmp_path, monkeypatch
):
    """It was the old owner's when the guard began to wait."""
    cloud = Cloud(tmp_path / "cloud")
    cloud.state.create()
    cloud.state.save({"owner": {"pid": 1, "started": -2}})
    waiting = threading.Event()
    take = Record._take_lock

    def noted(record, deadline):
        waiting.set()
        return take(record, deadline)

    guard = threading.Thread(
        target=Cloud(cloud.state.path).down, args=(False, "1:-2")
    )
    with cloud.state.locked():
        monkeypatch.setattr(Record, "_take_lock", noted)
        guard.start()
        assert waiting.wait(300)
        mine = {"owner": processes.describe("owner", os.getpid()).entry}
        cloud.state.save(mine)
    guard.join()
    assert cloud.state.load() == mine
    cloud.down()


def test_down_of_nothing(tmp_path):
    Cloud(tmp_path / "never").down()
    precious = tmp_path / "precious"
    precious.write_text("not a cloud")
    Cloud(tmp_path).down()
    assert precious.exists()
    with pytest.raises(CloudError, match="holds no cloud"):
        Cloud.up(tmp_path)
    assert list(tmp_path.iterdir()) == [precious]


def test_a_recycled_pid_is_left_alone():
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        real = processes.describe("sleep", child.pid)
        assert real.alive
        processes.stop([Process("ours once", child.pid, real.started - 1)])
        assert child.poll() is None
        processes.stop([real])
        assert child.poll() is not None
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("fresh", [False, True])
def test_a_failing_service_shows_its_log(tmp_path, monkeypatch, fresh):
    broken = config._KEYSTONE.replace("fernet\n", "no-such-provider\n", 1)
    monkeypatch.setattr(config, "_KEYSTONE", broken)
    cloud = Cloud(tmp_path / "cloud")
    with pytest.raises(CloudError, match="keystone ended") as caught:
        Cloud.up(cloud.state.path, fresh=fresh)
    assert "no-such-provider" in str(caught.value)
    assert not any(process.alive for process in cloud.processes)
    cloud.down()


def test_a_missing_package_is_named(tmp_path):
    # -S: an interpreter that sees no installed package at all
    result = cli(
        "up",
        "--state",
        str(tmp_path / "cloud"),
        python=(sys.executable, "-S"),
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )
    assert result.returncode == 1
    assert "nova" in result.stderr
    assert f"not installed in {sys.executable}" in result.stderr
    assert "requirements.txt" in result.stderr
    assert not (tmp_path / "cloud").exists()


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = cli(
            "up",
            "--state",
            str(tmp_path / "cloud"),
            "--port",
            f"keystone={port}",
        )
    assert result.returncode == 1
    assert f"keystone: cannot listen on 127.0.0.1:{port}" in result.stderr
    assert not (tmp_path / "cloud").exists()


def test_wrong_settings_are_refused(shared, tmp_path):
    for wrong in ({"colour": "red"}, {"fail": "never"}, {"vcpus": "many"}):
        with pytest.raises(CloudError):
            Cloud.up(tmp_path / "cloud", settings=wrong)
        with pytest.raises(CloudError):
            shared.configure("HostB", **wrong)
    with pytest.raises(CloudError, match="no compute is called HostX"):
        shared.silence("HostX")


def test_who_may_do_what(shared, user):
    for name in ("demo", "manager"):
        connection = User(shared, name).connection
        assert connection.current_project.name == "demo"
        assert connection.image.find_image("tiny")
    assert {flavor.name for flavor in user.compute.flavors()} == {
        "m1.tiny",
        "m1.small",
        "m1.huge",
    }


def test_silence_and_wake(tmp_path):
    # Its own cloud: a host that is down would spoil the tests beside it.
    with Cloud.up(tmp_path / "cloud", settings=QUICK) as cloud:
        user = User(cloud)
        uuid = user.boot()
        state = ["--state", str(cloud.state.path)]
        assert cli("silence", "HostC", *state).returncode == 0
        assert "silent: HostC" in cli("status", *state).stdout
        until(lambda: user.state("HostC")["state"] == "down", 300)
        assert user.state("HostB")["state"] == "up"
        user.live(uuid)
        assert user.end(uuid) == ("error", "ACTIVE", "HostB")
        assert cli("wake", "HostC", *state).returncode == 0
        until(lambda: user.state("HostC")["state"] == "up", 300)
        user.live(uuid)
        assert user.end(uuid, 2) == ("completed", "ACTIVE", "HostC")
