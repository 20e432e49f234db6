"""Compare the duration of a drain with the minimum that its limits allow.

::

    python -m benchmarks.makespan 20

A host sends one live migration at a time. The minimum is therefore the time
before the first one (the client starts, reads, plans, checks), plus the live
migrations of the host, each from 'preparing' to its end, one after the other.
Their times are read from Nova's database, 20 times per second.
"""

import argparse
import contextlib
import dataclasses
import itertools
import sqlite3
import tempfile
import threading
import time

import openstack

from testbed.cloud import Cloud
from testbed.crowd import Crowd
from testbed.shell import Shell

HOSTS = [f"host{n:02}" for n in range(1, 21)]
LARGE = {"memory_mb": 65536, "vcpus": 64}
# A guest of 512 MiB takes about eight seconds at this rate.
SLOW = {"bandwidth_mb": 64, "dirty_mb": 0}
ENDED = ("completed", "failed", "error", "cancelled")


@dataclasses.dataclass
class Sent:
    """A live migration, with times in seconds since the command's start.

    :ivar begun: when the source started to process it.
    """

    begun: float | None = None
    ended: float | None = None


class Watch:
    """Poll the live migrations that a host sends."""

    def __init__(self, cloud, host):
        path = cloud.state.database("nova_cell1").partition("///")[2]
        self._path, self._host = path, host
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.sent = {}

    def __enter__(self):
        self._start = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._over.set()
        self._thread.join()

    @property
    def now(self):
        return time.monotonic() - self._start

    def _look(self):
        address = f"file:{self._path}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as db:
            (last,) = db.execute("select max(id) from migrations").fetchone()
            while not self._over.wait(0.05):
                for id, status in db.execute(
                    "select id, status from migrations where id > ? and"
                    " source_compute = ? and migration_type ="
                    " 'live-migration'",
                    (last or 0, self._host),
                ):
                    self._note(self.sent.setdefault(id, Sent()), status)

    def _note(self, one, status):
        if one.begun is None and status not in ("accepted", "queued"):
            one.begun = self.now
        if one.ended is None and status in ENDED:
            one.ended = self.now


def measured(cloud, crowd, shell, host, running, stopped):
    """Drain a host with this many servers; return the result as text."""
    crowd.boot(f"{host}-run", host, running, **SLOW)
    if stopped:
        crowd.boot(f"{host}-off", host, stopped)
    crowd.ready(host, running + stopped)
    if stopped:
        names = crowd.servers(prefix=f"{host}-off")
        crowd.act(names, "os-stop", "SHUTOFF")
    with Watch(cloud, host) as watch:
        done = shell.run("migrate", "drain", host, timeout=1800)
        whole = watch.now
    assert done.code == 0, done.err
    found = sorted(watch.sent.values(), key=lambda one: one.begun)
    first, last = found[0].begun, max(one.ended for one in found)
    sending = [one.ended - one.begun for one in found]
    between = [
        after.begun - one.ended for one, after in itertools.pairwise(found)
    ]
    bound = first + sum(sending)
    return (
        f"{len(found)} live migrations of {min(sending):.1f} to"
        f" {max(sending):.1f} s: {sum(sending):.1f} s; {first:.1f} s before"
        f" the first; the least: {bound:.1f} s\n"
        f"the last ended after {last:.1f} s: {last / bound:.3f} of that;"
        f" between two {', '.join(f'{gap:.1f}' for gap in between)} s; the"
        f" command after {whole:.1f} s"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("running", type=int)
    parser.add_argument("--stopped", type=int, default=0)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        Cloud.up(f"{directory}/cloud", HOSTS, settings=LARGE) as cloud,
    ):
        found = openstack.connect(**cloud.credentials())
        found.compute.default_microversion = "2.96"
        state = {"XDG_STATE_HOME": f"{directory}/state"}
        print(
            measured(
                cloud,
                Crowd(found),
                Shell(cloud.environment() | state),
                HOSTS[0],
                options.running,
                options.stopped,
            )
        )


if __name__ == "__main__":
    main()
