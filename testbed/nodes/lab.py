"""Start, use and stop one lab: the Python interface.

::

    with Lab.up(tmp_path / "lab") as lab:
        lab.run("HostB", "systemctl stop libvirtd")
        lab.put("HostC", "/etc/exports", "")
        lab.reset("HostB")
"""

import contextlib
import pathlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from testbed.cloud.guard import Guard, this_process
from testbed.cloud.processes import stop as stop_processes
from testbed.nodes import cgroups, kernel, mounts, network, packages, ssh
from testbed.nodes.cluster import ADDRESSES, NAMES
from testbed.nodes.content import KINDS, NSPAWN
from testbed.nodes.context import Context
from testbed.nodes.errors import LabError
from testbed.nodes.names import Names
from testbed.nodes.nspawn import Containers
from testbed.nodes.pki import Authority
from testbed.nodes.secrets import Secrets
from testbed.nodes.state import State
from testbed.nodes.vm import Machines

_STARTING, _UP, _DOWN = "starting", "up", "down"
_PATIENCE = 600.0  #: seconds until a node has booted, on a busy machine
_SCRIPT = 180.0  #: seconds for a script: some nodes are emulated


def _quiet(text: str) -> None:
    """Report nothing."""


class Lab:
    """A lab in a state directory; it need not be running."""

    #: of the nodes; the first is controller and file server
    names: tuple[str, ...] = NAMES

    def __init__(self, state: pathlib.Path | str) -> None:
        self.state = State(state)
        self._outside = Names.of(self.state.path)
        self._shells = ssh.Shells(self.ssh_config, self._outside.run)
        self._writing = threading.Lock()
        self._guard: Guard | None = None

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.down(purge=True)

    @classmethod
    def up(
        cls,
        state: pathlib.Path | str,
        kind: str = NSPAWN,
        report: Callable[[str], None] = _quiet,
        shown: Mapping[str, str] | None = None,
        lasting: bool = False,
    ) -> "Lab":
        """Start a lab unless it runs; return when it is usable.

        Leftovers of an `up` that was killed are removed first.

        :param kind: 'nspawn' for containers, 'vm' for virtual machines
        :param shown: paths of this machine to mount read-only on the nodes:
            the path there, and the path here
        :param lasting: keep it running when this process ends
        :raises LabError: with the reason; nothing is left running
        """
        packages.require_root()
        if kind not in KINDS:
            raise LabError(f"kind: {' or '.join(KINDS)}")
        lab = cls(state)
        packages.install(kind, report)
        if lab._has_lost_its_record():
            with lab.state.locked():
                lab._down()
        lab.state.create()
        with lab.state.locked():
            if lab._already_up(kind):
                report(f"already up in {lab.state.path}")
                return lab
            lab._down()  # leftovers of one that was killed
            if not lasting:
                lab._guard = Guard.of_lab("testbed.nodes", str(lab.state.path))
            try:
                lab._start(kind, report, shown or {})
                if lasting:
                    lab.state.save(owner=None)
            except BaseException:
                lab._down()
                lab._release()
                raise
        return lab

    def _release(self) -> None:
        if self._guard:
            self._guard.release()
            self._guard = None

    def _has_lost_its_record(self) -> bool:
        """Whether a lab runs whose state directory was deleted."""
        return not self.state.exists and bool(
            mounts.below(self.state.path)
            or network.exists(self._outside.namespace)
        )

    def _already_up(self, kind: str) -> bool:
        if self.state.abandoned:
            return False
        if self.is_up and self.kind != kind:
            raise LabError(
                f"the lab in {self.state.path} is up and of the kind "
                f"{self.kind}; run `down` first"
            )
        return self.is_up

    @property
    def is_up(self) -> bool:
        """Whether it is completely started and all its nodes run."""
        processes = self.state.processes()
        return (
            self.state.load().get("phase") == _UP
            and len(processes) == len(self.names)
            and all(process.alive for process in processes)
        )

    def _start(
        self,
        kind: str,
        report: Callable[[str], None],
        shown: Mapping[str, str],
    ) -> None:
        begin = time.monotonic()

        def say(text: str) -> None:
            report(f"[{time.monotonic() - begin:4.1f}s] {text}")

        self.state.save(
            kind=kind,
            phase=_STARTING,
            owner=this_process().entry,
            processes={},
            shown=dict(shown),
        )
        self._outside.run.mkdir(parents=True, exist_ok=True)
        kernel.prepare(self._outside.run)
        network.create(self._outside)
        self._nodes(say).start(self.names)
        self.state.save(phase=_UP)
        say("up")

    def _nodes(
        self, report: Callable[[str], None] = _quiet
    ) -> Containers | Machines:
        context = self._context(report)
        return (
            Containers(context) if self.kind == NSPAWN else Machines(context)
        )

    def _context(self, report: Callable[[str], None] = _quiet) -> Context:
        return Context(
            directory=self.state.path,
            names=self._outside,
            shells=self._shells,
            record=self._record,
            introduce=self._introduce,
            wait=self._await,
            shown=self.state.load().get("shown", {}),
            report=report,
        )

    def _introduce(self, secrets: Secrets) -> None:
        secrets.save(self.state.secrets)
        ssh.write_config(self.state.ssh, self._outside, ADDRESSES, secrets)

    def _record(self, name: str, pid: int) -> None:
        with self._writing:
            self.state.record(name, pid)

    def _await(self, nodes: Iterable[str]) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._await_one, nodes))

    def _await_one(self, node: str) -> None:
        """Wait until a node has booted and no unit has failed."""
        end = time.monotonic() + _PATIENCE
        said = "no answer"
        while time.monotonic() < end:
            self._check_alive(node)
            try:
                done = self._shells.run(
                    node, "systemctl is-system-running --wait", _PATIENCE
                )
            except subprocess.TimeoutExpired:
                break
            if done.stdout.strip() == "running":
                return
            if done.returncode != 255:  # 255 is an error of ssh itself
                failed = self.run(
                    node, "systemctl --failed; journalctl -b -p warning -n 9"
                )
                raise LabError(
                    f"{node} is {done.stdout.strip()}: {failed.stdout.strip()}"
                )
            said = done.stderr.strip()
            time.sleep(0.1)
        raise LabError(f"{node} has not booted in {_PATIENCE:g} s: {said}")

    def _check_alive(self, node: str) -> None:
        for process in self.state.processes():
            if process.name == node and not process.alive:
                log = self._context().console(node)
                end = log.read_text(errors="replace").splitlines()[-10:]
                raise LabError(f"{node} has ended:\n" + "\n".join(end))

    @property
    def kind(self) -> str:
        """'nspawn' or 'vm'."""
        return self.state.load()["kind"]

    def address(self, name: str) -> str:
        """Return a node's address, which its peers can reach."""
        return ADDRESSES[name]

    @property
    def kept_config(self) -> pathlib.Path:
        """Like :attr:`ssh_config`, but reusing open connections."""
        return self._shells.kept_config(self.names)

    @property
    def ssh_config(self) -> pathlib.Path:
        """File for `ssh -F`; works in any network namespace here."""
        return self.state.ssh / "ssh_config"

    @property
    def ca(self) -> Authority:
        """The CA of libvirt's and QEMU's certificates."""
        return Secrets.load(self.state.secrets).ca

    def run(
        self,
        name: str,
        script: str,
        timeout: float = _SCRIPT,
        user: str = "root",
    ) -> subprocess.CompletedProcess[str]:
        """Run a script with `sh` on a node.

        :param timeout: seconds
        :raises subprocess.TimeoutExpired: it takes longer
        """
        return self._shells.run(name, script, timeout, user)

    def put(
        self,
        name: str,
        path: str,
        content: str | bytes,
        mode: int = 0o644,
        owner: str = "",
    ) -> None:
        """Write a file on a node.

        :param owner: in the syntax of `chown`; root by default
        :raises LabError: it could not be written
        """
        self._shells.put(name, path, content, mode, owner)

    def inside(self, *command: str) -> list[str]:
        """Return the command line that runs a command on their network."""
        return network.inside(self._outside.namespace, *command)

    def disconnect(self, name: str) -> None:
        """Disconnect a node from the network."""
        network.link(self._outside, name, up=False)

    def connect(self, name: str) -> None:
        """Reconnect a node to the network."""
        network.link(self._outside, name, up=True)

    def reset(self, name: str) -> None:
        """Restore a node to its state when the lab was started.

        With virtual machines, all nodes of the lab are restored.

        :raises LabError: it does not boot
        """
        self._nodes().reset(name)

    def down(self, purge: bool = False, owner: str | None = None) -> None:
        """Stop the lab; no error if it does not run.

        :param purge: also delete the logs, that is the whole directory
        :param owner: do nothing unless this process owns it; see Record
        """
        if not self.state.exists:
            return
        with self.state.locked():
            if self.state.belongs_to_another(owner):
                return
            self._down()
            if purge:
                self.state.remove()
        self._release()

    def _down(self) -> None:
        """Stop the lab, even if its state directory was deleted."""
        self._shells.close(self.names)
        groups = [self._outside.cgroup(node) for node in self.names]
        for group in groups:
            cgroups.kill(group)
        stop_processes(self.state.processes())
        mounts.remove(self.state.path)
        network.remove(self._outside, self.names)
        for group in (*groups, self._outside.lab):
            cgroups.remove(group)
        for node in self.names:
            with contextlib.suppress(OSError):
                self._outside.propagated(node).rmdir()
        kernel.release(self._outside.run)
        self.state.clear()
        self.state.save(phase=_DOWN, owner=None, processes={})
