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

from testbed.cloud import Cloud
from testbed.crowd import Crowd
from testbed.shell import Shell

HOSTS = [f"host{n:02}" for n in range(1, 5)]
SERVERS = 3
# Of a user who waits for a drain on a busy machine.
PATIENCE = 600


def moved_once(crowd, before, source):
    """Each is elsewhere, well, and has one record that ended well."""
    for name, row in before.items():
        now = crowd.servers(prefix=name)[name]
        assert now["OS-EXT-SRV-ATTR:host"] != source, name
        assert now["status"] == row["status"], name
        statuses = [r["status"] for r in crowd.records(row["id"])]
        assert statuses in (["completed"], ["confirmed"]), (name, statuses)


def killed_and_resumed(shell, crowd, before, host, moment):
    """What the resumed one said at its end.

    :param before: the servers on the host, by name.
    :param moment: seconds after which the first is killed, or a text in the
        first line after which it is.
    """
    process = shell.start("migrate", "drain", host)
    if isinstance(moment, str):
        while moment not in (line := process.stderr.readline()):
            assert line, f"it has ended without {moment!r}"
    else:
        time.sleep(moment)
    os.kill(process.pid, signal.SIGKILL)
    _, err = process.communicate()
    begun = sum(len(crowd.records(row["id"])) for row in before.values())
    listed = shell.migrate("run", "list", "-f", "json").json
    # It may not have begun.
    words = ("--resume", listed[0]["run"]) if listed else (host,)
    words = ("migrate", "drain", *words, "-f", "json")
    done = shell.run(*words, timeout=PATIENCE)
    ended = "has ended" in done.err
    assert done.code == 0 or ended, (moment, err, done.err)
    moved_once(crowd, before, host)
    assert crowd.servers(host) == {}
    reason = crowd.service(host)["disabled_reason"]
    assert reason.endswith(": emptied"), reason
    (run,) = shell.migrate("run", "list", "-f", "json").json
    shown = shell.migrate("run", "show", run["run"], "-f", "json").json
    told = {row["server"]: row["outcome"] for row in shown}
    assert told == dict.fromkeys(before, "moved"), told
    last = done.err.strip().splitlines()[-1]
    return f"{begun} of {len(before)} moves begun; {last}"


def some(crowd, prefix, host, count):
    """Some servers, the last one stopped, by name."""
    crowd.boot(prefix, host, count)
    crowd.ready(prefix, count)
    crowd.act([f"{prefix}-{count}"], "os-stop", "SHUTOFF")
    return crowd.servers(prefix=prefix)


def main(times, seed, directory):
    dice = random.Random(seed)
    with Cloud.up(f"{directory}/cloud", HOSTS) as cloud:
        found = openstack.connect(**cloud.credentials())
        found.compute.default_microversion = "2.96"
        crowd = Crowd(found)
        whole = None
        for number in range(times + 1):
            state = {"XDG_STATE_HOME": f"{directory}/state{number}"}
            shell = Shell(cloud.environment() | state)
            before = some(crowd, f"vm{number:02}", HOSTS[0], SERVERS)
            if whole:
                seconds = dice.uniform(0, whole)
                said = killed_and_resumed(
                    shell, crowd, before, HOSTS[0], seconds
                )
                print(f"{number}: after {seconds:.1f} s: {said}", flush=True)
            else:
                # How long one takes that is not killed.
                words = ("migrate", "drain", HOSTS[0])
                whole = shell.run(*words, timeout=PATIENCE).seconds
                print(f"a whole one takes {whole:.1f} s", flush=True)
            crowd.delete(f"vm{number:02}")
            crowd.enable(HOSTS[0])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(
            int(sys.argv[1]),
            int(sys.argv[2]) if len(sys.argv) > 2 else 1,
            made,
        )
