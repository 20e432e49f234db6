"""drain and rebalance: what is shown, what is written, how it ends."""

import json

import pytest

from osc_migrate import errors
from osc_migrate.commands.drain import Drain
from osc_migrate.commands.rebalance import Rebalance
from osc_migrate.maintenance.planning import plan_file
from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.sky import HOST_B, HOST_C, VM1

VM2 = "22222222-2222-2222-2222-222222222222"


@pytest.fixture
def sky(healthy):
    healthy.nova("/os-server-groups", {"server_groups": []})
    healthy.placement(
        "/resource_providers?required=MISC_SHARES_VIA_AGGREGATE",
        {"resource_providers": []},
    )
    for host in (HOST_B, HOST_C):
        healthy.placement(
            f"/resource_providers/{host}/allocations", {"allocations": {}}
        )
    used = {VM1: 1}
    body = skies.candidates(HOST_B, HOST_C)
    for stock in body["provider_summaries"][HOST_B]["resources"].values():
        stock["used"] = len(used)
    healthy.placement("/allocation_candidates", body)
    return healthy


def run(sky, command, *words):
    desk = Desk(Mover(sky.connection))
    code = desk.run(command, *words, "-f", "json")
    return code, json.loads(desk.out)


def test_the_plan_of_a_drain(sky, capsys):
    code, rows = run(sky, Drain, "HostB", "--dry-run")
    assert code == 0
    assert rows == [
        {
            "wave": 0,
            "server": "vm1",
            "id": VM1,
            "way": "live",
            "source": "HostB",
            "destination": "HostC",
            "seconds": None,
            "reason": "ACTIVE; the only host that may take it",
        }
    ]
    told = capsys.readouterr().err
    assert "1 move in 1 wave, duration unknown" in told
    assert "left on HostC afterwards: 198 of 199 DISK_GB" in told


def test_long_shows_what_a_server_needs(sky):
    _, (short,) = run(sky, Drain, "HostB", "--dry-run")
    _, (row,) = run(sky, Drain, "HostB", "--dry-run", "--long")
    assert list(row) == [*short, "order", "needs"]
    assert (row["order"], row["needs"]) == (
        0,
        "1 DISK_GB, 512 MEMORY_MB, 1 VCPU",
    )


def test_a_host_that_cannot_be_emptied(sky, capsys):
    rows = [skies.server(), skies.server(id=VM2, status="ERROR", name="v\x1b")]
    sky.nova("/servers/detail", {"servers": rows})
    code, rows = run(sky, Drain, "HostB", "--dry-run")
    assert code == 3
    assert [row["way"] for row in rows] == ["live", "stay"]
    assert rows[1]["reason"].startswith("server-is-running: the server is")
    assert "HostB is not emptied: 1 cannot move" in capsys.readouterr().err


def test_a_wish_keeps_it_from_being_empty(sky):
    row = skies.server(tags=["osc-migrate:never"])
    sky.nova("/servers/detail", {"servers": [row]})
    code, rows = run(sky, Drain, "HostB", "--dry-run")
    assert (code, rows[0]["reason"]) == (3, "excluded by owner policy: never")


def test_the_plan_as_a_file(sky, tmp_path):
    path = str(tmp_path / "plan.json")
    code, _ = run(sky, Drain, "HostB", "--plan", path)
    assert code == 0
    (step,) = plan_file.read(path).steps
    assert (step.id, step.destination) == (VM1, "HostC")


def test_options_reach_the_plan(sky):
    row = skies.server(tags=["osc-migrate:notify"], locked=True)
    sky.nova("/servers/detail", {"servers": [row]})
    words = ["--notified", "--ignore", "server-is-unlocked", "--block"]
    code, rows = run(sky, Drain, "HostB", "--dry-run", *words)
    assert (code, rows[0]["way"]) == (0, "block")


@pytest.mark.parametrize("words, said", [([], True), (["--block"], False)])
def test_local_disks_are_named_before_it_begins(sky, capsys, words, said):
    run(sky, Drain, "HostB", "--dry-run", *words)
    line = "1 server with local disks: without shared storage"
    assert capsys.readouterr().err.count(line) == said


@pytest.mark.parametrize("name", ["vm1", VM1])
def test_just_a_server(sky, name):
    code, rows = run(sky, Drain, "--server", name, "--dry-run")
    assert (code, rows[0]["id"]) == (0, VM1)


@pytest.mark.parametrize(
    "words, why",
    [
        (["HostX"], "no compute host is called 'HostX'"),
        (["HostC"], "no server is on HostC: empty already"),
        (["HostB", "--to", "HostX"], "no compute host is called 'HostX'"),
        (["--server", "vmx"], "no server is called 'vmx'; did you mean vm1"),
        (["--server", "HostC"], "openstack migrate drain HostC"),
    ],
)
def test_wrong_input(sky, words, why):
    with pytest.raises(errors.MigrateError, match=why):
        run(sky, Drain, "--dry-run", *words)


@pytest.mark.parametrize(
    "words, why",
    [
        ([], "name the hosts to empty"),
        (
            ["HostB", "--server", "vm1"],
            "hosts and --server exclude each other",
        ),
    ],
)
def test_misuse_is_wrong_usage(capsys, words, why):
    assert Desk(None).run(Drain, "--dry-run", *words) == 2
    assert why in capsys.readouterr().err


def test_a_name_that_several_have(sky):
    sky.nova(
        "/servers/detail", {"servers": [skies.server(), skies.server(id=VM2)]}
    )
    with pytest.raises(errors.Ambiguous):
        run(sky, Drain, "--dry-run", "--server", "vm1")


# -- rebalance


def test_an_even_load(sky, capsys):
    sky.placement("/allocation_candidates", skies.candidates(HOST_B, HOST_C))
    assert run(sky, Rebalance, "--dry-run") == (0, [])
    assert "nothing to do" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_a_load_that_no_move_evens_out(sky, words):
    code, rows = run(sky, Rebalance, *words)
    assert code == 3
    assert {row["way"] for row in rows} <= {"stay"}
    assert all(r.method == "GET" for r in sky.mock.request_history)


def test_a_load_that_is_evened_out(sky, tmp_path):
    rows = [skies.server(), skies.server(id=VM2)]
    sky.nova("/servers/detail", {"servers": rows})
    body = skies.candidates(HOST_B, HOST_C)
    stock = body["provider_summaries"][HOST_B]["resources"]
    stock["MEMORY_MB"]["used"] = 1024
    sky.placement("/allocation_candidates", body)
    path = str(tmp_path / "plan.json")
    code, rows = run(sky, Rebalance, "--plan", path)
    assert code == 0
    assert [row["destination"] for row in rows] == ["HostC"]
    assert plan_file.read(path).purpose == "rebalance"
    with pytest.raises(errors.MigrateError, match="plan of a rebalance"):
        run(sky, Drain, "--apply", path)


@pytest.mark.parametrize(
    "words, why",
    [
        (["--aggregate", "none"], "no aggregate with hosts"),
        (["--az", "az9"], "no availability zone with hosts"),
        (["--host", "HostX"], "no compute host"),
    ],
)
def test_wrong_scopes(sky, words, why):
    with pytest.raises(errors.NotFound, match=why):
        run(sky, Rebalance, "--dry-run", *words)


def test_scopes(sky):
    one = {"name": "a1", "hosts": ["HostB"], "metadata": {}}
    sky.nova("/os-aggregates", {"aggregates": [one]})
    assert run(sky, Rebalance, "--dry-run", "--aggregate", "a1")[0] == 3
    assert run(sky, Rebalance, "--dry-run", "--host", "HostC")[0] == 3


@pytest.mark.parametrize("text", ["0", "-1", "101", "x", "nan"])
def test_thresholds(sky, text):
    with pytest.raises(SystemExit):
        run(sky, Rebalance, "--dry-run", "--threshold", text)


@pytest.mark.parametrize(
    ("command", "words", "last"),
    [
        (Drain, ("HostB", "--dry-run"), "1 server would move"),
        (Rebalance, ("--dry-run",), "0 servers would move"),
    ],
)
def test_what_a_dry_run_says_last(sky, capsys, command, words, last):
    run(sky, command, *words)
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == f"{last}; nothing was changed"


def test_what_is_said_of_a_written_plan(sky, capsys, tmp_path):
    path = tmp_path / "a plan.json"
    run(sky, Drain, "HostB", "--plan", str(path))
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith(
        f"1 server would move; nothing was changed; the plan is in {path}"
        " 1. to carry it out: openstack migrate drain --apply"
        f" '{path}'"
    )
