"""The embedded cloud itself: life and death, faults, and how moves end.

Every test that changes a cloud as a whole starts its own in a temporary
directory; the others share one per worker.  All stop only what they started.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import openstack
import pytest

from functional_tests.cloud import Cloud, CloudError, config, processes
from functional_tests.cloud.processes import ROOT, Process

#: quick migrations: a small guest moves in about a second
QUICK = {"bandwidth_mb": 512, "update_seconds": 0.2, "settle_seconds": 0.3}
OVER = {"completed", "error", "failed", "cancelled", "confirmed"}
MICROVERSION = "2.96"
LIST = 'eval "$1"; openstack compute service list -f json'


def cli(*arguments, python=(sys.executable,), timeout=120, **options):
    """Run the command line to its end."""
    return subprocess.run(
        [*python, "-m", "functional_tests.cloud", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        **options,
    )


def until(check, patience=40.0):
    """Wait for a true answer, and return it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if answer := check():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {patience} s for {check}")


class User:
    """Moves servers with plain API calls."""

    def __init__(self, cloud, name="admin"):
        self.cloud = cloud
        self.connection = openstack.connect(**cloud.credentials(name))
        self.compute = self.connection.compute
        self.booted = []

    def call(self, method, path, **options):
        return getattr(self.compute, method)(
            path, microversion=MICROVERSION, **options
        )

    def boot(self, host="HostB", flavor="m1.tiny", wait=True, **knobs):
        server = self.compute.create_server(
            name="guest",
            image_id=self.connection.image.find_image("tiny").id,
            flavor_id=self.compute.find_flavor(flavor).id,
            networks="none",
            host=host,
            metadata={f"lab.{key}": str(v) for key, v in knobs.items()},
            microversion=MICROVERSION,
        )
        self.booted.append(server.id)
        if wait:
            self.compute.wait_for_server(server, interval=0.2, wait=60)
        return server.id

    def server(self, uuid):
        return self.call("get", f"/servers/{uuid}").json()["server"]

    def live(self, uuid, host="HostC", block="auto"):
        body = {"os-migrateLive": {"host": host, "block_migration": block}}
        answer = self.call("post", f"/servers/{uuid}/action", json=body)
        assert answer.status_code == 202, answer.text

    def migrations(self, uuid):
        path = f"/os-migrations?instance_uuid={uuid}"
        return self.call("get", path).json()["migrations"]

    def status(self, uuid):
        """Of the last migration; None before there is one."""
        found = self.migrations(uuid)
        return found[0]["status"] if found else None

    def running(self, uuid):
        """The migration under way, once it is running."""

        def find():
            path = f"/servers/{uuid}/migrations"
            found = self.call("get", path).json()["migrations"]
            return [one for one in found if one["status"] == "running"]

        return until(find)[0]

    def end(self, uuid, migrations=1):
        """(status of migration, status of server, host), once settled."""

        def over():
            found = self.migrations(uuid)
            server = self.server(uuid)
            if (
                len(found) < migrations
                or found[0]["status"] not in OVER
                or server["OS-EXT-STS:task_state"]
            ):
                return None
            host = server["OS-EXT-SRV-ATTR:host"]
            return found[0]["status"], server["status"], host

        until(over)
        time.sleep(1)  # an error may follow the rollback
        return until(over)

    def state(self, host):
        """Nova's opinion of a compute."""
        path = f"/os-services?binary=nova-compute&host={host}"
        return self.call("get", path).json()["services"][0]

    def events(self, uuid):
        """Messages of the last action's events, as one text."""
        path = f"/servers/{uuid}/os-instance-actions"
        last = self.call("get", path).json()["instanceActions"][0]
        found = self.call("get", f"{path}/{last['request_id']}").json()
        return "\n".join(
            str(event.get("details"))
            for event in found["instanceAction"]["events"]
        )

    def clean(self):
        for uuid in self.booted:
            self.compute.delete_server(uuid, ignore_missing=True)
        for uuid in self.booted:
            until(lambda: not self.compute.find_server(uuid))  # noqa: B023
        self.booted.clear()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    state = tmp_path_factory.mktemp("shared") / "cloud"
    with Cloud.up(state, settings=QUICK) as cloud:
        yield cloud


@pytest.fixture
def user(shared):
    user = User(shared)
    yield user
    for host in shared.hosts:
        shared.wake(host)
    user.clean()


# Life and death


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
    assert starting.wait(timeout=60) == 130
    assert cloud.processes
    assert not any(process.alive for process in cloud.processes)
    cloud.down()


def begin(tmp_path):
    """An `up` that has just started its processes."""
    cloud = Cloud(tmp_path / "cloud")
    starting = subprocess.Popen(
        [
            *(sys.executable, "-m", "functional_tests.cloud", "up"),
            *("--state", str(cloud.state.path)),
        ],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: len(cloud.processes) == 3, 60)
    return cloud, starting


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


# Moves that end well


def test_there_and_back(user):
    uuid = user.boot(bandwidth_mb=128)
    user.live(uuid)
    migration = user.running(uuid)
    seen = until(
        lambda: [
            one
            for one in user.call("get", f"/servers/{uuid}/migrations").json()[
                "migrations"
            ]
            if one["memory_processed_bytes"]
        ]
    )[0]
    assert seen["id"] == migration["id"]
    assert seen["memory_total_bytes"] == 512 * 1024**2
    assert 0 < seen["memory_remaining_bytes"] < 512 * 1024**2
    assert user.end(uuid) == ("completed", "ACTIVE", "HostC")
    user.live(uuid, "HostB")
    assert user.end(uuid, 2) == ("completed", "ACTIVE", "HostB")


def test_newest_microversion(user):
    newest = user.call("get", "/").json()["version"]["version"]
    uuid = user.boot()
    answer = user.compute.post(
        f"/servers/{uuid}/action",
        json={"os-migrateLive": {"host": None, "block_migration": "auto"}},
        microversion=newest,
    )
    assert answer.status_code == 202
    assert user.end(uuid) == ("completed", "ACTIVE", "HostC")


def test_cold_migration_and_confirmation(user):
    uuid = user.boot()
    user.call(
        "post", f"/servers/{uuid}/action", json={"migrate": {"host": "HostC"}}
    )
    until(lambda: user.server(uuid)["status"] == "VERIFY_RESIZE")
    user.compute.confirm_server_resize(uuid)
    assert user.end(uuid) == ("confirmed", "ACTIVE", "HostC")


def test_a_second_migration_is_queued(user):
    first, second = user.boot(dirty_mb=9999), user.boot()
    user.live(first)
    user.running(first)
    user.live(second)
    until(lambda: user.status(second) == "queued")
    force(user, first)
    assert user.end(first) == ("completed", "ACTIVE", "HostC")
    assert user.end(second) == ("completed", "ACTIVE", "HostC")


def force(user, uuid):
    path = f"/servers/{uuid}/migrations/{user.running(uuid)['id']}/action"
    answer = user.call("post", path, json={"force_complete": None})
    assert answer.status_code == 202


def test_force_complete_by_post_copy(user):
    uuid = user.boot(dirty_mb=9999, bandwidth_mb=128, post_copy=True)
    user.live(uuid)
    force(user, uuid)
    until(lambda: user.status(uuid) == "running (post-copy)")
    assert user.end(uuid) == ("completed", "ACTIVE", "HostC")


def test_metadata_steer_a_running_migration(user):
    uuid = user.boot(dirty_mb=9999)
    user.live(uuid)
    user.running(uuid)
    user.compute.set_server_metadata(uuid, **{"lab.dirty_mb": "0"})
    assert user.end(uuid) == ("completed", "ACTIVE", "HostC")


# Moves that end badly

PHASES = {
    "check_destination": ("error", "ACTIVE", "HostB"),
    "check_source": ("error", "ACTIVE", "HostB"),
    "pre_live_migration": ("failed", "ACTIVE", "HostB"),
    "live_migration": ("error", "ERROR", "HostB"),
    "post_live_migration": ("error", "ERROR", "HostC"),
}
COLD_PHASES = {
    "migrate_disk": ("error", "ERROR", "HostB"),
    "finish_migration": ("error", "ERROR", "HostC"),
}


@pytest.mark.parametrize("phase", PHASES)
def test_live_migration_fails_in(user, phase):
    uuid = user.boot(fail=phase, fail_message="the moon is full")
    user.live(uuid)
    assert user.end(uuid) == PHASES[phase]
    if PHASES[phase][1] == "ACTIVE":
        assert "the moon is full" in user.events(uuid)


@pytest.mark.parametrize("phase", COLD_PHASES)
def test_cold_migration_fails_in(user, phase):
    uuid = user.boot(fail=phase)
    user.call(
        "post", f"/servers/{uuid}/action", json={"migrate": {"host": "HostC"}}
    )
    assert user.end(uuid) == COLD_PHASES[phase]


def test_confirmation_fails(user):
    uuid = user.boot(fail="confirm_migration")
    user.call(
        "post", f"/servers/{uuid}/action", json={"migrate": {"host": "HostC"}}
    )
    until(lambda: user.server(uuid)["status"] == "VERIFY_RESIZE")
    user.compute.confirm_server_resize(uuid)
    assert user.end(uuid) == ("error", "ERROR", "HostC")


def test_boot_fails(user):
    uuid = user.boot(wait=False, fail="spawn")
    until(lambda: user.server(uuid)["status"] == "ERROR")


def test_error_follows_the_rollback(user):
    uuid = user.boot(fail="live_migration", settle_seconds=3)
    user.live(uuid)
    until(lambda: user.status(uuid) == "failed")
    assert user.server(uuid)["status"] == "ACTIVE"
    until(lambda: user.server(uuid)["status"] == "ERROR")
    assert user.status(uuid) == "error"


@pytest.mark.parametrize(
    ("old", "end"),
    [
        (False, ("error", "ERROR", "HostB")),
        (True, ("cancelled", "ACTIVE", "HostB")),
    ],
)
def test_abort(user, old, end):
    uuid = user.boot(dirty_mb=9999, old_nova=old)
    user.live(uuid)
    number = user.running(uuid)["id"]
    path = f"/servers/{uuid}/migrations/{number}"
    assert user.call("delete", path).status_code == 202
    assert user.end(uuid) == end


@pytest.mark.parametrize(
    ("action", "end"),
    [
        ("abort", ("error", "ERROR", "HostB")),
        ("force_complete", ("completed", "ACTIVE", "HostC")),
    ],
)
def test_completion_timeout(user, action, end):
    uuid = user.boot(
        dirty_mb=9999, completion_timeout=0.5, timeout_action=action
    )
    user.live(uuid)
    assert user.end(uuid) == end


def test_storage(shared, user):
    uuid = user.boot()
    user.live(uuid, block=True)
    assert user.end(uuid) == ("error", "ACTIVE", "HostB")
    refusal = "Block migration can not be used with shared storage."
    assert refusal in user.events(uuid)
    shared.configure("HostC", shared_storage=False)
    try:
        user.live(uuid, block=False)
        assert user.end(uuid, 2) == ("error", "ACTIVE", "HostB")
        assert "Shared storage live-migration requires" in user.events(uuid)
        # Another host's name here was a fault of this cloud once.
        assert "from HostB to host HostC" in user.events(uuid)
        user.live(uuid)
        disks = until(lambda: user.running(uuid)["disk_total_bytes"])
        assert disks == 1024**3
        assert user.end(uuid, 3) == ("completed", "ACTIVE", "HostC")
    finally:
        shared.configure("HostC", shared_storage=None)


def test_an_older_processor(shared, user):
    shared.configure("HostC", cpu_model="Nehalem")
    uuid = user.boot()

    def model():
        path = "/os-hypervisors/detail?hypervisor_hostname_pattern=HostC"
        answer = user.compute.get(path, microversion="2.53")
        return answer.json()["hypervisors"][0]["cpu_info"]["model"]

    try:
        until(lambda: model() == "Nehalem", 60)
        user.live(uuid)
        assert user.end(uuid) == ("error", "ACTIVE", "HostB")
        assert "Unacceptable CPU info" in user.events(uuid)
    finally:
        shared.configure("HostC", cpu_model=None)
        until(lambda: model() != "Nehalem", 60)


@pytest.mark.parametrize("change", ["status", "forced_down"])
def test_a_destination_out_of_service(user, change):
    values = {"status": ("disabled", "enabled"), "forced_down": (True, False)}
    path = f"/os-services/{user.state('HostC')['id']}"
    uuid = user.boot()
    user.call("put", path, json={change: values[change][0]})
    try:
        user.live(uuid)
        assert user.end(uuid) == ("error", "ACTIVE", "HostB")
    finally:
        user.call("put", path, json={change: values[change][1]})


def test_a_full_destination(user):
    uuid = user.boot("HostB", "m1.huge")
    user.boot("HostC", "m1.huge")
    user.live(uuid)
    assert user.end(uuid) == ("error", "ACTIVE", "HostB")


def test_silence_and_wake(tmp_path):
    # Its own cloud: a host that is down would spoil the tests beside it.
    with Cloud.up(tmp_path / "cloud", settings=QUICK) as cloud:
        user = User(cloud)
        uuid = user.boot()
        state = ["--state", str(cloud.state.path)]
        assert cli("silence", "HostC", *state).returncode == 0
        assert "silent: HostC" in cli("status", *state).stdout
        until(lambda: user.state("HostC")["state"] == "down", 60)
        assert user.state("HostB")["state"] == "up"
        user.live(uuid)
        assert user.end(uuid) == ("error", "ACTIVE", "HostB")
        assert cli("wake", "HostC", *state).returncode == 0
        until(lambda: user.state("HostC")["state"] == "up", 60)
        user.live(uuid)
        assert user.end(uuid, 2) == ("completed", "ACTIVE", "HostC")
