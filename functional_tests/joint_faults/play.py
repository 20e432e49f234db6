"""Plays real faults, one after the other, on one joint cloud."""

import contextlib
import dataclasses
import time
import uuid
from collections.abc import Iterator
from typing import Any

from functional_tests.joint_faults.fault import RealFault
from testbed.joint import Joint, storage
from testbed.nodes.cluster import COMPUTES
from testbed.nodes.errors import LabError
from testbed.shell import Result
from testbed.warm import WarmShell

_SOURCE, _DESTINATION = COMPUTES
#: MiB/s at which a guest that writes up to 24 of them comes to no end, even on
#: a machine on which it writes much less
SLOW = 1
FAST = 2000
_PATIENCE = 180.0


@dataclasses.dataclass(frozen=True)
class Played:
    """How one went.

    :ivar found: what preflight found beforehand: id of the check, detail
    :ivar before: exit code of preflight; None where there is nothing yet
    :ivar code: of the command that moved the server
    :ivar said: what that command said, line by line
    :ivar told: the row of `explain --nodes`
    :ivar guest: node, and the state which libvirt there has of the guest
    """

    fault: RealFault
    found: dict[str, str]
    before: int | None
    code: int
    said: list[str]
    told: dict[str, Any]
    guest: dict[str, str]

    @property
    def row(self) -> dict[str, Any]:
        """What is worth keeping of it."""
        mine = self.found.get(self.fault.check, "")
        return {
            "found": mine,
            "beside": sorted(set(self.found) - {self.fault.check}),
            "code": self.code,
            "status": self.told.get("status"),
            "message": self.told.get("message") or "",
            "cause": self.told.get("cause") or "",
            "meaning": self.told.get("meaning") or "",
            "said": self.said,
            "guest": self.guest,
        }


class Stage:
    """A joint cloud with a guest on it, to be played on."""

    def __init__(self, joint: Joint) -> None:
        self.joint = joint
        self.shell = WarmShell(joint.environment())
        self._compute = joint.connect().compute
        self._server: Any = None
        self._busy = False

    def play(self, fault: RealFault) -> Played:
        """Bring a fault about, move the guest, look, and fix it."""
        server = self._guest(fault)
        wait_until(self.joint.usable)
        try:
            if fault.during:
                return self._during(fault, server)
            return self._before(fault, server)
        finally:
            self._tidy()

    def migrate(self, *words: str, nodes: bool = False) -> Result:
        """``openstack migrate`` as an operator has it."""
        return self.shell.migrate(*words, *(self._nodes if nodes else ()))

    @property
    def _nodes(self) -> tuple[str, ...]:
        return "--nodes", "--ssh-config", str(self.joint.lab.ssh_config)

    def _before(self, fault: RealFault, server: Any) -> Played:
        with self._broken(fault):
            early = self._preflight(fault, server)
            late = self.migrate(
                fault.kind, server.name, _DESTINATION, "-f", "json"
            )
            told = self._explain(server)
            guest = self.guest(server)
        return self._played(fault, early, late, told, guest)

    def _during(self, fault: RealFault, server: Any) -> Played:
        self.joint.speed(server.id, _SOURCE, SLOW)
        words = ("migrate", fault.kind, server.name, _DESTINATION)
        with self.shell.running(*words, "-f", "json") as move:
            # In its midst: Nova has counted once.
            wait_until(lambda: self._counted(server))
            with self._broken(fault):
                pass
            # It may be over by now.
            with contextlib.suppress(LabError):
                self.joint.speed(server.id, _SOURCE, FAST)
            late = move.end(_PATIENCE)
        told = self._explain(server)
        return self._played(fault, None, late, told, self.guest(server))

    def _counted(self, server: Any) -> bool:
        path = f"/servers/{server.id}/migrations"
        found = self._compute.get(path, microversion="2.59").json()
        return any(
            one["memory_processed_bytes"]
            for one in found.get("migrations", ())
        )

    @contextlib.contextmanager
    def _broken(self, fault: RealFault) -> Iterator[None]:
        try:
            fault.inject(self.joint, _SOURCE, _DESTINATION)
            yield
        finally:
            fault.mend(self.joint, _SOURCE, _DESTINATION)

    def _preflight(self, fault: RealFault, server: Any) -> Result:
        return self.migrate(
            *("preflight", server.name, _DESTINATION),
            *("--kind", fault.kind, "-f", "json"),
            nodes=True,
        )

    def _explain(self, server: Any) -> dict[str, Any]:
        done = self.migrate("explain", server.name, "-f", "json", nodes=True)
        assert done.code == 0, done.err
        return done.json[0] if done.json else {}

    @staticmethod
    def _played(
        fault: RealFault,
        early: Result | None,
        late: Result,
        told: dict[str, Any],
        guest: dict[str, str],
    ) -> Played:
        found = {
            row["check"]: row["detail"]
            for row in (early.json if early else ())
            if row["status"] == "FAIL"
        }
        return Played(
            fault,
            found,
            early.code if early else None,
            late.code,
            late.err.splitlines(),
            told,
            guest,
        )

    # The guest

    def guest(self, server: Any) -> dict[str, str]:
        """Node -> state, of each on which libvirt knows the guest."""
        found = {node: self.joint.guests(node) for node in COMPUTES}
        return {
            node: guests[server.id]
            for node, guests in found.items()
            if server.id in guests
        }

    def _guest(self, fault: RealFault) -> Any:
        """One on the source that is well, with storage as the fault has it;
        busy where the copy must last."""
        if fault.storage != self.joint.storage:
            self.leave()
            self.joint.store(fault.storage)
        if self._server and fault.during != self._busy:
            self.leave()
        if not self._server:
            self._busy = fault.during
            image, flavor = (
                ("busy", "large") if fault.during else ("idle", "small")
            )
            name = f"vm-{uuid.uuid4().hex[:6]}"
            self._server = self.joint.boot(
                name, _SOURCE, flavor=flavor, image=image
            )
        return self._server

    def _tidy(self) -> None:
        """Keep the guest where all is well with it, else remove it."""
        server = self._compute.get_server(self._server.id)
        if self.guest(server) != {_SOURCE: "running"}:
            self.leave()
            return
        if server.task_state:
            self.leave()
            return
        self._compute.reset_server_state(server, "active")

    def close(self) -> None:
        """Leave the cloud as it was."""
        self.leave()
        self.joint.store(storage.SHARED)

    def leave(self) -> None:
        """Remove the guest, whatever has become of it."""
        server, self._server = self._server, None
        if not server:
            return
        wait_until(self.joint.usable)
        self._compute.reset_server_state(server, "error")
        self._compute.delete_server(server, force=True)
        self._compute.wait_for_delete(server, interval=0.2, wait=300)
        for node in self.guest(server):
            self.joint.lab.run(
                node,
                f"virsh destroy {server.id}; virsh undefine {server.id}",
            )


def wait_until(check: Any, patience: float = _PATIENCE) -> None:
    """Wait for a true answer; what is broken may answer with an error."""
    from keystoneauth1 import exceptions
    from openstack import exceptions as sdk

    end = time.monotonic() + patience
    while True:
        with contextlib.suppress(exceptions.ClientException, sdk.SDKException):
            if check():
                return
        if time.monotonic() > end:
            raise LabError(f"waited {patience:g} s for {check}")
        time.sleep(0.2)
