"""Nodes as containers of systemd-nspawn: quick, but with no kernel of theirs.

One node is the read-only tree, its layer, and an upper layer for all that is
changed while it runs; throwing the upper layer away restores the node.
"""

import os
import pathlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from functional_tests.nodes import (
    cache,
    cgroups,
    content,
    mounts,
    network,
    tree,
)
from functional_tests.nodes.cluster import BACKING, CONTROLLER, EXPORTED
from functional_tests.nodes.layer import Layer
from functional_tests.nodes.names import Names
from functional_tests.nodes.people import NOVA
from functional_tests.nodes.secrets import Secrets

#: seconds until a node has booted, on a very busy machine
PATIENCE = 120.0

_OPTIONS = (
    "--quiet",
    "--boot",
    # There is no systemd on this machine that could keep a register.
    "--register=no",
    "--keep-unit",
    "--link-journal=no",
    "--console=pipe",
    "--resolv-conf=off",
    "--timezone=off",
    # nftables, FUSE, post-copy migration
    "--capability=all",
    "--system-call-filter=userfaultfd bpf open_by_handle_at",
    "--bind=/dev/net/tun",
    "--bind=/dev/fuse",
)


class Containers:
    """The nodes of one lab."""

    def __init__(
        self,
        directory: pathlib.Path,
        names: Names,
        record: Callable[[str, int], None],
    ) -> None:
        """:param record: told the name and the pid of each process."""
        self._directory = directory
        self._names = names
        self._record = record
        self._share = directory / "shared"

    def prepare(
        self, nodes: Iterable[str], report: Callable[[str], None]
    ) -> Secrets | None:
        """Make what is needed before the first start."""
        tree.build(report)
        self._share.mkdir()
        self._share.chmod(0o755)
        os.chown(self._share, NOVA.uid, NOVA.gid)
        return None

    def start_all(self, nodes: Iterable[str], secrets: Secrets) -> None:
        """Boot the nodes; does not wait for them."""
        root = tree.build(lambda text: None) / "root"

        def start(node: str) -> None:
            layer = Layer(self._path(node) / "layer")
            content.write(layer, node, content.NSPAWN, secrets)
            self._start(node, root)

        with ThreadPoolExecutor() as pool:
            list(pool.map(start, nodes))

    def started(
        self, nodes: Iterable[str], shells: object, report: object
    ) -> None:
        """Nothing is to be done once they have booted."""

    def _path(self, node: str) -> pathlib.Path:
        return self._directory / "nodes" / node

    def console(self, node: str) -> pathlib.Path:
        """What the node has said while it booted."""
        return self._path(node) / "console.log"

    def _start(self, node: str, root: pathlib.Path) -> None:
        path = self._path(node)
        layers = str(path / "layer"), str(root)
        mounts.overlay(path / "root", path / "upper", *layers)
        space = network.plug_container(self._names, node)
        binds = [f"--bind={self._share}:{BACKING}"]
        if node == CONTROLLER:
            binds.append(f"--bind={self._share}:{EXPORTED}")
        command = [
            "systemd-nspawn",
            *_OPTIONS,
            f"--directory={path / 'root'}",
            f"--machine={self._names.machine(node)}",
            f"--hostname={node}",
            f"--network-namespace-path={network.path(space)}",
            *binds,
        ]
        environment = {
            "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
            "SYSTEMD_NSPAWN_LOCK": "0",
        }
        if cgroups.hybrid():
            environment["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "1"
        with open(self.console(node), "a") as out:
            group = self._names.cgroup(node)
            child = cgroups.spawn(group, command, out, environment)
        self._record(node, child.pid)

    def reset(self, node: str) -> Iterable[str]:
        """Boot a node anew as it was at first; returns who is to be awaited.

        What it has written into the shared directory stays.
        """
        path = self._path(node)
        cgroups.kill(self._names.cgroup(node))
        mounts.remove(path)
        network.unplug(self._names, node)
        for name in ("upper", "work"):
            cache.remove(path / name)
        self._start(node, tree.build(lambda text: None) / "root")
        return [node]
