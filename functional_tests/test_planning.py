"""``openstack migrate drain|rebalance --dry-run`` on the embedded cloud."""

import json
import uuid
from collections import Counter

import openstack
import pytest

from osc_migrate.cloud import fleet as reading
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.errors import MigrateError
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import Request, plan_file
from testbed.cloud import Cloud as Embedded


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    state = tmp_path_factory.mktemp("cloud") / "state"
    with Embedded.up(state, ["HostB", "HostC", "HostD"]) as up:
        yield up


@pytest.fixture(scope="module")
def connection(cloud):
    found = openstack.connect(**cloud.credentials())
    found.compute.default_microversion = "2.96"
    return found


@pytest.fixture
def names():
    run = uuid.uuid4().hex[:6]
    return [f"vm{n}-{run}" for n in range(6)]


@pytest.fixture
def together(connection):
    """Makes a server group; deletes it after."""
    made = []

    def make(policy):
        group = connection.compute.create_server_group(
            name=f"g-{uuid.uuid4().hex[:6]}", policy=policy
        )
        made.append(group)
        return group.id

    yield make
    for group in made:
        connection.compute.delete_server_group(group)


def hinted(group):
    return {"scheduler_hints": {"group": group}}


def by_name(rows):
    return {row["server"]: row for row in rows}


def wait(connection, server, status):
    connection.compute.wait_for_server(server, status, interval=0.2, wait=300)


def test_servers_of_every_kind(
    shell, through, proxy, boot, names, connection, tmp_path
):
    running, stopped, paused, never, suspended, told = names
    compute = connection.compute
    boot(running)
    server = boot(stopped)
    compute.stop_server(server)
    wait(connection, server, "SHUTOFF")
    server = boot(paused)
    compute.pause_server(server)
    wait(connection, server, "PAUSED")
    server = boot(never)
    shell.run("server", "set", "--tag", "osc-migrate:never", never)
    server = boot(suspended)
    compute.suspend_server(server)
    wait(connection, server, "SUSPENDED")
    server = boot(told)
    words = ["server", "set", "--property", "osc-migrate=notify", told]
    assert shell.run(*words).code == 0

    path = tmp_path / "plan.json"
    done = through.migrate("drain", "HostB", "--plan", str(path), "-f", "json")
    assert done.code == 3, done.err
    rows = by_name(done.json)
    assert rows[running]["way"] == rows[paused]["way"] == "live"
    assert rows[stopped]["way"] == "cold"
    assert {rows[name]["destination"] for name in names[:3]} <= {
        "HostC",
        "HostD",
    }
    assert {rows[name]["way"] for name in names[3:]} == {"stay"}
    assert rows[never]["reason"] == "excluded by owner policy: never"
    assert "SUSPENDED" in rows[suspended]["reason"]
    assert "--notified" in rows[told]["reason"]
    assert (
        "HostB is not emptied: 1 cannot move, 2 excluded by owner policy"
        in (done.err)
    )
    # Nothing was changed, and nothing is asked for each server.
    assert {r.method for r in proxy.requests} == {"GET"}
    # But of the paused one, when it was paused.
    asked = [r.path.partition("?")[0] for r in proxy.requests
             if "/servers/" in r.path
             and "/servers/detail" not in r.path]  # fmt: skip
    assert all(path.endswith("/os-instance-actions") for path in asked)
    assert asked

    # The file is the same plan, and safe on this cloud.
    plan = plan_file.read(str(path))
    assert {step.server for step in plan.steps} == set(names[:3])
    fleet = reading.read(Cloud(connection), ["HostB"])
    # The proxy is another endpoint than the cloud's own.
    with pytest.raises(MigrateError, match="another cloud"):
        planning.check(fleet, plan)
    planning.check(fleet.but(cloud=plan.cloud), plan)


def test_a_host_that_can_be_emptied(shell, boot, names):
    boot(names[0])
    boot(names[1], flavor="m1.small")
    done = shell.migrate("drain", "HostB", "--dry-run", "-f", "json")
    assert done.code == 0, done.err
    assert {row["way"] for row in done.json} == {"live"}
    assert "2 moves in 1 wave" in done.err
    table = shell.migrate("drain", "HostB", "--dry-run")
    assert "| live " in table.out


def test_what_is_left_is_what_placement_says(boot, names, connection):
    """Read in one list, and asked for host by host."""
    boot(names[0], flavor="m1.small")
    cloud = Cloud(connection)
    fleet = reading.read(cloud, ["HostB"])
    assert {"HostB", "HostC"} <= set(fleet.places)
    for name, place in fleet.places.items():
        provider = place.host.hypervisor.id
        left = cloud.placement.free(provider, name)
        assert {n: s.free for n, s in place.stock.items()} == left
        one = cloud.placement.provider(provider, name, provider)
        assert place.traits == one.traits
        # And no server may have more than placement gives to one.
        for resource, stock in one.stock.items():
            assert place.stock[resource].max_amount == stock.max_amount
    (server,) = fleet.servers.values()
    assert fleet.held[server.id]["MEMORY_MB"] == 2048


def test_groups_are_kept(shell, boot, names, together):
    """Three hosts, one of them emptied: of three members one stays."""
    apart = hinted(together("anti-affinity"))
    for name, host in zip(names, ["HostB", "HostC", "HostD"], strict=False):
        boot(name, host=host, more=apart)
    close = hinted(together("affinity"))
    boot(names[3], more=close)
    soft = hinted(together("soft-anti-affinity"))
    boot(names[4], more=soft)
    boot(names[5], more=soft)
    done = shell.migrate("drain", "HostB", "--dry-run", "-f", "json")
    assert done.code == 3
    rows = by_name(done.json)
    assert rows[names[0]]["way"] == rows[names[3]]["way"] == "stay"
    assert "anti-affinity group" in rows[names[0]]["reason"]
    assert "none of its affinity group" in rows[names[3]]["reason"]
    # One after the other, and to separate hosts.
    first, second = rows[names[4]], rows[names[5]]
    assert {first["wave"], second["wave"]} == {0, 1}
    assert first["destination"] != second["destination"]


def test_no_host_takes_it(shell, boot, names, service):
    boot(names[0])
    service("HostC", status="disabled")
    service("HostD", status="disabled")
    done = shell.migrate("drain", "HostB", "--dry-run", "-f", "json")
    assert done.code == 3
    (row,) = done.json
    assert row["reason"].startswith("destination-is-enabled")
    assert row["reason"].endswith("(HostC, HostD)")


def test_just_a_server_to_a_host(shell, boot, names):
    boot(names[0])
    boot(names[1])
    words = ["--server", names[1], "--to", "HostD", "--dry-run"]
    done = shell.migrate("drain", *words, "-f", "json")
    assert done.code == 0, done.err
    (row,) = done.json
    assert (row["server"], row["destination"]) == (names[1], "HostD")


def test_how_long_it_takes(shell, boot, names):
    """By the moves that were made here."""
    boot(names[0])
    assert shell.migrate("live", names[0], "HostC").code == 0
    done = shell.migrate("drain", "HostC", "--dry-run", "-f", "json")
    (row,) = done.json
    assert 0 <= row["seconds"] < 3600
    assert "1 move in 1 wave, about 0:" in done.err


@pytest.mark.parametrize(
    "words, why",
    [
        (["HostX"], "no compute host is called 'HostX'"),
        (["HostD"], "no server is on HostD: empty already"),
        (["--server", "nobody"], "no server is called 'nobody'"),
    ],
)
def test_wrong_input(shell, words, why):
    done = shell.migrate("drain", *words, "--dry-run")
    assert (done.code, done.out) == (1, "")
    assert why in done.err


@pytest.mark.parametrize("version", ["2.1", "2.53", "2.79", "2.96"])
def test_old_microversions(shell, boot, names, version):
    """What they do not show keeps a server, with that reason."""
    boot(names[0])
    words = ["--os-compute-api-version", version, "migrate", "drain"]
    done = shell.run(*words, "HostB", "--dry-run", "-f", "json")
    (row,) = done.json
    if version == "2.1":
        assert done.code == 3
        assert "policy is not known" in row["reason"]
    else:
        assert (done.code, row["way"]) == (0, "live"), done.err


def test_a_lopsided_load(shell, boot, names, connection, tmp_path):
    for name in names:
        boot(name, flavor="m1.small")
    path = tmp_path / "plan.json"
    words = ["--threshold", "10", "--plan", str(path), "-f", "json"]
    done = shell.migrate("rebalance", *words)
    assert done.code == 0, done.err
    # Six of a size on three hosts: two each, so four move.
    ways = [(row["source"], row["destination"]) for row in done.json]
    assert sorted(ways) == [("HostB", "HostC")] * 2 + [("HostB", "HostD")] * 2
    assert json.loads(path.read_text())["purpose"] == "rebalance"
    other = shell.migrate("drain", "--apply", str(path))
    assert other.code == 1
    assert "plan of a rebalance" in other.err
    keep = ["--journal-dir", str(tmp_path)]
    done = shell.migrate(
        "rebalance", "--apply", str(path), *keep, "-f", "json"
    )
    assert done.code == 0, done.err
    assert [row["outcome"] for row in done.json] == ["moved"] * 4
    where = Counter(hosts_of(connection, names).values())
    assert where == {"HostB": 2, "HostC": 2, "HostD": 2}
    # A plan that was done moves nothing again, and a new one has no step.
    now = hosts_of(connection, names)
    words = ["--apply", str(path), *keep, "-f", "json"]
    again = shell.migrate("rebalance", *words)
    assert {row["outcome"] for row in again.json} == {"gone"}
    assert hosts_of(connection, names) == now
    done = shell.migrate("rebalance", *keep, "-f", "json")
    assert (done.code, done.json) == (0, [])
    assert "nothing to do" in done.err


def hosts_of(connection, names):
    found = connection.compute.servers(all_projects=True)
    return {one.name: one.compute_host for one in found if one.name in names}


def test_an_even_load(shell, boot, names):
    for name, host in zip(names, ["HostB", "HostC", "HostD"], strict=False):
        boot(name, host=host)
    done = shell.migrate("rebalance", "--dry-run", "-f", "json")
    assert (done.code, done.json) == (0, [])
    assert "nothing to do" in done.err
    by_cpu = ["--by", "vcpu", "--host", "HostB", "--host", "HostC"]
    assert shell.migrate("rebalance", "--dry-run", *by_cpu).code == 0


def test_a_plan_as_python_makes_it(boot, names, connection):
    boot(names[0])
    fleet = reading.read(Cloud(connection), ["HostB"])
    plan = planning.drain(fleet, Request(hosts=("HostB",)))
    (step,) = plan.steps
    other = planning.replan_step(
        fleet, step, Request(hosts=("HostB",)), {step.destination}
    )
    assert {step.destination, other.destination} == {"HostC", "HostD"}
