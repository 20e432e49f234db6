"""Start the processes of the control plane."""

import pathlib
import subprocess
from collections.abc import Callable

from functional_tests.cloud import (
    config,
    databases,
    nova_schema,
    ports,
    processes,
)
from functional_tests.cloud.state import State
from functional_tests.joint import broker, service
from functional_tests.nodes.cluster import CONTROLLER, GATEWAY

_SERVICE = "functional_tests.joint.service"
_WSGI = "functional_tests.cloud.wsgi_process"
#: process: module, and the port it serves
_PROCESSES = {
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
rpc_response_timeout = 60
[database]
max_pool_size = 5
[scheduler]
discover_hosts_in_cells_interval = 2
"""
Children = dict[str, subprocess.Popen[bytes]]


def start(state: State) -> Children:
    """Start all of them; nothing is awaited.  The ports are recorded."""
    sockets = ports.listen(config.ROOTS)
    children: Children = {}
    record = _recorder(state, children)
    try:
        found = {n: s.getsockname()[1] for n, s in sockets.items()}
        found |= _free(broker.PORTS)
        facts = state.load() | {
            "ports": found,
            "controller": CONTROLLER,
            # Who asks for it gets the address which the nodes can reach.
            "admin_endpoints": config.endpoints(found, GATEWAY),
            "processes": {},
        }
        state.save(facts)
        _start_broker(state, found, record)
        _configure(state, found)
        for name, (module, port) in _PROCESSES.items():
            fds = [sockets[port].fileno()] if port else []
            _spawn(state, name, module, record)(
                [name, str(state.path), *map(str, fds)], fds
            )
    finally:
        ports.close(sockets)
    return children


def open_gate(state: State, namespace: str) -> Children:
    """Let the nodes in.

    :param namespace: the file of the lab's network namespace
    """
    children: Children = {}
    found = state.load()["ports"]
    served = [str(found[name]) for name in (*config.ROOTS, "rabbit")]
    _spawn(
        *(state, "gate", "functional_tests.joint.gate"),
        _recorder(state, children),
    )([namespace, GATEWAY, *served])
    return children


def _recorder(state: State, children: Children) -> Callable:
    def record(process: processes.Process, child) -> None:
        facts = state.load()
        entry = {"pid": process.pid, "started": process.started}
        facts["processes"][process.name] = entry
        state.save(facts)
        children[process.name] = child

    return record


def _free(names: tuple[str, ...]) -> dict[str, int]:
    """Ports for programs which cannot take over an open socket."""
    sockets = ports.listen(names)
    found = {name: sock.getsockname()[1] for name, sock in sockets.items()}
    ports.close(sockets)
    return found


def _spawn(state: State, name: str, module: str, record: Callable):
    def spawn(arguments, fds=()) -> None:
        log = state.log / f"{name}.log"
        record(*processes.spawn(name, module, arguments, log, fds))

    return spawn


def _start_broker(state: State, found: dict, record: Callable) -> None:
    directory = state.path / "broker"
    command, environment = broker.prepare(directory, found)
    # It would start one which outlives it.
    epmd = ["epmd", "-address", ports.ADDRESS, "-port", str(found["epmd"])]
    for name, words in (("epmd", epmd), ("rabbit", command)):
        log = state.log / f"{name}.log"
        record(
            *processes.spawn_command(name, words, log, environment=environment)
        )


def _configure(state: State, found: dict[str, int]) -> None:
    transport = broker.url(ports.ADDRESS, found)
    config.write(state, found, CONTROLLER, {})
    (state.conf / "joint.conf").write_text(_JOINT.format(transport=transport))
    databases.ensure(
        state.db, nova_schema.DATABASES, lambda: service.build(state)
    )
    database = pathlib.Path(state.db, "nova_cell1.db")
    nova_schema.set_connections(
        state.db, f"sqlite:///{database}?timeout=60", transport
    )
