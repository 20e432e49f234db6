"""sdist and wheel, in bare environments with old and new clients.

It takes the network that ``tools/setup`` takes, for the client itself.
"""

import json
import pathlib
import subprocess
import sys
import tomllib

import pytest

from testbed.cloud.processes import ROOT

BIN = pathlib.Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
POINTS = PROJECT["entry-points"]["openstack.migrate.v1"]


def run(*words, **more):
    done = subprocess.run(
        [*map(str, words)],
        capture_output=True,
        text=True,
        timeout=600,
        **more,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Of what is committed, as a release is."""
    where = tmp_path_factory.mktemp("built")
    run("git", "clone", "-q", ROOT, where / "tree")
    run(BIN / "uv", "build", "-q", "--out-dir", where, cwd=where / "tree")
    return where


def test_the_version_is_of_git(built):
    (wheel,) = built.glob("*.whl")
    version = wheel.name.split("-")[1]
    assert version not in ("0.0.0", "")
    assert (built / f"osc_migrate-{version}.tar.gz").exists()


@pytest.fixture(scope="module", params=["oldest-wheel", "newest-sdist"])
def installed(request, built, tmp_path_factory):
    """The one with the lowest version of each thing that it depends on, the
    other with the highest."""
    age, _, kind = request.param.partition("-")
    where = tmp_path_factory.mktemp(age)
    python = where / "bin/python"
    run(BIN / "uv", "venv", "-q", "--clear", where, "-p", sys.executable)
    (file,) = built.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    how = "lowest-direct" if age == "oldest" else "highest"
    install = (BIN / "uv", "pip", "install", "-q", "--python", python)
    run(*install, "--resolution", how, "-r", ROOT / "pyproject.toml")
    run(*install, "--no-deps", file)
    return where / "bin/openstack"


# Nothing of this tree is to be found by its place.
BARE = {"PATH": "/usr/bin:/bin", "HOME": "/"}
PARSERS = """
from importlib import metadata
for point in metadata.entry_points(group="openstack.migrate.v1"):
    command = point.load()(None, None)
    command.app_dist_name = "osc-migrate"
    print(point.name, "usage:" in command.get_parser("x").format_help())
"""


def openstack(program, *words):
    return run(program, *words, env=BARE, cwd="/")


def python(program, code):
    return run(program.with_name("python"), "-c", code, env=BARE, cwd="/")


def test_it_is_a_module_with_commands_of_its_own(installed):
    # Without --all it shows none but those that are called ...client.
    words = ("module", "list", "--all", "-f", "json")
    modules = json.loads(openstack(installed, *words))
    version = "from importlib import metadata as m; print(m.version('%s'))"
    said = python(installed, version % "osc-migrate")
    assert modules["osc_migrate"] == said.strip() != "0.0.0"
    listed = json.loads(
        openstack(
            installed,
            *("command", "list", "--group", "migrate", "-f", "json"),
        )
    )
    (group,) = listed
    ours = {point.replace("_", " ") for point in POINTS}
    assert set(group["Commands"]) == ours


def test_no_command_is_there_twice(installed):
    groups = json.loads(openstack(installed, "command", "list", "-f", "json"))
    names = [name for row in groups for name in row["Commands"]]
    ours = [name for name in names if name.split()[0] == "migrate"]
    assert len(ours) == len(set(ours)) == len(POINTS)


def test_each_command_has_its_help(installed):
    said = openstack(installed, "migrate", "live", "--help")
    assert said.startswith("usage: openstack migrate live ")
    # The others in one process: each would import for seconds.
    found = dict(map(str.split, python(installed, PARSERS).splitlines()))
    assert found == dict.fromkeys(POINTS, "True")


def test_the_validators_run_without_a_clone(installed):
    (extra,) = PROJECT["optional-dependencies"]["nodes"]
    install = (BIN / "uv", "pip", "install", "-q", "--python")
    run(*install, installed.with_name("python"), extra)
    words = (
        *("-p", "osc_migrate.validators.plugin", "-p", "no:cacheprovider"),
        *("--pyargs", "osc_migrate.validators"),
    )
    pytest = installed.with_name("pytest")
    said = openstack(pytest, *words, "--hosts=HostB,HostC", "--collect-only")
    assert "test_pair[destination-name-resolves-HostB->HostC]" in said
    # A host that refuses: no sshd listens at this address.
    done = subprocess.run(
        [pytest, *words, "--hosts=127.0.0.99"],
        **{"env": BARE, "cwd": "/", "capture_output": True, "text": True},
        timeout=600,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout.splitlines()[-1]
    assert "FAILED" in done.stdout and "test_node_answers" in done.stdout
    # The name belongs to another distribution.
    taken = "import importlib.util as u; print(u.find_spec('validators'))"
    assert python(installed, taken).strip() == "None"


def test_completion_knows_them(installed):
    said = openstack(installed, "complete")
    (line,) = [x for x in said.splitlines() if "cmds_migrate=" in x]
    assert all(point.split("_")[1] in line for point in POINTS)
