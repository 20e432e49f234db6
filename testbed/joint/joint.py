"""Start, use and stop a joint cloud: the Python interface.

::

    with Joint.up(tmp_path / "joint", "local") as joint:
        server = joint.boot("vm1", "HostB")
        subprocess.run(["openstack", "migrate", "live", "vm1", "HostC"],
                       env={**os.environ, **joint.environment()})
        assert joint.ticks(server) > 3
"""

import contextlib
import datetime
import json
import pathlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from testbed.cloud import packages as cloud_packages
from testbed.cloud import processes
from testbed.cloud.guard import Guard, this_process
from testbed.joint import computes, content, guest, state, storage
from testbed.joint.control_plane import ControlPlane
from testbed.joint.nodes import do
from testbed.joint.pace import PACES
from testbed.joint.readiness import PATIENCE, Waiting, usable
from testbed.nodes import Lab, LabError, packages
from testbed.nodes.cluster import COMPUTES, INSTANCES

_UP = "up"


def _quiet(text: str) -> None:
    """Report nothing."""


class Joint:
    """A joint cloud in a state directory; it need not be running."""

    def __init__(self, path: pathlib.Path | str) -> None:
        self.path = pathlib.Path(path).absolute()
        self.state = state.cloud(self.path)
        self.lab = Lab(state.lab(self.path))
        self.control = ControlPlane(self.state)
        self._guard: Guard | None = None

    def __enter__(self) -> "Joint":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.down()

    @classmethod
    def up(
        cls,
        path: pathlib.Path | str,
        kind: str = storage.SHARED,
        report: Callable[[str], None] = _quiet,
        lasting: bool = False,
    ) -> "Joint":
        """Start one, or find that it runs; return when it is usable.

        What an `up` has left whose process was killed is ended first.

        :param kind: of the storage of the guests' disks: see storage.py
        :param lasting: it outlives this process; else it ends with it
        :raises LabError, CloudError: with the reason; nothing is left
            running
        """
        packages.require_root()
        cloud_packages.check()
        packages.install("joint", report)
        joint = cls(path)
        with joint.state.locked():
            if joint.is_up and not joint.state.abandoned:
                if joint.storage != kind:
                    raise LabError("it is up with other storage")
                report(f"already up in {joint.path}")
                return joint
            joint._stop()  # what is left of one that was killed
            if joint.state.abandoned:
                joint.state.remove()
            if not lasting:
                joint._guard = Guard.of_lab("testbed.joint", str(joint.path))
            try:
                joint._start(kind, report)
                if lasting:
                    joint.state.save({**joint.state.load(), "owner": None})
            except BaseException:
                joint._stop()
                joint._release()
                raise
        return joint

    def _release(self) -> None:
        if self._guard:
            self._guard.release()
            self._guard = None

    @property
    def is_up(self) -> bool:
        """Has it come up, and are all its processes alive?"""
        return (
            self.state.load().get("phase") == _UP
            and all(one.alive for one in self.state.processes())
            and self.lab.is_up
        )

    @property
    def storage(self) -> str:
        """Where the guests' disks are: see storage.py."""
        return self.state.load()["storage"]

    def _start(self, kind: str, report: Callable[[str], None]) -> None:
        begin = time.monotonic()

        def say(text: str) -> None:
            report(f"[{time.monotonic() - begin:4.1f}s] {text}")

        self.state.create()
        self.state.save(
            {
                "phase": "starting",
                "storage": kind,
                "owner": this_process().entry,
            }
        )
        with ThreadPoolExecutor() as pool:
            lab = pool.submit(
                Lab.up,
                self.lab.state.path,
                storage.nodes(kind),
                report=lambda text: report(f"nodes: {text}"),
                shown=computes.shown() | storage.shown(kind),
                lasting=True,  # it ends with the whole
            )
            self.control.start(PACES[storage.nodes(kind)])
            say(f"started {', '.join(self.control.children)}")
            lab.result()
        namespace = self.lab.inside()[1].partition("=")[2]
        self.control.open_gate(namespace)
        waiting = Waiting(self.state, self.control.children, say)
        connection = self.connect()
        compute = connection.compute
        waiting.until("keystone answers", connection.authorize)
        for name in COMPUTES:
            self._prepare(name)
        waiting.until(
            "nova: its services are up",
            lambda: (
                {
                    found.binary
                    for found in compute.services()
                    if found.state == "up"
                }
                >= {"nova-conductor", "nova-scheduler"}
            ),
        )
        for name in COMPUTES:
            computes.start(self.lab, name)
        content.make(connection)
        waiting.until(
            "nova: computes are up", lambda: usable(connection, COMPUTES)
        )
        self.state.save({**self.state.load(), "phase": _UP})
        say("up")

    def _prepare(self, name: str) -> None:
        ports = self.state.load()["ports"]
        computes.prepare(self.lab, name, ports)
        storage.use(self.lab, self.storage, name)

    def down(self, owner: str | None = None) -> None:
        """Stop what was started here and remove the state directory.

        :param owner: only if it is still that process's; see Record
        """
        with self.state.locked():
            if self.state.belongs_to_another(owner):
                return
            self._stop()
            self.lab.down(purge=True)
            self.state.remove()
        with contextlib.suppress(OSError):
            self.path.rmdir()
        self._release()

    def _stop(self) -> None:
        # Nodes first: their computes would only complain.
        self.lab.down()
        processes.stop(self.state.processes(), patience=10.0)

    # How it is used

    def environment(self, name: str = "admin") -> dict[str, str]:
        """Variables for the openstack client, on this machine itself."""
        return {
            "OS_CLIENT_CONFIG_FILE": str(self.state.clouds_yaml),
            "OS_CLOUD": name,
        }

    def connect(self) -> Any:
        """An admin's connection of the SDK."""
        import openstack

        clouds = json.loads(self.state.clouds_yaml.read_text())["clouds"]
        connection = openstack.connect(
            **clouds["admin"], load_yaml_config=False
        )
        connection.compute.default_microversion = "2.96"
        return connection

    def boot(
        self,
        name: str,
        host: str = COMPUTES[0],
        flavor: str = "small",
        image: str = "idle",
    ) -> Any:
        """Boot a server without a network; return when it counts."""
        connection = self.connect()
        server = connection.compute.create_server(
            name=name,
            image_id=connection.image.find_image(image).id,
            flavor_id=connection.compute.find_flavor(flavor).id,
            networks="none",
            host=host,
        )
        server = connection.compute.wait_for_server(
            server, interval=0.2, wait=PATIENCE
        )
        end = time.monotonic() + PATIENCE
        while not self.ticks(server):
            if time.monotonic() > end:
                raise LabError(f"{name} does not count")
            time.sleep(0.2)
        return server

    def ticks(self, server: Any) -> int:
        """How far the guest has counted, as its host's disk says."""
        host = self.connect().compute.get_server(server.id).compute_host
        log = f"{INSTANCES}/{server.id}/console.log"
        done = self.lab.run(host, f"tail -c 256 {log}")
        return guest.count(done.stdout)

    def store(self, kind: str) -> None:
        """Change the storage of the nodes, while they have no guests.

        :raises LabError: it takes nodes of another kind
        """
        if storage.nodes(kind) != self.lab.kind:
            raise LabError(f"{kind} is not for nodes of kind {self.lab.kind}")
        storage.use(self.lab, kind)
        self.state.save({**self.state.load(), "storage": kind})

    def guests(self, name: str) -> dict[str, str]:
        """What libvirt of a node has: the state of each guest by its id."""
        script = (
            "for id in $(virsh list --all --uuid); do"
            ' echo "$id $(virsh domstate "$id")"; done'
        )
        lines = do(self.lab, name, script).splitlines()
        return dict(line.split(" ", 1) for line in lines if line)

    def speed(self, guest: str, node: str, mib: int) -> None:
        """Bound how fast a guest is copied from a node, in MiB/s.

        :param guest: its UUID
        :raises LabError: libvirt there does not run it
        """
        do(self.lab, node, f"virsh migrate-setspeed {guest} {mib}")

    def copies(self, guest: str, node: str) -> bool:
        """Does libvirt of a node copy the memory of a guest now?"""
        done = self.lab.run(node, f"LC_ALL=C virsh domjobinfo {guest}")
        return "Memory remaining:" in done.stdout

    def reset(self, name: str) -> None:
        """Bring a node back to how it was when the cloud came up.

        Guests which ran on it are lost.
        """
        self.lab.reset(name)
        self._prepare(name)
        self.restart(name)

    def usable(self) -> bool:
        """Are all computes up and enabled?"""
        return usable(self.connect(), COMPUTES)

    def restart(self, name: str) -> None:
        """Restart a nova-compute; return when Nova knows it is up."""
        # The old one reports until its very end.
        restart = (
            f"systemctl daemon-reload && systemctl restart {computes.UNIT}"
        )
        started = do(self.lab, name, f"{restart} && date +%s")
        connection = self.connect()
        end = time.monotonic() + PATIENCE
        while not (
            self.reported(connection, name, int(started))
            and usable(connection, [name])
        ):
            if time.monotonic() > end:
                raise LabError(f"nova-compute on {name} is not up again")
            time.sleep(0.3)

    @staticmethod
    def reported(connection: Any, name: str, since: float) -> bool:
        """Has that nova-compute reported since then, a time of its clock?"""
        (found,) = connection.compute.services(
            binary="nova-compute", host=name
        )
        if not found.updated_at:
            return False  # it has only been registered
        said = datetime.datetime.fromisoformat(found.updated_at)
        said = said.replace(tzinfo=datetime.UTC)
        return said.timestamp() > since + 1
