"""The processes of the control plane: all at once, or one at a time."""

import contextlib
import os
import signal
import socket
import subprocess
import time

from testbed.cloud import config, databases, nova_schema, ports, processes
from testbed.cloud.state import State
from testbed.joint import broker, mariadb
from testbed.joint.pace import Pace
from testbed.nodes.cluster import CONTROLLER, GATEWAY
from testbed.nodes.errors import LabError

_SERVICE = "testbed.joint.service"
_WSGI = "testbed.cloud.wsgi_process"
#: process: its module, and the port that it serves
_MODULES = {
    "nova-api": (_SERVICE, "nova"),
    "nova-conductor": (_SERVICE, None),
    "nova-scheduler": (_SERVICE, None),
    "keystone": (_WSGI, "keystone"),
    "placement": (_SERVICE, "placement"),
    "glance": (_WSGI, "glance"),
    "neutron": (_SERVICE, "neutron"),
}
_JOINT = """\
[DEFAULT]
transport_url = {transport}
rpc_response_timeout = {answer}
service_down_time = {down_time}
[database]
max_pool_size = 5
[scheduler]
discover_hosts_in_cells_interval = 2
"""
_PATIENCE = 60.0
Children = dict[str, subprocess.Popen[bytes]]


class ControlPlane:
    """The control plane of one joint cloud.

    :ivar children: processes that this process has started
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._broker = state.path / "broker"
        self._mariadb = state.path / "mariadb"
        self.children: Children = {}

    @property
    def _ports(self) -> dict[str, int]:
        return self._state.load()["ports"]

    def start(self, pace: Pace) -> None:
        """Start all processes, and record their ports.

        It only waits for the database.

        :param pace: pace of the nodes
        """
        sockets = ports.listen(config.ROOTS)
        try:
            found = {n: s.getsockname()[1] for n, s in sockets.items()}
            found |= _free((*broker.PORTS, mariadb.PORT))
            facts = {
                "ports": found,
                "controller": CONTROLLER,
                "database_server": mariadb.server(found),
                # The 'admin' interface has the address that nodes can reach.
                "admin_endpoints": config.endpoints(found, GATEWAY),
                "processes": {},
            }
            self._state.save(self._state.load() | facts)
            mariadb.prepare(self._mariadb)
            for name in ("mariadb", "epmd", "rabbit"):
                self._spawn(name)
            self._configure(found, pace)
            for name, (_, port) in _MODULES.items():
                self._spawn_module(
                    name, [sockets[port].fileno()] if port else []
                )
        finally:
            ports.close(sockets)

    def open_gate(self, namespace: str) -> None:
        """Make the control plane reachable from the nodes.

        :param namespace: the file of the lab's network namespace
        """
        found = self._ports
        served = [str(found[name]) for name in (*config.ROOTS, "rabbit")]
        self._spawn_python(
            "gate",
            "testbed.joint.gate",
            [namespace, GATEWAY, *served],
        )

    def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End one process; return when all its children are gone.

        :param how: KILL to simulate a crash, TERM for a normal stop
        :raises LabError: it does not end
        """
        end = time.monotonic() + _PATIENCE
        group = self._group(name)
        self.send(name, how)
        while _group_lives(group):
            if time.monotonic() > end:
                raise LabError(f"{name} does not end")
            time.sleep(0.05)

    def send(self, name: str, which: signal.Signals) -> None:
        """Send a signal to one process and to its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._group(name), which)

    def _group(self, name: str) -> int:
        (process,) = [
            one for one in self._state.processes() if one.name == name
        ]
        return process.pid

    def again(self, name: str) -> None:
        """Restart a process that has ended, on the same port."""
        if name not in _MODULES:
            self._spawn(name)
            if name == "rabbit":
                self._await(self._ports["rabbit"])
            return
        port = _MODULES[name][1]
        sockets = {}
        if port:
            sockets = ports.listen([port], {port: self._ports[port]})
        try:
            self._spawn_module(name, [s.fileno() for s in sockets.values()])
        finally:
            ports.close(sockets)

    def _await(self, port: int) -> None:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection((ports.ADDRESS, port)).close()
                return
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise LabError(f"nothing listens on {port}") from None
            time.sleep(0.1)

    def _spawn(self, name: str) -> None:
        """Start a process that is not one of our Python programs."""
        found = self._ports
        environment: dict[str, str] = {}
        if name == "mariadb":
            command = mariadb.command(self._mariadb, found)
        elif name == "epmd":
            # Otherwise RabbitMQ starts an epmd that outlives it.
            port = str(found["epmd"])
            command = ["epmd", "-address", ports.ADDRESS, "-port", port]
        else:
            command, environment = broker.prepare(self._broker, found)
        log = self._state.log / f"{name}.log"
        self._record(
            *processes.spawn_command(
                name, command, log, environment=environment
            )
        )
        if name == "mariadb":
            mariadb.wait(self._mariadb, self.children[name])

    def _spawn_module(self, name: str, fds: list[int]) -> None:
        arguments = [name, str(self._state.path), *map(str, fds)]
        self._spawn_python(name, _MODULES[name][0], arguments, fds)

    def _spawn_python(
        self,
        name: str,
        module: str,
        arguments: list[str],
        fds: list[int] | None = None,
    ) -> None:
        log = self._state.log / f"{name}.log"
        self._record(*processes.spawn(name, module, arguments, log, fds or []))

    def _record(
        self, process: processes.Process, child: "subprocess.Popen[bytes]"
    ) -> None:
        facts = self._state.load()
        entry = {"pid": process.pid, "started": process.started}
        facts["processes"][process.name] = entry
        self._state.save(facts)
        self.children[process.name] = child

    def _configure(self, found: dict[str, int], pace: Pace) -> None:
        state = self._state
        transport = broker.url(ports.ADDRESS, found)
        config.write(state, found, CONTROLLER, {})
        text = _JOINT.format(
            transport=transport, answer=pace.answer, down_time=pace.down_time
        )
        (state.conf / "joint.conf").write_text(text)
        for name in ("keystone", "glance"):
            databases.made_elsewhere(state.db, name)
        nova_schema.set_connections(state, transport)


def _free(names: tuple[str, ...]) -> dict[str, int]:
    """Return ports for programs that cannot inherit an open socket."""
    sockets = ports.listen(names)
    found = {name: sock.getsockname()[1] for name, sock in sockets.items()}
    ports.close(sockets)
    return found


def _group_lives(leader: int) -> bool:
    """Whether a process group has members, except zombies of ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(leader, os.WNOHANG)
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True
