"""Nodes as containers of systemd-nspawn: fast, but without separate kernels.

A node consists of the read-only tree, its layer, and an upper layer for all
changes while it runs; deleting the upper layer restores the node.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from testbed.nodes import (
    cache,
    cgroups,
    content,
    mounts,
    network,
    tree,
)
from testbed.nodes.cluster import (
    ADDRESSES,
    BACKING,
    CONTROLLER,
    EXPORTED,
)
from testbed.nodes.commands import ASK_LIBVIRT
from testbed.nodes.context import Context
from testbed.nodes.layer import Layer
from testbed.nodes.people import NOVA
from testbed.nodes.secrets import Secrets

_TREE = "tree"
_OPTIONS = (
    "--quiet",
    "--boot",
    # This machine may not run systemd, which would register the container.
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
    """The nodes of one lab, as containers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._share = context.directory / "shared"

    def start(self, nodes: Iterable[str]) -> None:
        """Create and boot the nodes, and wait for them; the bridge exists."""
        nodes = list(nodes)
        self._context.use(_TREE, tree.build(self._context.report))
        secrets = Secrets.create(ADDRESSES)
        self._context.introduce(secrets)
        self._share.mkdir()
        self._share.chmod(0o755)
        os.chown(self._share, NOVA.uid, NOVA.gid)
        self._context.report("starting the nodes")

        def start(node: str) -> None:
            layer = Layer(self._context.path(node) / "layer")
            content.write(layer, node, content.NSPAWN, secrets)
            self._boot(node)

        with ThreadPoolExecutor() as pool:
            list(pool.map(start, nodes))
        self._context.wait(nodes)
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._ask_libvirt, nodes))

    def _ask_libvirt(self, node: str) -> None:
        """Let libvirt probe the QEMU binaries once: on a busy machine, this
        takes longer than the timeout of a survey."""
        if node != CONTROLLER:
            self._context.shells.run(node, ASK_LIBVIRT, timeout=240)

    def _boot(self, node: str) -> None:
        names, path = self._context.names, self._context.path(node)
        root = self._context.used(_TREE) / tree.ROOT
        layers = str(path / "layer"), str(root)
        mounts.overlay(path / "root", path / "upper", *layers)
        space = network.plug_container(names, node)
        binds = [f"--bind={self._share}:{BACKING}"]
        if node == CONTROLLER:
            binds.append(f"--bind={self._share}:{EXPORTED}")
        binds += [
            f"--bind-ro={here}:{there}"
            for there, here in self._context.shown.items()
        ]
        command = [
            "systemd-nspawn",
            *_OPTIONS,
            f"--directory={path / 'root'}",
            f"--machine={names.machine(node)}",
            f"--hostname={node}",
            f"--network-namespace-path={network.path(space)}",
            *binds,
        ]
        environment = {
            "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
            "SYSTEMD_NSPAWN_LOCK": "0",  # the lock file would be left over
        }
        if cgroups.hybrid():
            environment["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "1"
        with open(self._context.console(node), "a") as out:
            group = names.cgroup(node)
            child = cgroups.spawn(group, command, out, environment)
        self._context.record(node, child.pid)

    def reset(self, node: str) -> None:
        """Boot a node again in its initial state.

        Its files in the shared directory remain.
        """
        names, path = self._context.names, self._context.path(node)
        self._context.shells.close([node])
        cgroups.kill(names.cgroup(node))
        mounts.remove(path)
        network.unplug(names, node)
        for name in ("upper", "work"):
            cache.remove(path / name)
        self._boot(node)
        self._context.wait([node])
        self._ask_libvirt(node)
