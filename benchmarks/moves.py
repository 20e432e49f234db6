"""What a move takes: ours, Nova's own record of it, and libvirt by hand.

On a joint cloud (functional_tests/joint), so it needs root. One guest of
64 MiB, which writes 24 MiB of it every second, goes from HostB to HostC and
back, in turn:

ours     'openstack migrate live' (block, cold --confirm), all of it, from the
         call to the end: its start, the checks, the move, and the look
         afterwards
start    'openstack token issue': what openstack takes for a token alone
move     of ours, from Nova's answer until the end was seen; what is beyond is
         start, checks and look; not told for cold, which is two
Nova     created_at to updated_at of its record, which MariaDB keeps in whole
         seconds; of a cold one its action's, and that of the confirming
by hand  'virsh migrate' with Nova's flags on the node itself; for cold: stop
         it, migrate its definition, start it

Of each, the least of its runs; ours, move and Nova are of the same one.

Usage: python -m benchmarks.moves [--repeat N] [--state DIR]
"""

import argparse
import contextlib
import datetime
import pathlib
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from benchmarks.measure import table
from functional_tests.joint import Joint, storage
from functional_tests.joint.nodes import do
from functional_tests.nodes.cluster import COMPUTES, INSTANCES
from functional_tests.shell import Shell

_HEAD = (
    "kind",
    "ours s",
    "start s",
    "move s",
    "Nova s",
    "ours/Nova",
    "by hand s",
)
_STORAGE = {
    "live": storage.SHARED,
    "cold": storage.SHARED,
    "block": storage.LOCAL,
}
_FLAGS = "--p2p --persistent --undefinesource"
_TIMED = """\
set -e
begin=$(date +%s%N)
{script}
echo $((($(date +%s%N) - begin) / 1000000))
"""
_LIVE = "virsh migrate --live {flags} {id} qemu+tcp://{address}/system"
_OFFLINE = """\
virsh destroy {id}
virsh migrate --offline {flags} {id} qemu+tcp://{address}/system
virsh -c qemu+tcp://{address}/system start {id}"""
# As Nova prepares the destination: a disk of the same size and base, and a
# file for the console.
_PREPARE = """\
set -e
mkdir -p {directory}; chmod 755 {directory}
qemu-img create -q -f qcow2 -F raw -b {base} {directory}/disk 1G
touch {directory}/console.log; chmod 666 {directory}/console.log
"""
_BASE = (
    "qemu-img info -U {directory}/disk | sed -n 's/^backing file: //p'"
    " | cut -d' ' -f1"
)


class Bench:
    """One cloud with one guest on it."""

    def __init__(self, joint: Joint) -> None:
        self._joint = joint
        self._shell = Shell(joint.environment())
        self._compute = joint.connect().compute

    def row(self, kind: str, repeat: int) -> list[object]:
        """A row of the table."""
        start = min(self._start() for _ in range(repeat))
        ours, hand = [], []
        with self._guest() as server:
            for turn in range(repeat):
                source, other = COMPUTES[:: 1 - turn % 2 * 2]
                ours.append(self._ours(kind, server, other))
                hand.append(self._by_hand(kind, server, other, source))
                hand.append(self._by_hand(kind, server, source, other))
        took, moved, nova = min(ours)
        return [
            kind,
            f"{took:.1f}",
            f"{start:.1f}",
            "" if kind == "cold" else f"{moved:.1f}",
            f"{nova:.0f}",
            f"{took / max(nova, 1):.1f}",
            f"{min(hand):.1f}",
        ]

    def _start(self) -> float:
        """What the command takes to do anything at all."""
        return self._shell.run("token", "issue").seconds

    @contextlib.contextmanager
    def _guest(self) -> Iterator[Any]:
        server = self._joint.boot("bench", flavor="large", image="busy")
        try:
            yield server
        finally:
            self._compute.delete_server(server, force=True)
            self._compute.wait_for_delete(server, interval=0.2, wait=60)

    def _ours(
        self, kind: str, server: Any, host: str
    ) -> tuple[float, float, float]:
        """Seconds that it took, those of the move, and those of Nova."""
        words = ("--confirm",) if kind == "cold" else ()
        done = self._shell.migrate(
            kind, server.name, host, *words, "-f", "json"
        )
        if done.code:
            sys.exit(f"{kind}: {done.err}")
        nova = (
            self._acted(server, "migrate")
            + self._acted(server, "confirmResize")
            if kind == "cold"
            else self._recorded(server)
        )
        return done.seconds, done.json["seconds"], nova

    def _recorded(self, server: Any) -> float:
        """Of the newest migration."""
        path = f"/os-migrations?instance_uuid={server.id}"
        record = self._get(path)["migrations"][0]
        return _seconds(record["created_at"], record["updated_at"])

    def _acted(self, server: Any, name: str) -> float:
        """Of the newest action of that name, to the end of its last step."""
        path = f"/servers/{server.id}/os-instance-actions"
        (action, *_) = [
            one
            for one in self._get(path)["instanceActions"]
            if one["action"] == name
        ]
        shown = self._get(f"{path}/{action['request_id']}")["instanceAction"]
        end = max(event["finish_time"] for event in shown["events"])
        return _seconds(shown["start_time"], end)

    def _get(self, path: str) -> Any:
        return self._compute.get(path, microversion="2.84").json()

    def _by_hand(
        self, kind: str, server: Any, source: str, host: str
    ) -> float:
        lab, flags = self._joint.lab, _FLAGS
        directory = f"{INSTANCES}/{server.id}"
        if kind == "block":
            flags += " --copy-storage-inc"
            base = do(lab, source, _BASE.format(directory=directory))
            script = _PREPARE.format(directory=directory, base=base.strip())
            do(lab, host, script)
        script = (_OFFLINE if kind == "cold" else _LIVE).format(
            flags=flags, id=server.id, address=lab.address(host)
        )
        said = do(lab, source, _TIMED.format(script=script))
        if kind == "block":
            do(lab, source, f"rm -rf {directory}")
        return int(said.split()[-1]) / 1000


def _seconds(begin: str, end: str) -> float:
    first, last = map(datetime.datetime.fromisoformat, (begin, end))
    return (last - first).total_seconds()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--state", help="of a joint cloud that is up")
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        state = asked.state or pathlib.Path(folder) / "state"
        joint = Joint.up(state)
        if not asked.state:
            stack.enter_context(joint)
        rows = []
        for kind, where in _STORAGE.items():
            joint.store(where)
            rows.append(Bench(joint).row(kind, asked.repeat))
        joint.store(storage.SHARED)
    print(table(_HEAD, rows))


if __name__ == "__main__":
    main()
