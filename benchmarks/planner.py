"""Measure time and memory of planning for a large cloud.

The fleet is generated: 20 servers per host with common flavors, one server in
twelve in a group; 2 % of the hosts are disabled, and 2 % of the servers must
stay because of their state or an owner policy. Each kind of plan is made in a
separate process, to measure its peak memory.

Time is that of planning alone, the minimum of the runs. Memory is the peak of
the process including the fleet, which is also shown separately.

Usage: python -m benchmarks.planner [--repeat N] [HOSTS ...]
"""

import argparse
import json
import platform
import random
import sys
import time

from benchmarks.measure import environment, run, table
from osc_migrate.cloud.fleet import Fleet, PastMove
from osc_migrate.cloud.server_groups import ServerGroup
from osc_migrate.cloud.servers import Flavor
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import Limits, Request, plan_file
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.maintenance.planning import fleets

PER_HOST = 20
# (VCPUs, MiB), weighted towards small flavors.
SIZES = [(1, 2048)] * 6 + [(2, 4096)] * 4 + [(4, 8192)] * 3 + [(8, 16384)]
ODD = [
    {"status": "ERROR"},
    {"status": "SHUTOFF", "power_state": 4},
    {"tags": ("osc-migrate:never",)},
    {"tags": ("osc-migrate:cold",)},
]
COLUMNS = ("plan", "steps", "stays", "wall s", "CPU s", "MiB", "file MB")


def fleet(hosts: int, *, lopsided: bool = False) -> Fleet:
    """Generate a fleet.

    :param lopsided: 10 % of the hosts have twice as many servers.
    """
    chance = random.Random(hosts)
    names = [f"compute{n:04}" for n in range(hosts)]
    crowded = names[: hosts // 10] if lopsided else []
    servers = []
    for number in range(hosts * PER_HOST):
        vcpus, ram = chance.choice(SIZES)
        size = {"flavor": Flavor(vcpus, ram, 20, 0, 0, {})}
        odd = chance.choice(ODD) if chance.random() < 0.02 else {}
        host = chance.choice(crowded if chance.random() < 0.1 and crowded
                             else names)  # fmt: skip
        servers.append(fleets.server(number, host, **size, **odd))
    places = [
        fleets.place(
            name,
            status="disabled" if chance.random() < 0.02 else "enabled",
            hypervisor=shapes.hypervisor(id=name, vcpus=64),
            stock=fleets.stock(vcpu=512, memory=393216, disk=4000),
        )
        for name in names
    ]
    groups = []
    for number in range(len(servers) // 48):
        mine = chance.sample(servers, 4)
        if len({one.host for one in mine}) == 4:
            policy = chance.choice(["anti-affinity", "soft-anti-affinity"])
            members = frozenset(one.id for one in mine)
            groups.append(
                ServerGroup(f"g{number}", f"g{number}", policy, 1, members)
            )
    past = tuple(PastMove(False, 5 + ram / 500, ram) for _, ram in SIZES * 20)
    return _counted(places, servers, groups=tuple(groups), past=past)


def _counted(places, servers, **more) -> Fleet:
    """Like fleets.fleet, which scans all servers once per host."""
    by_host: dict[str, list] = {}
    for server in servers:
        by_host.setdefault(server.host, []).append(server)
    counted = {}
    for place in places:
        name = place.host.name
        one = fleets.fleet([place], by_host.get(name, []))
        counted[name] = one.places[name]
    return fleets.fleet([], servers, **more).but(places=counted)


def _drain(one: Fleet, hosts: int) -> planning.Request:
    return Request(
        hosts=tuple(sorted(one.places)[:hosts]), limits=Limits(per_source=2)
    )


WORK = {
    "fleet alone": None,
    "drain of a host": lambda one: planning.drain(one, _drain(one, 1)),
    "drain of 10 hosts": lambda one: planning.drain(one, _drain(one, 10)),
    "a step anew": None,
    "rebalance": lambda one: planning.rebalance(one, Request(threshold=25)),
    "rebalance, 50 moves": lambda one: planning.rebalance(
        one, Request(threshold=25, max_moves=50)
    ),
}


def once(name: str, hosts: int, repeat: int) -> dict[str, object]:
    """Measure one kind of plan in this process."""
    one = fleet(hosts, lopsided=name.startswith("rebalance"))
    work = WORK[name]
    found = {"steps": "", "stays": "", "wall": "", "cpu": "", "file": ""}
    if name == "a step anew":
        request = _drain(one, 1)
        step, *ahead = planning.drain(one, request).steps

        def work(one: Fleet) -> None:
            planning.replan_step(one, step, request, {step.destination}, ahead)

    if work is None:
        return found
    walls, times = [], []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        plan = work(one)
        walls.append(time.perf_counter() - wall)
        times.append(time.process_time() - cpu)
    found |= {"wall": f"{min(walls):.2f}", "cpu": f"{min(times):.2f}"}
    if plan is not None:
        size = len(plan_file.dumps(plan)) / 1e6
        found |= {
            "steps": len(plan.steps),
            "stays": len(plan.stays),
            "file": f"{size:.2f}",
        }
    return found


def measure(hosts: int, repeat: int) -> str:
    rows = []
    for name in WORK:
        words = [sys.executable, "-m", "benchmarks.planner"]
        words += ["--one", name, "--repeat", str(repeat), str(hosts)]
        cost = run(words, environment(), 1800)
        if cost.code:
            raise SystemExit(cost.err)
        found = json.loads(cost.out)
        rows.append(
            (
                name,
                found["steps"],
                found["stays"],
                found["wall"],
                found["cpu"],
                f"{cost.peak:.0f}",
                found["file"],
            )
        )
    return table(COLUMNS, rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("hosts", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", choices=list(WORK), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(once(asked.one, asked.hosts[0], asked.repeat)))
        return
    print(f"Python {platform.python_version()}")
    for hosts in asked.hosts:
        print(f"\n{hosts} hosts, {hosts * PER_HOST} servers\n")
        print(measure(hosts, asked.repeat), flush=True)


if __name__ == "__main__":
    main()
