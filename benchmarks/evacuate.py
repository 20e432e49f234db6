"""Compare ``nova host-evacuate-live`` and ``openstack migrate drain`` on a
host with the same 40 servers; print the results by kind of server.

::

    python -m benchmarks.evacuate [nova|drain]
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

import openstack

from testbed.cloud import Cloud
from testbed.crowd import Crowd, forty_on
from testbed.shell import Shell

HOSTS = [f"host{n:02}" for n in range(1, 21)]
SOURCE = HOSTS[0]
LARGE = {"memory_mb": 65536, "vcpus": 64}
NOVA = str(pathlib.Path(sys.executable).parent / "nova")
# Time limit in seconds for either.
PATIENCE = 300.0


def summed(crowd, before):
    """Return kind -> counts of servers by location and state."""
    now = crowd.servers()
    found = {}
    for name, row in before.items():
        kind = name.partition("-")[0].rstrip("012")
        here = now[name]
        away = here["OS-EXT-SRV-ATTR:host"] != SOURCE
        same = here["status"] == row["status"]
        words = "moved" if away else "left"
        if not same:
            words += f", {here['status']} (was {row['status']})"
        task = here["OS-EXT-STS:task_state"]
        if task:
            words += f", {task}"
        found.setdefault(kind, {}).setdefault(words, 0)
        found[kind][words] += 1
    return found


def nova(cloud, crowd):
    """Run it, and wait until all activity has ended."""
    auth = cloud.credentials()["auth"]
    names = {
        "OS_AUTH_URL": "auth_url",
        "OS_USERNAME": "username",
        "OS_PASSWORD": "password",
        "OS_PROJECT_NAME": "project_name",
        "OS_USER_DOMAIN_NAME": "user_domain_name",
        "OS_PROJECT_DOMAIN_NAME": "project_domain_name",
        "OS_USER_DOMAIN_ID": "user_domain_id",
        "OS_PROJECT_DOMAIN_ID": "project_domain_id",
    }
    settings = {k: auth[v] for k, v in names.items() if v in auth}
    done = subprocess.run(
        [NOVA, "host-evacuate-live", SOURCE],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=600,
    )
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        rows = crowd.servers(SOURCE)
        if not any(row["OS-EXT-STS:task_state"] for row in rows.values()):
            break
        time.sleep(2)
    return done


def drain(cloud, directory):
    state = {"XDG_STATE_HOME": f"{directory}/state"}
    shell = Shell(cloud.environment() | state)
    return shell.run(
        *["migrate", "drain", SOURCE, "--max-failures", "10"],
        *["--on-stall", "abort", "--stall-after", "15"],
        timeout=1800,
    )


def main(which):
    """Run each on a separate cloud, so that unfinished moves of the first do
    not influence the second."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Cloud.up(
            f"{directory}/cloud", HOSTS, settings=LARGE, timeout=300.0
        ) as cloud,
    ):
        found = openstack.connect(**cloud.credentials())
        found.compute.default_microversion = "2.96"
        crowd = Crowd(found)
        before = forty_on(crowd, SOURCE, HOSTS[2:6])
        if which == "nova":
            done = nova(cloud, crowd)
            print(f"nova host-evacuate-live: exit code {done.returncode}")
            print(done.stdout[-6000:], done.stderr[-2000:])
        else:
            done = drain(cloud, directory)
            print(f"openstack migrate drain: exit code {done.code}")
            print(done.err[-3000:])
        for kind, words in summed(crowd, before).items():
            print(f"  {kind}: {words}", flush=True)


if __name__ == "__main__":
    for which in sys.argv[1:] or ["nova", "drain"]:
        main(which)
