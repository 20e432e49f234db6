"""Measure requests, bytes, time and memory in large clouds.

The real ``openstack``, a separate process per command, queries the APIs of a
simulated cloud (benchmarks.api) over a real socket. The same run measures
stock ``openstack`` for the same data, and the floor: plain ``requests`` that
fetches and decodes the same URLs one after the other.

CPU is user and system time. 'start' is the time of 'openstack token issue'.
'rest' is CPU without floor and start: the command's own work, and the SDK's
for each request. Each figure is the minimum of its runs.

Usage: python -m benchmarks.scale [--repeat N] [--only COMMAND] [HOSTS ...]
"""

import argparse
import contextlib
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence

from benchmarks.api import SEEN
from benchmarks.measure import ROOT, Cost, environment, run, table

OPENSTACK = os.environ.get(
    "OPENSTACK", str(pathlib.Path(sys.executable).parent / "openstack")
)
OURS = (
    ("preflight vm1 HOST", "migrate preflight vm1 compute0002"),
    ("preflight vm1", "migrate preflight vm1"),
    ("preflight --host", "migrate preflight --host compute0001"),
    ("preflight", "migrate preflight"),
    ("describe-resource", "migrate describe-resource compute0001"),
    ("drain --dry-run", "migrate drain compute0001 --dry-run"),
    ("rebalance --dry-run", "migrate rebalance --dry-run"),
)
STOCK = (
    ("token issue", "token issue"),
    ("server list", "server list --all-projects --long"),
    ("hypervisor list", "hypervisor list --long"),
)
# Commands that take more seconds than this run only once.
LONG = 60
# Fetches the URLs in a file, one after the other.
FLOOR = """
import sys
import requests
session = requests.Session()
for url in open(sys.argv[1]).read().split():
    session.get(url, timeout=60, headers={"Accept": "application/json"}).json()
"""
COLUMNS = (
    "command",
    "requests",
    "MB",
    "wall s",
    "CPU s",
    "floor s",
    "start s",
    "rest s",
    "MiB",
)


@dataclasses.dataclass(frozen=True)
class Seen:
    """The requests that the API has received."""

    urls: list[str]
    size: int


class Api:
    """The simulated cloud while it runs."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def seen(self) -> Seen:
        """Return the requests since the last call."""
        with urllib.request.urlopen(self.url + SEEN) as answer:
            rows = json.load(answer)
        wrong = [row for row in rows if row[2] >= 400]
        if wrong:
            raise SystemExit(f"the made-up cloud has no {wrong}")
        urls = [self.url + path for method, path, *_ in rows]
        return Seen(urls, sum(row[3] for row in rows))

    @property
    def environment(self) -> dict[str, str]:
        return environment(
            OS_AUTH_URL=f"{self.url}/identity/v3",
            OS_AUTH_TYPE="v3password",
            OS_USERNAME="admin",
            OS_PASSWORD="made-up",
            OS_PROJECT_NAME="admin",
            OS_USER_DOMAIN_ID="default",
            OS_PROJECT_DOMAIN_ID="default",
        )


@contextlib.contextmanager
def api(hosts: int) -> Iterator[Api]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.api", str(hosts)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Api(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def ask(cloud: Api, words: str, repeat: int) -> tuple[Cost, Seen]:
    """Return the minimum cost of a command, and its requests."""
    costs: list[Cost] = []
    seen = Seen([], 0)
    # The first run generates the responses and warms the caches.
    while len(costs) < repeat + 1:
        cost = run([OPENSTACK, *words.split()], cloud.environment, 1200)
        if cost.code:
            raise SystemExit(f"openstack {words}: {cost.code}\n{cost.err}")
        costs.append(cost)
        seen = cloud.seen()
        if cost.wall > LONG:
            return cost, seen
    return least(costs[1:]), seen


def least(costs: list[Cost]) -> Cost:
    """Return the minimum of several runs: other load can only add to it."""
    return dataclasses.replace(
        costs[0],
        **{
            name: min(getattr(cost, name) for cost in costs)
            for name in ("wall", "user", "system", "peak")
        },
    )


def floor(cloud: Api, seen: Seen, repeat: int) -> Cost:
    """Return the cost of plain requests for the same, without its start."""
    with tempfile.NamedTemporaryFile("w") as file:

        def once(urls: list[str]) -> Cost:
            file.seek(0)
            file.truncate()
            file.write("\n".join(urls))
            file.flush()
            words = [sys.executable, "-c", FLOOR, file.name]
            return least(
                [run(words, cloud.environment) for _ in range(repeat)]
            )

        full, nothing = once(seen.urls), once([])
    cloud.seen()
    return dataclasses.replace(
        full,
        wall=full.wall - nothing.wall,
        user=full.user - nothing.user,
        system=full.system - nothing.system,
    )


def measure(
    hosts: int, repeat: int, commands: Sequence[tuple[str, str]]
) -> str:
    rows = []
    with api(hosts) as cloud:
        # Every command needs this: start of openstack, imports and a token.
        begin, _ = ask(cloud, "token issue", repeat)
        for name, words in commands:
            cost, seen = ask(cloud, words, repeat)
            bare = floor(cloud, seen, repeat)
            own = cost.cpu - bare.cpu - begin.cpu
            rows.append(
                (
                    name,
                    len(seen.urls),
                    f"{seen.size / 1e6:.2f}",
                    f"{cost.wall:.2f}",
                    f"{cost.cpu:.2f}",
                    f"{bare.cpu:.2f}",
                    f"{begin.cpu:.2f}",
                    f"{own:.2f}",
                    f"{cost.peak:.0f}",
                )
            )
    return table(COLUMNS, rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("hosts", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--only",
        metavar="COMMAND",
        action="append",
        choices=[name for name, _ in (*STOCK, *OURS)],
        help="a row of the table, such as 'drain --dry-run'; repeatable",
    )
    asked = parser.parse_args()
    commands = [
        (name, words)
        for name, words in (*STOCK, *OURS)
        if not asked.only or name in asked.only
    ]
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in (
            "openstacksdk",
            "python-openstackclient",
            "keystoneauth1",
            "requests",
        )
    )
    print(f"Python {platform.python_version()}, {versions}")
    for hosts in asked.hosts:
        print(f"\n{hosts} hosts, {hosts * 10} servers\n")
        print(measure(hosts, asked.repeat, commands), flush=True)


if __name__ == "__main__":
    main()
