"""kill -9 of a drain at random moments, each time resumed.

::

    python -m functional_tests.kills 30
"""

import os
import random
import signal
import sys
import tempfile
import time

import openstack

from functional_tests.cloud import Cloud
from functional_tests.crowd import Crowd
from functional_tests.shell import Shell

HOSTS = [f"host{n:02}" for n in range(1, 5)]


def moved_once(crowd, before, source):
    """Each is elsewhere, well, and has one record that ended well."""
    for name, row in before.items():
        now = crowd.servers(prefix=name)[name]
        assert now["OS-EXT-SRV-ATTR:host"] != source, name
        assert now["status"] == row["status"], name
        statuses = [r["status"] for r in crowd.records(row["id"])]
        assert statuses in (["completed"], ["confirmed"]), (name, statuses)


def killed_and_resumed(shell, crowd, before, host, seconds):
    """What the resumed one said at its end.

    :param before: the servers on the host, by name.
    :param seconds: after which the first is killed.
    """
    process = shell.start("migrate", "drain", host)
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGKILL)
    _, err = process.communicate()
    listed = shell.migrate("run", "list", "-f", "json").json
    # It may not have begun.
    words = ("--resume", listed[0]["run"]) if listed else (host,)
    done = shell.migrate("drain", *words, "-f", "json")
    ended = "has ended" in done.err
    assert done.code == 0 or ended, (seconds, err, done.err)
    moved_once(crowd, before, host)
    assert crowd.servers(host) == {}
    reason = crowd.service(host)["disabled_reason"]
    assert reason.endswith(": emptied"), reason
    return done.err.strip().splitlines()[-1]


def main(times, seed):
    dice = random.Random(seed)
    with (
        tempfile.TemporaryDirectory() as directory,
        Cloud.up(f"{directory}/cloud", HOSTS) as cloud,
    ):
        found = openstack.connect(**cloud.credentials())
        found.compute.default_microversion = "2.96"
        crowd = Crowd(found)
        for number in range(times):
            state = {"XDG_STATE_HOME": f"{directory}/state{number}"}
            shell = Shell(cloud.environment() | state)
            prefix = f"vm{number:02}"
            crowd.boot(prefix, HOSTS[0], 6)
            crowd.ready(prefix, 6)
            crowd.act([f"{prefix}-6"], "os-stop", "SHUTOFF")
            before = crowd.servers(prefix=prefix)
            seconds = dice.uniform(1, 20)
            said = killed_and_resumed(shell, crowd, before, HOSTS[0], seconds)
            print(f"{number + 1}: after {seconds:.1f} s: {said}", flush=True)
            crowd.delete(prefix)
            crowd.enable(HOSTS[0])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
