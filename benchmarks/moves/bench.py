"""One guest on a joint cloud, and what Nova recorded of it."""

import contextlib
import dataclasses
import datetime
import sys
from collections.abc import Iterator
from typing import Any

from testbed.joint import Joint
from testbed.shell import Result, Shell

#: MiB/s at which the guest, which writes 24, is never copied to the end. A
#: round of copying takes 3 s then. Nova counts every 5 s: at 5 or 6 it would
#: see less remaining each time, as it counts later in each round.
SLOW = 8


class MissedError(Exception):
    """The guest was copied before anything could be done to its move."""

    def __init__(self, said: str = "it was copied too early") -> None:
        super().__init__(said)


@dataclasses.dataclass(frozen=True)
class Times:
    """Seconds, of one run; None where there is none.

    :ivar hand: each time that it was done by hand
    """

    ours: float
    nova: float
    hand: list[float]
    move: float | None = None
    stalled: float | None = None
    nova_after: float | None = None

    @property
    def after(self) -> float | None:
        return None if self.stalled is None else self.ours - self.stalled


class Bench:
    """One cloud with one guest on it.

    :ivar start: what openstack took for a token, the last time
    """

    def __init__(self, joint: Joint, server: Any) -> None:
        self.joint = joint
        self.server = server
        self.shell = Shell(joint.environment())
        self.compute = joint.connect().compute
        self.start = 0.0

    @classmethod
    @contextlib.contextmanager
    def on(cls, joint: Joint) -> Iterator["Bench"]:
        server = joint.boot("bench", flavor="large", image="busy")
        bench = cls(joint, server)
        try:
            yield bench
        finally:
            bench.compute.delete_server(server, force=True)
            bench.compute.wait_for_delete(server, interval=0.2, wait=60)

    def started(self) -> float:
        """What openstack takes to do anything at all."""
        self.start = self.shell.run("token", "issue").seconds
        return self.start

    @property
    def host(self) -> str:
        """Where Nova has it."""
        return self.compute.get_server(self.server.id).compute_host

    def migrate(self, verb: str, *words: str) -> Result:
        """``openstack migrate VERB`` of the guest, to its end.

        :raises SystemExit: it failed
        """
        done = self.shell.migrate(verb, self.server.name, *words)
        return succeeded(verb, done)

    def record(self) -> tuple[str, str]:
        """When the newest migration was created, and updated last."""
        path = f"/os-migrations?instance_uuid={self.server.id}"
        record = self._get(path)["migrations"][0]
        return record["created_at"], record["updated_at"]

    def action(self, name: str) -> tuple[str, str]:
        """The newest of that name: its start, the end of its last step."""
        path = f"/servers/{self.server.id}/os-instance-actions"
        (action, *_) = [
            one
            for one in self._get(path)["instanceActions"]
            if one["action"] == name
        ]
        shown = self._get(f"{path}/{action['request_id']}")["instanceAction"]
        ends = [event["finish_time"] or "" for event in shown["events"]]
        return shown["start_time"], max(ends, default="")

    def _get(self, path: str) -> Any:
        return self.compute.get(path, microversion="2.84").json()


def seconds(begin: str, end: str) -> float:
    """Between two of Nova's times."""
    first, last = map(datetime.datetime.fromisoformat, (begin, end))
    return (last - first).total_seconds()


def succeeded(what: str, done: Result, code: int = 0) -> Result:
    """:raises SystemExit: it ended otherwise."""
    if done.code != code:
        sys.exit(f"{what}: exit code {done.code}\n{done.err}")
    return done
