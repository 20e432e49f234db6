"""``pytest validators`` on real nodes, as before an upgrade."""

import os
import pathlib
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from testbed.cloud.processes import ROOT
from testbed.endpoints import Endpoints
from testbed.nodes import Lab

NODES = ("--hosts=HostB,HostC", "--storage-hosts=HostA")
DEAF = "systemctl stop libvirtd-tcp.socket libvirtd"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    state = tmp_path_factory.mktemp("nodes") / "state"
    with Lab.up(state, kind="nspawn") as lab:
        yield lab


@pytest.fixture
def deaf(nodes):
    """HostC, whose libvirt does not listen."""
    assert nodes.run("HostC", DEAF).returncode == 0
    yield
    nodes.reset("HostC")


def validate(*words, config=None, suite="validators"):
    options = [f"--ssh-config={config}"] if config else []
    return subprocess.run(
        [sys.executable, "-m", "pytest", suite, *words, *options],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if "PYTEST" not in k},
        capture_output=True,
        text=True,
        timeout=240,
    )


def counts(done):
    last = done.stdout.strip().splitlines()[-1]
    return {
        word: int(number)
        for number, word in re.findall(
            r"(\d+) (passed|failed|skipped|warnings?)", last
        )
    }


def logins(nodes, name):
    log = nodes.run(name, "journalctl -q -t sshd -o cat").stdout
    return log.count("Accepted publickey")


def test_healthy_nodes_pass_alone_and_with_workers(nodes):
    alone = validate(*NODES, config=nodes.ssh_config)
    assert alone.returncode == 0, alone.stdout
    found = counts(alone)
    assert set(found) == {"passed", "skipped"}
    assert found["passed"] > 100
    nodes.run("HostB", "true")  # its connection stays
    before = logins(nodes, "HostB")
    workers = validate(*NODES, "-n", "2", config=nodes.ssh_config)
    assert (workers.returncode, counts(workers)) == (0, found)
    # One for the run: not one a worker, nor one a test. (Nova's and root's
    # own tries from HostC come besides.)
    tries = logins(nodes, "HostB") - before
    assert tries <= 3


def test_a_fault_is_one_failure_that_reads_well(nodes, deaf, tmp_path):
    junit = tmp_path / "junit.xml"
    done = validate(*NODES, f"--junitxml={junit}", config=nodes.ssh_config)
    assert done.returncode == 1
    assert counts(done)["failed"] == 1
    assert "FAILED validators/test_nodes.py::test_node[libvirt-" in done.stdout
    assert "-HostC]" in done.stdout
    assert "remedy: " in done.stdout
    assert "Traceback" not in done.stdout
    (case,) = [
        case
        for case in ElementTree.parse(junit).iter("testcase")
        if case.find("failure") is not None
    ]
    said = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert (said["subject"], said["status"]) == ("HostC", "FAIL")


def test_facts_are_judged_offline(nodes, deaf, tmp_path):
    facts = tmp_path / "facts.json"
    visit = validate(*NODES, f"--save-facts={facts}", config=nodes.ssh_config)
    later = validate(f"--facts={facts}")
    assert (later.returncode, counts(later)) == (1, counts(visit))
    assert "hunter2" not in facts.read_text()


def test_a_dead_node_is_one_failure(nodes):
    words = ("--hosts=HostB,HostC,HostX", "-n", "2")
    done = validate(*words, config=nodes.ssh_config)
    assert done.returncode == 1
    assert counts(done)["failed"] == 1
    assert "test_node_answers[HostX]" in done.stdout


def test_a_warning_passes_unless_it_is_to_fail(nodes):
    nodes.run(
        "HostC",
        "cp -p /etc/nova/nova.conf /run/kept && sed -i"
        " '/send_service_user_token/d' /etc/nova/nova.conf",
    )
    try:
        done = validate(*NODES, config=nodes.ssh_config)
        strict = validate(*NODES, "-W", "error", config=nodes.ssh_config)
    finally:
        nodes.run("HostC", "cp -p /run/kept /etc/nova/nova.conf")
    assert done.returncode == 0
    assert counts(done)["warning"] == 1
    assert "service-user-token-is-sent" in done.stdout
    assert strict.returncode == 1


def test_through_bastions(nodes, tmp_path):
    """Two bastions, each a real sshd, each with its own node."""
    with Endpoints(tmp_path) as bastions:
        words = []
        for place, hosts in {"b1": "HostB", "b2": "HostA,HostC"}.items():
            bastions.start(place)
            words += [
                "--tx",
                f"ssh=-F {bastions.config} {place}//id={place}"
                f"//python={sys.executable}//chdir={tmp_path / place}",
                "--gateway",
                f"{place}={hosts}",
            ]
        # What its workers run; osc-migrate is installed there.
        suite = str(ROOT / "validators")
        words += ["-d", "--rsyncdir", suite]
        config = nodes.ssh_config
        done = validate(*NODES, *words, config=config, suite=suite)
        log = "".join(
            path.read_text() for path in pathlib.Path(tmp_path).glob("*log*")
        )
    assert done.returncode == 0, (done.stdout, done.stderr, log)
    assert counts(done)["passed"] > 100
    # Ways between nodes of two bastions were not tried.
    assert "test_pair" not in done.stdout


OWN = """
def test_own(host_of):
    host = host_of("HostB")
    assert host.service("libvirtd").is_running
    assert host.user("nova").uid == 64060
    assert host.file("/var/lib/nova/instances").is_directory
    assert host.socket("tcp://0.0.0.0:22").is_listening
    with host.sudo("nova"):
        assert host.check_output("whoami") == "nova"
"""


def test_tests_of_ones_own_take_one_login(nodes, tmp_path):
    (tmp_path / "test_own.py").write_text(OWN)
    nodes.run("HostB", "true")
    before = logins(nodes, "HostB")
    done = validate(
        *("-p", "validators.conftest", "--hosts=HostB"),
        config=nodes.ssh_config,
        suite=str(tmp_path / "test_own.py"),
    )
    assert done.returncode == 0, done.stdout
    assert logins(nodes, "HostB") - before == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which nodes?"),
        (("--facts=nowhere",), "No such file"),
        (("--hosts=HostB", "--inventory=nowhere"), "No such file"),
        (("--hosts=HostB", "--gateway=b1=HostB"), "no --tx has id=b1"),
        (("--hosts=-oProxyCommand=x",), "-oProxyCommand"),
    ],
)
def test_wrong_usage_is_said(words, said):
    done = validate(*words)
    assert done.returncode == 4
    assert said in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr
