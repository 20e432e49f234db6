"""What the DevStack plugin does at the end of stack.sh, on a cloud."""

import os
import subprocess
import sys

import pytest

from functional_tests.devstack import STAND_IN
from testbed.cloud.processes import ROOT


@pytest.fixture
def phase(cloud, tmp_path):
    """A phase of the plugin on the embedded cloud, which moves servers that
    nobody runs, by disks that are shared. It has no nodes to ask."""

    def run(name, **settings):
        return subprocess.run(
            ["bash", STAND_IN, ROOT, name],
            env=os.environ
            | cloud.environment()
            | {
                "DATA_DIR": str(tmp_path),
                "DEVSTACK_VENV": sys.prefix,
                "OSC_MIGRATE_NFS": "True",
                "OSC_MIGRATE_VALIDATE": "False",
                "OSC_MIGRATE_IMAGE": "tiny",
                **settings,
            },
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


def test_a_server_moves_as_the_storage_allows(phase, connection, tmp_path):
    done = phase("stack test-config", OSC_MIGRATE_STRICT="True")
    assert done.returncode == 0, done.stdout + done.stderr
    said = (tmp_path / "osc-migrate.txt").read_text()
    for kind, code in {"live": 0, "block": 4, "cold": 0}.items():
        assert f"osc-migrate: {kind}: exit {code} " in said
    assert "WRONG" not in said
    # What cannot be is tried as well: were it expected to move, it is wrong.
    done = phase("stack test-config", VIRT_DRIVER="fake")
    assert "WRONG block: exit 4, not one of: 0" in done.stdout
    assert "not all went well" in done.stderr
    assert not [
        server.name
        for server in connection.compute.servers(all_projects=True)
        if server.name.startswith("osc-migrate-")
    ]


def test_one_host_is_said_not_tried(phase, service):
    service("HostC", status="disabled")
    done = phase("stack test-config", OSC_MIGRATE_STRICT="True")
    assert done.returncode == 0
    assert "no server was moved: HostB is the only" in done.stdout


def test_what_goes_wrong_is_a_warning_or_the_end(phase):
    wrong = {"OSC_MIGRATE_FLAVOR": "no-such-flavor"}
    done = phase("stack test-config", **wrong)
    assert done.returncode == 0
    assert "WARNING osc-migrate: not all went well" in done.stderr
    done = phase("stack test-config", OSC_MIGRATE_STRICT="True", **wrong)
    assert done.returncode == 1
    assert "WRONG no server to move" in done.stdout


def test_it_is_installed_with_what_the_validators_need(phase, tmp_path):
    done = phase("stack install")
    assert done.returncode == 0, done.stderr
    installed = (tmp_path / "installed").read_text()
    assert installed == f"setup_develop {ROOT} nodes\n"
