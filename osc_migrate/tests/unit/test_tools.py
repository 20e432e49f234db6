"""What ``tools/test`` and ``tools/setup`` decide."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from testbed import demo
from tools import (
    ability,
    index_settings,
    install_advice,
    pytest_tiers,
    tiers,
)

ROOT = pathlib.Path(tiers.__file__).parents[1]
JUNIT = """<testsuites><testsuite>
<testcase name="a">{unit}</testcase>
<testcase name="b">{unit}<failure/></testcase>
<testcase name="c">{cloud}<skipped/></testcase>
<testcase name="d">{cloud}<error/></testcase>
<testcase name="e">{cloud}</testcase>
<testcase name="of a worker that died"><failure/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("path", "name", "long", "tier"),
    [
        ("osc_migrate/tests/unit/test_tools.py", "test_x", False, "unit"),
        ("functional_tests/test_live.py", "test_x", False, "cloud"),
        ("functional_tests/test_live.py", "test_x", True, "long"),
        ("functional_tests/runs/test_drain.py", "test_x", False, "cloud"),
        ("functional_tests/test_release.py", "test_x", False, "release"),
        ("functional_tests/test_joint_nodes.py", "test_x", False, "nodes"),
        ("functional_tests/node_lab/test_parts.py", "test_x", False, "nodes"),
        (
            "functional_tests/node_lab/test_healthy.py",
            "test_x[lab]",
            False,
            "nodes",
        ),
        (
            "functional_tests/node_lab/test_healthy.py",
            "test_x[machines]",
            False,
            "machines",
        ),
        ("functional_tests/node_faults/test_vm.py", "t", False, "machines"),
        (
            "functional_tests/node_faults/test_vm.py",
            "test_x",
            True,
            "long-machines",
        ),
    ],
)
def test_the_tier_of_a_test(path, name, long, tier):
    assert pytest_tiers.tier_of(path, name, long) == tier
    assert tier.partition("-")[0] in tiers.TIERS


def test_every_file_that_is_placed_exists():
    for paths in pytest_tiers.GROUPS.values():
        for path in paths:
            assert (ROOT / path).is_file(), path


def test_a_group_stays_together_and_comes_first():
    ids = [
        "functional_tests/test_live.py::test_a",
        "functional_tests/test_joint_faults_nodes.py::test_a",
        "functional_tests/test_joint_nodes.py::test_a",
    ]
    assert sorted(ids, key=pytest_tiers.place_of) == ids[::-1]
    assert {pytest_tiers.group_of(i) for i in ids[1:]} == {"joint"}
    assert pytest_tiers.group_of(ids[0]) == "functional_tests/test_live.py"


def test_each_target_of_the_fuzzer_has_a_worker():
    file = "osc_migrate/tests/unit/fuzz/test_readers.py"
    many = [f"{file}::test_many_inputs[{name}]" for name in ("log", "words")]
    few = [f"{file}::test_a_few_inputs[{name}]" for name in ("log", "words")]
    assert len(set(map(pytest_tiers.group_of, many))) == 2
    assert set(map(pytest_tiers.group_of, few)) == {file}


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (["unit"], ["osc_migrate"]),
        (["cloud"], ["functional_tests"]),
        (["long"], ["osc_migrate", "functional_tests"]),
        (["long-machines"], ["functional_tests"]),
    ],
)
def test_the_files_of_a_tier(names, paths, monkeypatch):
    run, commands = tiers.Run(names), []
    monkeypatch.setattr(
        run.groups, "call", lambda command: commands.append(command) or 0
    )
    run.pytest(names)
    known = ("osc_migrate", "functional_tests")
    assert [word for word in commands[0] if word in known] == paths


def test_counts_of_each_tier(tmp_path):
    report = tmp_path / "junit.xml"
    properties = {
        name: f'<properties><property name="tier" value="{name}"/>'
        "</properties>"
        for name in ("unit", "cloud")
    }
    report.write_text(JUNIT.format(**properties))
    counts = tiers.counted(report)
    assert counts == {
        "unit": tiers.Count(passed=1, failed=2),
        "cloud": tiers.Count(passed=1, failed=1, skipped=1),
    }
    assert str(counts["cloud"]) == "1 passed, 1 failed, 1 skipped"
    assert tiers.counted(tmp_path / "none") == {}


def test_without_root_the_tiers_of_nodes_are_named(monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert ability.missing_for_nodes() == "it needs root"
    monkeypatch.setattr(
        tiers.Run, "all", lambda run: run.counts.update(unit=tiers.Count(7))
    )
    assert tiers.main([]) == 0
    said = capsys.readouterr().out
    for name in ("nodes", "machines"):
        assert f"{name:<9} cannot run here: it needs root" in said
        assert f"{name:<9} not run: it needs root" in said
    assert said.endswith("\n7 passed, 0 failed, 0 skipped\n")
    # What is asked for by name must run.
    assert tiers.main(["unit", "nodes"]) == 1


def test_a_failure_or_an_empty_run_fails(monkeypatch, capsys):
    for count, code in (
        (tiers.Count(1), 0),
        (tiers.Count(1, failed=1), 1),
        (tiers.Count(), 1),
    ):
        run = tiers.Run(["unit"])
        run.counts["unit"] = count
        assert run.summary() == code


def test_an_unknown_tier_is_refused(capsys):
    assert tiers.main(["units"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in tiers.TIERS)


def test_a_tier_runs_on_after_a_command_that_fails(monkeypatch, capsys):
    monkeypatch.setattr(
        tiers,
        "commands_of",
        lambda tier, scratch: [["sh", "-c", "echo wrong; exit 3"], ["true"]],
    )
    run = tiers.Run(["lint"])
    run.all()
    assert run.counts["lint"] == tiers.Count(passed=1, failed=1)
    said = capsys.readouterr().out
    assert "exit status 3" in said and "wrong" in said


# A tier that only waits, with a process in another session that a guard
# brings down: as pytest and its clouds.
WAITING = """\
import os, subprocess, sys, time
sys.path.insert(0, {root!r})
from tools import processes
from testbed.cloud.guard import Guard
inner = '''
import subprocess, sys, time
sys.path.insert(0, {root!r})
from testbed.cloud.guard import Guard
away = subprocess.Popen(["sleep", "1000"], start_new_session=True)
guard = Guard(["kill", str(away.pid)])
print(away.pid, flush=True)
time.sleep(1000)
'''
groups = processes.Groups()
try:
    with processes.interruptible():
        groups.call([sys.executable, "-c", inner])
except KeyboardInterrupt:
    sys.exit(130 if not groups.end() else 1)
"""


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]
)
def test_what_runs_ends_with_it(number):
    with subprocess.Popen(
        [sys.executable, "-c", WAITING.format(root=str(ROOT))],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        pid = int(process.stdout.readline())
        assert lives(pid)
        process.send_signal(number)
        code = process.wait(600)
        if number == signal.SIGKILL:
            assert code == -number
            end = time.monotonic() + 60
            while lives(pid):
                assert time.monotonic() < end
                time.sleep(0.01)
        else:
            assert code == 130
            assert not lives(pid)


def lives(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


# Settings of pip

LISTING = """\
:env:.cert='/etc/mine.pem'
global.cert='/etc/all.pem'
global.extra-index-url='file:///one file:///two'
global.index-url='https://mirror.example/simple'
install.find-links='/wheels\\n/more'
global.timeout='5'
"""


def test_settings_of_pip_are_uvs():
    settings = index_settings.parsed(LISTING)
    assert index_settings.for_uv(settings, {}) == {
        "SSL_CERT_FILE": "/etc/mine.pem",
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "file:///one file:///two",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_HTTP_TIMEOUT": "5",
    }


def test_variables_of_uv_go_before():
    settings = {"index-url": "https://pip.example/", "proxy": "http://p:1"}
    environment = {"UV_INDEX_URL": "https://uv.example/", "ALL_PROXY": "x"}
    assert index_settings.for_uv(settings, environment) == {}


@pytest.mark.parametrize(
    "log, advised",
    [
        ("invalid peer certificate: UnknownIssuer", "PIP_CERT=FILE"),
        ("SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "PIP_CERT"),
        ("407 Proxy Authentication Required", "the proxy wants a login"),
        ("ProxyError('Cannot connect to proxy.')", "unset HTTPS_PROXY"),
        ("dns error: failed to lookup address", "PIP_INDEX_URL"),
        ("Failed to establish: Connection refused", "HTTPS_PROXY="),
        ("HTTP error 401 Unauthorized", "the index wants a login"),
        ("ERROR: No matching distribution found", "PIP_EXTRA_INDEX_URL"),
        ("nova was not found in the package registry", "lacks a package"),
        ("OSError: [Errno 28] No space left on device", "TMPDIR"),
        ("something else", "pip config list"),
    ],
)
def test_a_set_up_that_fails_says_what_to_set(log, advised):
    assert advised in install_advice.advice(log)


def test_the_demo_ends_with_five_commands_that_exist():
    project = (ROOT / "pyproject.toml").read_text()
    assert len(demo.THINGS) == 5
    for words in demo.THINGS:
        assert f"{'_'.join(words.split()[:2])} = " in project
    assert max(map(len, demo.things().splitlines())) <= 80
