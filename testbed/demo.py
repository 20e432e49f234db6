"""Demonstrate the plugin on the embedded cloud: ``tools/demo``."""

import os
import pathlib
import shlex
import subprocess
import sys
import time

import openstack

from testbed.cloud import Cloud
from testbed.cloud.processes import ROOT

# Commands to try after the demo, in this order; vm1 is on HostC by then.
THINGS = {
    "migrate live vm1 HostB": "move it back",
    "migrate preflight --matrix": "which host can move to which",
    "migrate drain HostB": "empty a host; --dry-run only plans",
    "migrate status HostB": "is it empty, is it enabled",
    "migrate return HostB": "bring everything back",
}

BIN = pathlib.Path(sys.executable).parent


def say(text: str = "") -> None:
    print(text, file=sys.stderr, flush=True)


def boot(connection: openstack.connection.Connection) -> None:
    """Boot a new vm1 on HostB, after deleting that of an earlier demo."""
    compute = connection.compute
    if old := compute.find_server("vm1"):
        compute.delete_server(old)
        compute.wait_for_delete(old, interval=0.5)
    server = compute.create_server(
        name="vm1",
        image_id=connection.image.find_image("tiny").id,
        flavor_id=compute.find_flavor("m1.tiny").id,
        networks="none",
        host="HostB",
    )
    compute.wait_for_server(server, interval=0.5)


def show(cloud: Cloud, *words: str) -> None:
    """Run a command as the reader would."""
    say(f"\n$ openstack {shlex.join(words)}")
    subprocess.run(
        [BIN / "openstack", *words],
        env=os.environ | cloud.environment(),
        check=True,
    )


def things() -> str:
    """Return the commands to try, each with its purpose."""
    width = max(map(len, THINGS))
    return "\n".join(
        f"    openstack {words:<{width}}  # {about}"
        for words, about in THINGS.items()
    )


def main() -> None:
    begin = time.monotonic()
    say("Starting a cloud with the computes HostB and HostC ...")
    cloud = Cloud.up(ROOT / ".cloud", lasting=True, report=say)
    say("Booting vm1 on HostB ...")
    boot(openstack.connect(**cloud.credentials()))
    show(cloud, "migrate", "preflight", "vm1", "HostC")
    show(cloud, "migrate", "live", "vm1", "HostC")
    show(cloud, "migrate", "describe-resource", "HostC")
    seconds = time.monotonic() - begin
    say(
        f"""
That took {seconds:.0f} s. The cloud is still there; to use it:

    . .venv/bin/activate
    eval "$(python -m testbed.cloud env)"

Five things to try:

{things()}

To stop it: .venv/bin/python -m testbed.cloud down"""
    )


if __name__ == "__main__":
    main()
