"""What the pages show is what happens: their examples, on the cloud."""

import os
import pathlib
import subprocess
import sys
from importlib import metadata

import pytest

from functional_tests import examples
from testbed.cloud.processes import ROOT

RECORD = os.environ.get("OSC_MIGRATE_RECORD")
COMMANDS = sorted(path.stem for path in examples.RECORDED.glob("*.rst"))


@pytest.fixture
def environment(cloud, tmp_path):
    bin = str(pathlib.Path(sys.executable).parent)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OS_")}
    # Tables as wide as those of the pages.
    more = {
        "PATH": f"{bin}:{os.environ['PATH']}",
        "COLUMNS": "200",
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    return kept | cloud.environment() | more


def check(path, environment):
    for example in examples.read(path):
        if not example.command.startswith("openstack "):
            continue
        code, said = examples.run(example.command, environment)
        assert code == example.code, (example.command, said)
        assert examples.missing(example, said) == [], said


def test_readme(boot, environment):
    boot("vm1", host="HostC")
    boot(
        "vm2",
        fail="pre_live_migration",
        fail_message="asked to fail in pre_live_migration",
    )
    check(ROOT / "README.rst", environment)


def test_first_migration(boot, environment):
    boot("vm1", host="HostC")
    check(examples.SOURCE / "move/first-migration.rst", environment)


# What is there before a command is shown, beside vm1 on HostB.
BEFORE = {
    "abort": lambda moving, **_: moving("vm1"),
    "force-complete": lambda moving, **_: moving("vm1"),
    "watch": lambda moving, **_: moving("vm1"),
    "explain": lambda boot, shell, **_: (
        boot("vm1", fail="check_destination", fail_message="no shared disk"),
        shell.migrate("live", "vm1", "HostC"),
    ),
    "repair": lambda boot, shell, **_: (
        boot("vm1", fail="live_migration"),
        shell.migrate("live", "vm1", "HostC"),
    ),
    "drain": lambda boot, **_: several(boot),
    "rebalance": lambda boot, **_: several(boot, 2),
    "return": lambda boot, environment, **_: emptied(boot, environment),
    "run-list": lambda boot, environment, **_: emptied(boot, environment),
    "status": lambda boot, **_: (
        several(boot),
        boot("vm4", more={"tags": ["osc-migrate:never"]}),
    ),
    "run-attach": lambda boot, environment, **_: emptied(boot, environment),
    "run-stop": lambda boot, begun, **_: (boot("vm1", dirty_mb=500), begun()),
    "run-show": lambda boot, environment, **_: emptied(boot, environment),
}


def several(boot, count=3):
    """Servers on HostB."""
    for number in range(1, count + 1):
        boot(f"vm{number}")


def emptied(boot, environment):
    several(boot)
    code, said = examples.run("openstack migrate drain HostB", environment)
    assert code == 0, said


@pytest.fixture
def begun(boot, environment):
    """Begins a drain of HostB whose moves do not end; leaves it after."""
    started = []

    def begin():
        process = subprocess.Popen(
            ["openstack", "migrate", "drain", "HostB"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        while "is disabled" not in process.stderr.readline():
            assert process.poll() is None

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def storage(cloud, request):
    """Disks are shared, but where they are to be copied."""
    local = request.node.callspec.params["name"] == "block"
    for host in cloud.hosts:
        cloud.configure(host, shared_storage=not local)
    yield
    for host in cloud.hosts:
        cloud.configure(host, shared_storage=True)


@pytest.fixture
def enabled(service):
    """Whatever a command does to the hosts."""
    for host in ("HostB", "HostC"):
        service(host, status="enabled")


@pytest.mark.parametrize("name", COMMANDS)
def test_example_of_a_command(
    name, boot, moving, shell, environment, storage, enabled, begun
):
    before = BEFORE.get(name, lambda boot, **_: boot("vm1"))
    before(
        boot=boot,
        moving=moving,
        shell=shell,
        environment=environment,
        begun=begun,
    )
    path = examples.RECORDED / f"{name}.rst"
    if RECORD:
        record(path, environment)
    else:
        check(path, environment)


def record(path, environment):
    lines = []
    for example in examples.read(path):
        code, said = examples.run(example.command, environment)
        words = example.command.removeprefix("openstack ")
        lines += [*examples.recorded(words, code, said), ""]
    path.write_text("\n".join(lines))


def test_each_command_has_an_example():
    points = metadata.entry_points(group="openstack.migrate.v1")
    names = {p.name.removeprefix("migrate_") for p in points}
    assert set(COMMANDS) == {name.replace("_", "-") for name in names}


def test_python_api(boot, connection, environment):
    server = boot("vm-api")
    script = examples.SOURCE / "automate/examples/move.py"
    assert len(script.read_text().splitlines()) <= 25
    done = subprocess.run(
        [sys.executable, script, "vm-api", "HostC"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "moved"
    assert connection.compute.get_server(server).compute_host == "HostC"
    again = subprocess.run(
        [sys.executable, script, "vm-api", "HostC"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert again.returncode == 1
    assert "is there already" in again.stderr
