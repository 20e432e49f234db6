"""``openstack migrate drain``, ``return``, ``rebalance`` among 20 hosts."""

import json
import os
import random
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from collections import Counter

import openstack
import pytest

from functional_tests.cloud import Cloud
from functional_tests.crowd import Crowd, forty_on
from functional_tests.kills import killed_and_resumed, moved_once
from functional_tests.proxy import Proxy
from functional_tests.shell import Shell
from functional_tests.warm import WarmShell

HOSTS = [f"host{n:02}" for n in range(1, 21)]
LARGE = {"memory_mb": 65536, "vcpus": 64}
OTHERS = 160


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    state = tmp_path_factory.mktemp("cloud") / "state"
    with Cloud.up(state, HOSTS, settings=LARGE, timeout=300.0) as up:
        yield up


@pytest.fixture(scope="module")
def crowd(cloud):
    found = openstack.connect(**cloud.credentials())
    found.compute.default_microversion = "2.96"
    return Crowd(found)


@pytest.fixture
def prefix():
    return f"vm{uuid.uuid4().hex[:6]}"


@pytest.fixture
def state(tmp_path):
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def shell(cloud, state):
    return WarmShell(cloud.environment() | state)


@pytest.fixture
def few(crowd, prefix):
    """Six servers on a host, one of them stopped."""
    made = []

    def make(host, **knobs):
        made.append(host)
        crowd.boot(prefix, host, 6, **knobs)
        crowd.ready(prefix, 6)
        crowd.act([f"{prefix}-6"], "os-stop", "SHUTOFF")
        return crowd.servers(prefix=prefix)

    yield make
    crowd.quiet(prefix)
    crowd.delete(prefix)
    for host in made:
        crowd.enable(host)


def run_of(done):
    """The run that a command has told of."""
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


@pytest.mark.parametrize(
    "moment",
    [0, 1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 5))],
)
def test_killed_and_resumed(shell, crowd, few, moment):
    before = few("host12")
    seconds = random.Random(moment).uniform(2, 16)
    killed_and_resumed(shell, crowd, before, "host12", seconds)


def test_an_api_that_fails_in_one_request_of_ten(
    cloud, crowd, few, state, tmp_path
):
    before = few("host13")
    dice = random.Random(7)

    def fault(request):
        if dice.random() > 0.1:
            return None
        return dice.choice([500, 503, 429, 504, "drop"])

    with Proxy(cloud.endpoints["nova"]) as proxy:
        proxy.fault = fault
        shell = Shell(proxy.environment(cloud, tmp_path) | state)
        done = shell.run(
            "migrate", "drain", "host13", "-f", "json", timeout=600
        )
    assert done.code == 0, done.err
    moved_once(crowd, before, "host13")


def test_the_token_is_revoked_again_and_again(
    cloud, crowd, few, state, tmp_path
):
    """As if it expired, for Nova too: it answers 401."""
    before = few("host19")
    used, revoked = Counter(), []
    one = threading.Lock()

    def fault(request):
        token = request.headers.get("X-Auth-Token")
        with one:
            used[token] += 1
            # Not before the client has used it for some time.
            if not token or used[token] != 40:
                return
        answer = crowd.connection.identity.delete(
            "/auth/tokens", headers={"X-Subject-Token": token}
        )
        revoked.append(answer.status_code)

    with Proxy(cloud.endpoints["nova"]) as proxy:
        proxy.fault = fault
        shell = Shell(proxy.environment(cloud, tmp_path) | state)
        done = shell.migrate("drain", "host19", "-f", "json")
    assert done.code == 0, done.err
    assert len(revoked) >= 3
    assert {*revoked} == {204}
    moved_once(crowd, before, "host19")


@pytest.mark.long
def test_an_api_that_hangs_in_one_request_of_forty(
    cloud, crowd, few, state, tmp_path
):
    """Until the client gives up: 20 seconds, or 60. Two are requests to
    move: Nova does the first, and never hears of the second."""
    before = few("host20")
    dice = random.Random(7)
    moves = ["lose", "hang"]

    def fault(request):
        if request.method == "POST" and moves:
            return moves.pop(0)
        return "hang" if dice.random() < 1 / 40 else None

    with Proxy(cloud.endpoints["nova"]) as proxy:
        proxy.fault = fault
        shell = Shell(proxy.environment(cloud, tmp_path) | state)
        done = shell.run(
            "migrate", "drain", "host20", "-f", "json", timeout=1200
        )
    assert done.code == 0, done.err
    assert not moves
    assert "asking again" in done.err
    moved_once(crowd, before, "host20")


def test_a_second_drain_is_told_of_the_first(
    shell, crowd, few, prefix, tmp_path
):
    before = few("host14", dirty_mb=390)
    with shell.running("migrate", "drain", "host14") as first:
        line = first.read_error_line()
        run = line.split("run ")[1].split(":")[0]
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


def until_disabled(crowd, host):
    end = time.monotonic() + 60
    while crowd.service(host)["status"] != "disabled":
        assert time.monotonic() < end
        time.sleep(0.2)


def test_twice_interrupted_it_leaves_them_and_says_so(shell, crowd, few):
    few("host15", dirty_mb=390)
    with shell.running("migrate", "drain", "host15") as first:
        while "running" not in first.read_error_line():
            pass
        first.interrupt()
        time.sleep(1)
        first.interrupt()
        done = first.end(timeout=30)
    assert done.code == 130
    assert "moves on" in done.err
    assert "--resume" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("host99",), "no compute host is called 'host99'"),
        (("host16",), "empty already"),
        ((), "name the hosts"),
        (("--resume", "nothing"), "no run is called 'nothing'"),
        (("--apply", "/nowhere/plan.json"), "no plan that can be used"),
        (("host16", "--resume", "20261124-170000-abcd"), "exclude each other"),
    ],
)
def test_wrong_input_changes_nothing(shell, crowd, words, said):
    done = shell.migrate("drain", *words)
    assert done.code == 1, done.err
    assert said in done.err
    assert crowd.service("host16")["status"] == "enabled"


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


def test_the_same_in_a_script(cloud, crowd, few, tmp_path):
    before = few("host18")
    script = textwrap.dedent("""
        import openstack
        from osc_migrate import runs
        from osc_migrate.plans import Request

        run = runs.drain(openstack.connect(), Request(hosts=("host18",)))
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


@pytest.fixture
def lopsided(crowd, prefix):
    """20 servers of a size: four on a host, three on another, one on each of
    13, none on five."""
    counts = [4, 3, *[1] * 13]
    for host, count in zip(HOSTS, counts, strict=False):
        crowd.boot(
            f"{prefix}-{host}", host, count, "m1.small", bandwidth_mb=1200
        )
    yield crowd.ready(prefix, 20)
    crowd.quiet(prefix)
    crowd.delete(prefix)


def test_a_lopsided_cloud_is_evened_out(shell, crowd, prefix, lopsided):
    """With one move for each host that lacks one: fewer cannot do."""
    done = shell.migrate("rebalance", "-f", "json")
    assert done.code == 0, done.err
    assert [row["outcome"] for row in done.json] == ["moved"] * 5
    now = crowd.servers(prefix=prefix).values()
    assert sorted(row["OS-EXT-SRV-ATTR:host"] for row in now) == HOSTS
    records = [crowd.records(row["id"]) for row in now]
    assert sum(map(len, records)) == 5
    again = shell.migrate("rebalance", "-f", "json")
    assert (again.code, again.json) == (0, []), again.err
    assert "nothing to do" in again.err


def test_groups_forbid_to_even_out(shell, crowd, prefix):
    """Each of two on a host has a small one beside it that it must avoid."""
    full, empty = HOSTS[15:17]
    for number in range(2):
        group = crowd.group(f"{prefix}-{number}")
        name = f"{prefix}-{number}"
        crowd.boot(f"{name}-large", full, 1, "m1.small", group=group)
        crowd.boot(f"{name}-small", empty, group=group)
    crowd.ready(prefix, 4)
    among = ["--host", full, "--host", empty, "--dry-run", "-f", "json"]
    done = shell.migrate("rebalance", *among)
    assert (done.code, done.json) == (3, []), done.err
    assert f"{full} stays at" in done.err
    assert "no further move helps" in done.err
    # One that is in no group is what may move.
    crowd.boot(f"{prefix}-free", full, 1, "m1.small")
    crowd.ready(prefix, 5)
    done = shell.migrate("rebalance", *among)
    assert [row["server"] for row in done.json] == [f"{prefix}-free"]
    crowd.delete(prefix)


# The host of 40 among 200: what stays on it, and why.
FATES = {
    "stubborn": "no longer",
    "broken": "asked to fail",
    "never": "wish",
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
