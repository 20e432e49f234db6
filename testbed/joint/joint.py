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
        """Start one unless it runs; return when it is usable.

        Leftovers of an `up` that was killed are removed first.

        :param kind: kind of storage for the guests' disks: see storage.py
        :param lasting: keep it running when this process ends
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
            joint._stop()  # leftovers of one that was killed
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
        """Whether it is completely started and all its processes live."""
        return (
            self.state.load().get("phase") == _UP
            and all(one.alive for one in self.state.processes())
            and self.lab.is_up
        )

    @property
    def storage(self) -> str:
        """The kind of storage of the guests' disks: see storage.py."""
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
                lasting=True,  # it ends with the joint cloud
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
        """Stop the joint cloud and remove the state directory.

        :param owner: do nothing unless this process owns it; see Record
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
        # Stop the nodes first, or their computes log connection errors.
        self.lab.down()
        processes.stop(self.state.processes(), patience=10.0)

    # Use

    def environment(self, name: str = "admin") -> dict[str, str]:
        """Return variables for the openstack client on this machine."""
        return {
            "OS_CLIENT_CONFIG_FILE": str(self.state.clouds_yaml),
            "OS_CLOUD": name,
        }

    def connect(self) -> Any:
        """Return an SDK connection as admin."""
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
        """Boot a server without a network; return when its guest counts."""
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
        """Return the guest's count, from the console log on its host."""
        host = self.connect().compute.get_server(server.id).compute_host
        log = f"{INSTANCES}/{server.id}/console.log"
        done = self.lab.run(host, f"tail -c 256 {log}")
        return guest.count(done.stdout)

    def store(self, kind: str) -> None:
        """Change the storage of the nodes, while they have no guests.

        :raises LabError: this storage needs another kind of node
        """
        if storage.nodes(kind) != self.lab.kind:
            raise LabError(f"{kind} is not for nodes of kind {self.lab.kind}")
        storage.use(self.lab, kind)
        self.state.save({**self.state.load(), "storage": kind})

    def guests(self, name: str) -> dict[str, str]:
        """Return the guests of a node's libvirt: the state by UUID."""
        script = (
            "for id in $(virsh list --all --uuid); do"
            ' echo "$id $(virsh domstate "$id")"; done'
        )
        lines = do(self.lab, name, script).splitlines()
        return dict(line.split(" ", 1) for line in lines if line)

    def speed(self, guest: str, node: str, mib: int) -> None:
        """Limit the bandwidth of a guest's copy from a node, in MiB/s.

        :param guest: UUID of the guest
        :raises LabError: libvirt on the node does not run it
        """
        do(self.lab, node, f"virsh migrate-setspeed {guest} {mib}")

    def copies(self, guest: str, node: str) -> bool:
        """Whether libvirt on a node is copying a guest's memory."""
        done = self.lab.run(node, f"LC_ALL=C virsh domjobinfo {guest}")
        return "Memory remaining:" in done.stdout

    def reset(self, name: str) -> None:
        """Restore a node to its state when the cloud was started.

        Guests that ran on it are lost.
        """
        self.lab.reset(name)
        self._prepare(name)
        self.restart(name)

    def usable(self) -> bool:
        """Whether all computes are up and enabled."""
        return usable(self.connect(), COMPUTES)

    def restart(self, name: str) -> None:
        """Restart a nova-compute; return when Nova reports it as up."""
        # The old process sends reports until it ends.
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
        """Whether nova-compute has reported since a time of its own clock."""
        (found,) = connection.compute.services(
            binary="nova-compute", host=name
        )
        if not found.updated_at:
            return False  # registered, but without a report
        said = datetime.datetime.fromisoformat(found.updated_at)
        said = said.replace(tzinfo=datetime.UTC)
        return said.timestamp() > since + 1
