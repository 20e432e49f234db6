"""The network between the nodes: a bridge in a network namespace.

Nothing else uses that namespace; each node's port on the bridge has the name
of the node.
"""

import contextlib
import pathlib

from testbed.nodes.cluster import ADDRESSES, GATEWAY, MACS, PREFIX
from testbed.nodes.commands import run
from testbed.nodes.errors import LabError
from testbed.nodes.names import Names

_BRIDGE = "br0"
_NAMESPACES = pathlib.Path("/run/netns")


def path(namespace: str) -> str:
    """Return the file that represents a namespace."""
    return str(_NAMESPACES / namespace)


def inside(namespace: str, *command: str) -> list[str]:
    """Return the command line that runs a command in a namespace."""
    return ["nsenter", f"--net={path(namespace)}", *command]


def exists(namespace: str) -> bool:
    """Whether a namespace exists, even if it is incomplete."""
    return (_NAMESPACES / namespace).exists()


def create(names: Names) -> None:
    """Create the namespace with the bridge."""
    space = names.namespace
    run("ip", "netns", "add", space)
    run("ip", "-n", space, "link", "set", "lo", "up")
    run("ip", "-n", space, "link", "add", _BRIDGE, "type", "bridge")
    address = f"{GATEWAY}/{PREFIX}"
    run("ip", "-n", space, "address", "add", address, "dev", _BRIDGE)
    run("ip", "-n", space, "link", "set", _BRIDGE, "up")


def plug_container(names: Names, node: str) -> str:
    """Create the namespace of a node, with eth0 on the bridge."""
    space, bridge = names.node_namespace(node), names.namespace
    run("ip", "netns", "add", space)
    run("ip", "-n", space, "link", "set", "lo", "up")
    run(
        *("ip", "-n", space, "link", "add", "eth0", "address", MACS[node]),
        *("type", "veth", "peer", "name", node, "netns", bridge),
    )
    address = f"{ADDRESSES[node]}/{PREFIX}"
    run("ip", "-n", space, "address", "add", address, "dev", "eth0")
    run("ip", "-n", space, "link", "set", "eth0", "up")
    run("ip", "-n", space, "route", "add", "default", "via", GATEWAY)
    _to_bridge(names, node)
    return space


def plug_machine(names: Names, node: str) -> None:
    """Create the tap device of a node, on the bridge."""
    space = names.namespace
    run("ip", "-n", space, "tuntap", "add", node, "mode", "tap")
    _to_bridge(names, node)


def _to_bridge(names: Names, node: str) -> None:
    link = ("ip", "-n", names.namespace, "link", "set", node)
    run(*link, "master", _BRIDGE, "up")


def unplug(names: Names, node: str) -> None:
    """Remove a node's port, and its namespace with all its rules."""
    bridge = names.namespace
    if exists(bridge):
        links = ""
        with contextlib.suppress(LabError):  # it may be incomplete
            links = run("ip", "-n", bridge, "-o", "link", "show")
        if any(
            line.split()[1].startswith(f"{node}@")
            or line.split()[1] == f"{node}:"
            for line in links.splitlines()
        ):
            # Delete it now: with its namespace, it disappears later.
            run("ip", "-n", bridge, "link", "delete", node)
    if exists(names.node_namespace(node)):
        run("ip", "netns", "delete", names.node_namespace(node))


def link(names: Names, node: str, up: bool) -> None:
    """Set the link of a node up or down."""
    state = "up" if up else "down"
    run("ip", "-n", names.namespace, "link", "set", node, state)


def remove(names: Names, nodes: tuple[str, ...]) -> None:
    """Remove all parts of the network that exist."""
    for node in nodes:
        unplug(names, node)
    if exists(names.namespace):
        run("ip", "netns", "delete", names.namespace)
