"""Nodes as virtual machines: slow to boot, with separate kernels (NFS).

They are booted once; disks and memory are saved in the cache, including keys.
A lab then starts from the cache within seconds.  A single node cannot be
restored: the others are its NFS server or clients, and would see it jump back
in time.
"""

import contextlib
import inspect
import pathlib
import tarfile
import tempfile
import time
import types
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from testbed.nodes import (
    cache,
    cgroups,
    content,
    network,
    pki,
    secrets,
    shown,
    vm_image,
)
from testbed.nodes.cluster import ADDRESSES, CONTROLLER, MACS, PREFIX
from testbed.nodes.commands import ASK_LIBVIRT, run
from testbed.nodes.context import Context
from testbed.nodes.errors import LabError
from testbed.nodes.layer import Layer
from testbed.nodes.qmp import Monitor
from testbed.nodes.secrets import KeyPair, NodeSecrets, Secrets

_IMAGE, _SAVED = "image", "saved"
_QEMU = "qemu-system-x86_64"
_MEMORY = 768  #: MiB
_SECRETS = "secrets.json"
_KERNEL_ARGUMENTS = (
    "console=ttyS0 quiet mitigations=off nokaslr net.ifnames=0 lab.address="
)
#: An old CPU model: with `max`, a nested Linux guest crashes.
_MACHINE = (
    *("-machine", "pc", "-accel", "tcg,thread=multi,tb-size=128"),
    *("-cpu", "Nehalem", "-smp", "1", "-m", str(_MEMORY)),
    *("-nodefaults", "-display", "none", "-device", "virtio-rng-pci"),
)
#: modules that generate the random contents of a saved machine
_SOURCES = (pki, secrets)


class Machines:
    """The nodes of one lab, as virtual machines."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def start(self, nodes: Iterable[str]) -> None:
        """Create and boot the nodes, and wait for them; the bridge exists."""
        nodes = list(nodes)
        image = vm_image.build(self._context.report)
        self._context.use(_IMAGE, image)
        for node in nodes:
            network.plug_machine(self._context.names, node)

        def make(path: pathlib.Path) -> None:
            self._context.report("booting the nodes: about a minute, once")
            self._first_boot(path, nodes)
            self._context.report("saving their state")
            self._save(path, nodes)

        saved = self._context.use(_SAVED, cache.entry(_key(), make))
        self._context.introduce(Secrets.load(saved / _SECRETS))
        if self._context.shown:
            self._context.report("making the disk of what they are shown")
            shown.make(self._shown, self._context.shown)
        self._context.report("starting the nodes")
        self._restore(nodes)

    @property
    def _shown(self) -> pathlib.Path:
        return self._context.directory / "shown.raw"

    def reset(self, node: str) -> None:
        """Restore all nodes to their initial state."""
        self._context.shells.close(ADDRESSES)
        for name in ADDRESSES:
            cgroups.kill(self._context.names.cgroup(name))
        self._restore(list(ADDRESSES))

    def _first_boot(self, path: pathlib.Path, nodes: list[str]) -> None:
        image = self._context.used(_IMAGE)
        secrets = Secrets.create(ADDRESSES)
        secrets.save(path / _SECRETS)
        self._context.introduce(secrets)
        for node in nodes:
            own = Layer(path / "layer" / node)
            content.write(own, node, content.VM, secrets)
            with tarfile.open(path / f"{node}.tar", "w") as tar:
                tar.add(own.top, ".")
            base = image / vm_image.DISK
            _overlay(path / f"{node}.qcow2", base, "raw")
        cache.remove(path / "layer")
        # Boot the server first: clients that wait for it slow its boot.
        for some in [[CONTROLLER], [n for n in nodes if n != CONTROLLER]]:
            for node in some:
                self._spawn(node, path, path / f"{node}.qcow2")
            self._context.wait(some)

    def _save(self, path: pathlib.Path, nodes: list[str]) -> None:
        for node in nodes:
            # libvirt probes QEMU once, which takes half a minute emulated.
            self._context.shells.run(node, f"{ASK_LIBVIRT}; sync", timeout=240)
        # Otherwise the saved nodes contain sessions that never end.
        self._context.shells.close(nodes)
        with contextlib.ExitStack() as stack:
            monitors = {
                node: stack.enter_context(self._monitor(node))
                for node in nodes
            }
            for monitor in monitors.values():
                monitor.ask("stop")
            for node, monitor in monitors.items():
                monitor.save(path / f"{node}.state")
                monitor.ask("quit")
        for node in nodes:
            end = time.monotonic() + 10
            while cgroups.pids(self._context.names.cgroup(node)):
                if time.monotonic() > end:
                    cgroups.kill(self._context.names.cgroup(node))
                time.sleep(0.05)

    def _restore(self, nodes: list[str]) -> None:
        saved = self._context.used(_SAVED)
        for node in nodes:
            disk = self._context.path(node) / "disk.qcow2"
            disk.unlink(missing_ok=True)
            _overlay(disk, saved / f"{node}.qcow2", "qcow2")
            state = f"exec:cat {saved / node}.state"
            more = ("-S", "-incoming", state)
            self._spawn(node, saved, disk, *more)
        with contextlib.ExitStack() as stack:
            monitors = [
                stack.enter_context(self._monitor(node)) for node in nodes
            ]
            for monitor in monitors:
                monitor.await_state()
            for monitor in monitors:
                monitor.ask("cont")
                if self._context.shown:
                    shown.plug(monitor, self._shown)
        self._context.wait(nodes)
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._wake, nodes))

    def _wake(self, node: str) -> None:
        """Correct the clock of a restored node, and warm up the emulator,
        which takes seconds for code that it runs for the first time."""
        script = f"date --set=@{time.time():.2f} && {{ {ASK_LIBVIRT}; }}"
        done = self._context.shells.run(node, script, timeout=600)
        if done.returncode:
            raise LabError(f"{node}: the clock: {done.stderr.strip()}")
        if self._context.shown:
            self._mount(node)

    def _mount(self, node: str) -> None:
        script = shown.mounting(self._context.shown)
        done = self._context.shells.run(node, script, timeout=600)
        if done.returncode:
            raise LabError(f"{node}: what it is shown: {done.stderr.strip()}")

    def _monitor(self, node: str) -> Monitor:
        return Monitor(self._context.names.run / f"{node}.qmp")

    def _spawn(
        self,
        node: str,
        saved: pathlib.Path,
        disk: pathlib.Path,
        *more: str,
    ) -> None:
        """Start a QEMU; `saved` contains the second disk."""
        names = self._context.names
        image = self._context.used(_IMAGE)
        socket = names.run / f"{node}.qmp"
        socket.unlink(missing_ok=True)
        second = f"file={saved / node}.tar,if=virtio,format=raw,readonly=on"
        address = f"{ADDRESSES[node]}/{PREFIX}"
        command = network.inside(
            names.namespace,
            *(_QEMU, "-name", node, *_MACHINE),
            *("-kernel", str(image / vm_image.KERNEL)),
            *("-initrd", str(image / vm_image.INITRD)),
            *("-append", _KERNEL_ARGUMENTS + address),
            *("-drive", f"file={disk},if=virtio,cache=unsafe"),
            *("-drive", second),
            *("-netdev", f"tap,id=n0,ifname={node},script=no,downscript=no"),
            *(
                "-device",
                f"virtio-net-pci,netdev=n0,mac={MACS[node]},romfile=",
            ),
            *("-serial", "stdio"),
            *("-qmp", f"unix:{socket},server=on,wait=off"),
            *more,
        )
        with open(self._context.console(node), "a") as out:
            child = cgroups.spawn(names.cgroup(node), command, out)
        self._context.record(node, child.pid)


def _overlay(path: pathlib.Path, base: pathlib.Path, form: str) -> None:
    run(
        *("qemu-img", "create", "-q", "-f", "qcow2"),
        *("-b", str(base), "-F", form, str(path)),
    )


def _key() -> str:
    """Return the name of the cache entry with the saved machines."""
    recipe = [
        vm_image.recipe(),
        [inspect.getsource(module) for module in _SOURCES],
        _layers(),
        [_MACHINE, _KERNEL_ARGUMENTS, ASK_LIBVIRT, run(_QEMU, "--version")],
    ]
    return f"saved-{cache.key(recipe)}"


def _layers() -> list[object]:
    """Return the contents of all nodes' layers, except the secrets."""
    pair = KeyPair("private", "public")
    node = NodeSecrets(pair, "certificate", "key", "0" * 32, "uuid")
    sample = Secrets(
        *(pair, pair, pair),
        ca=types.SimpleNamespace(pem="authority"),
        nodes=dict.fromkeys(ADDRESSES, node),
    )
    found: list[object] = []
    with tempfile.TemporaryDirectory() as directory:
        for name in ADDRESSES:
            top = pathlib.Path(directory) / name
            content.write(Layer(top), name, content.VM, sample)
            for path in sorted(top.rglob("*")):
                facts = path.lstat()
                text = path.read_text() if path.is_file() else ""
                if path.is_symlink():
                    text = str(path.readlink())
                who = [facts.st_mode, facts.st_uid, facts.st_gid]
                found.append([str(path.relative_to(directory)), *who, text])
    return found
