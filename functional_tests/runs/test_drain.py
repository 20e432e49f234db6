"""``openstack migrate drain`` and ``return`` among 20 hosts."""

import json
import os
import subprocess
import sys
import textwrap
import time

import pytest

from functional_tests.kills import moved_once
from functional_tests.runs.conftest import HOSTS
from testbed.crowd import forty_on
from testbed.proxy import Proxy
from testbed.shell import Shell

OTHERS = 160


def run_of(done):
    """The run that a command has reported."""
    return done.err.split("run ")[1].split(":")[0]


def test_a_host_is_emptied_and_filled_again(shell, crowd, few):
    before = few("host11")
    done = shell.migrate("drain", "host11", "-f", "json")
    assert done.code == 0, done.err
    assert {row["outcome"] for row in done.json} == {"moved"}
    moved_once(crowd, before, "host11")
    service = crowd.service("host11")
    run = run_of(done)
    assert service["status"] == "disabled"
    assert service["disabled_reason"] == f"osc-migrate run {run}: emptied"
    shown = shell.migrate("run", "show", run, "-f", "json")
    assert {row["outcome"] for row in shown.json} == {"moved"}
    listed = shell.migrate("run", "list", "-f", "json").json
    assert [row["run"] for row in listed] == [run]
    back = shell.migrate("return", "host11", "-f", "json")
    assert back.code == 0, back.err
    assert crowd.service("host11")["status"] == "enabled"
    now = crowd.servers("host11")
    assert {n: r["status"] for n, r in now.items()} == {
        n: r["status"] for n, r in before.items()
    }


def test_a_second_drain_is_told_of_the_first(
    shell, crowd, few, prefix, tmp_path
):
    before = few("host14", dirty_mb=390)
    with shell.running("migrate", "drain", "host14") as first:
        run = run_begun(first)
        until_disabled(crowd, "host14")
        second = shell.migrate("drain", "host14")
        assert second.code == 1
        assert run in second.err
        # Of another user, or on another machine: no lock is shared.
        third = shell.migrate(
            "drain", "host14", "--journal-dir", str(tmp_path / "other")
        )
        assert third.code == 1
        assert run in third.err
        first.interrupt()
        crowd.quiet(prefix)
        done = first.end()
    assert done.code == 130
    assert len(crowd.servers("host14")) > 0
    assert {r["status"] for r in crowd.servers().values()} <= {
        "ACTIVE",
        "SHUTOFF",
        "PAUSED",
    }
    for row in before.values():
        assert len(crowd.records(row["id"])) <= 1
    cancelled = shell.migrate("drain", "--cancel", run)
    assert cancelled.code == 0, cancelled.err
    assert crowd.service("host14")["status"] == "enabled"


def test_followed_and_stopped_from_another_shell(shell, crowd, few, prefix):
    few("host10", dirty_mb=390)
    with shell.running("migrate", "drain", "host10", "-f", "json") as first:
        run = run_begun(first)
        until_disabled(crowd, "host10")
        left = shell.migrate("status", "host10", "-f", "json")
        assert left.code == 4
        assert left.json
        assert f"run attach {run}" in left.err
        with shell.running(
            "migrate", "run", "attach", run, "-f", "json"
        ) as second:
            stopped = shell.migrate("run", "stop", run)
            assert stopped.code == 0, stopped.err
            crowd.quiet(prefix)
            followed = second.end()
        done = first.end()
    assert done.code == followed.code == 130
    assert "interrupted by SIGTERM" in done.err
    ends = [
        {row["server"]: row["outcome"] for row in shown.json}
        for shown in (done, followed)
    ]
    assert ends[0] == ends[1]
    # The run is over.
    again = shell.migrate("run", "stop", run)
    assert again.code == 1
    assert "has ended" in again.err


def run_begun(shell):
    """The run whose first line that shell shows."""
    while not (line := shell.read_error_line()).startswith("run "):
        assert line, "it ended before"
    return line.removeprefix("run ").split(":")[0]


def until_disabled(crowd, host):
    end = time.monotonic() + 300
    while crowd.service(host)["status"] != "disabled":
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("host99",), 1, "no compute host is called 'host99'"),
        (("host16",), 1, "empty already"),
        ((), 2, "name the hosts"),
        (("--resume", "nothing"), 1, "no run is called 'nothing'"),
        (("--apply", "/nowhere/plan.json"), 1, "not a usable plan"),
        (
            ("host16", "--resume", "20261124-170000-abcd"),
            2,
            "exclude each other",
        ),
    ],
)
def test_wrong_input_changes_nothing(shell, crowd, words, code, said):
    done = shell.migrate("drain", *words)
    assert done.code == code, done.err
    assert said in done.err
    assert crowd.service("host16")["status"] == "enabled"


@pytest.mark.long
def test_a_plan_from_a_file(shell, crowd, few, tmp_path):
    before = few("host17")
    path = tmp_path / "plan.json"
    planned = shell.migrate("drain", "host17", "--plan", str(path))
    assert planned.code == 0, planned.err
    assert crowd.service("host17")["status"] == "enabled"
    data = json.loads(path.read_text())
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(data | {"cloud": "another"}))
    refused = shell.migrate("drain", "--apply", str(wrong))
    assert refused.code == 1
    assert "another cloud" in refused.err
    assert crowd.service("host17")["status"] == "enabled"
    done = shell.migrate("drain", "--apply", str(path), "-f", "json")
    assert done.code == 0, done.err
    moved_once(crowd, before, "host17")


@pytest.mark.long
def test_the_same_in_a_script(cloud, crowd, few, tmp_path):
    before = few("host18")
    script = textwrap.dedent("""
        import openstack
        from osc_migrate.maintenance import running
        from osc_migrate.maintenance.planning import Request

        run = running.drain(openstack.connect(), Request(hosts=("host18",)))
        for look in run.looks():
            for event in look.events:
                print(event)
        print(run.verdict)
    """)
    path = tmp_path / "script.py"
    path.write_text(script)
    environment = cloud.environment() | {"XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(path)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Verdict.DONE" in done.stdout
    moved_once(crowd, before, "host18")


# The host of 40 among 200: what stays on it, and why.
FATES = {
    "stubborn": "no longer",
    "broken": "asked to fail",
    "never": "owner policy",
}


@pytest.fixture(scope="module")
def forty(crowd):
    """40 servers of all kinds on host01; as many as 160 elsewhere."""
    names = forty_on(crowd, "host01", HOSTS[1:9])
    for host in HOSTS[1:]:
        crowd.boot(f"other-{host}", host, (OTHERS - 24) // 19 + 1)
    crowd.ready("other", OTHERS - 24)
    return names


@pytest.mark.long
def test_forty_of_all_kinds(cloud, crowd, forty, state, tmp_path):
    with Proxy(cloud.endpoints["nova"]) as proxy:
        shell = Shell(proxy.environment(cloud, tmp_path) | state)
        begin = time.monotonic()
        done = shell.run(
            *[
                "migrate",
                "drain",
                "host01",
                "-f",
                "json",
                "--max-failures",
                "10",
            ],
            *["--on-stall", "abort", "--stall-after", "10"],
            "--junit",
            str(tmp_path / "drain.xml"),
            timeout=1200,
        )
        took = time.monotonic() - begin
        asked = len(proxy.requests)
    assert done.code == 4, done.err
    rows = {row["server"]: row for row in done.json}
    assert set(rows) == set(forty)
    for name, row in rows.items():
        kind = name.partition("-")[0]
        if kind not in FATES:
            assert row["outcome"] == "moved", row
            statuses = [r["status"] for r in crowd.records(row["id"])]
            assert statuses in (["completed"], ["confirmed"]), row
            continue
        assert row["outcome"] == ("left" if kind == "never" else "failed")
        assert row["reason"], row
    left = crowd.servers("host01")
    assert {name.partition("-")[0] for name in left} == set(FATES)
    # Nothing is left in ERROR, whatever became of its move.
    assert {row["status"] for row in left.values()} == {"ACTIVE"}
    for name, row in crowd.servers().items():
        if name in forty:
            assert row["status"] == forty[name]["status"], name
    report = (tmp_path / "drain.xml").read_text()
    assert 'tests="40"' in report
    live = [r for r in rows.values() if r["how"] == "live"]
    print(
        f"{len(live)} live of 40 in {took:.0f} s, {asked} requests to Nova,"
        f" {asked / len(rows):.0f} a server"
    )
    print(done.err)
