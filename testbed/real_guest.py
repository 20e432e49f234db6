"""Helpers for tests with real guests: locate a guest and check its progress,
boot guests with a given write rate, change nova.conf temporarily, and sample
libvirt's own counters."""

import contextlib
import os
import pty
import re
import select
import subprocess
import threading
import time

from functional_tests.conftest import until
from testbed.joint import guest
from testbed.joint.nodes import do
from testbed.nodes.cluster import COMPUTES as NODES
from testbed.nodes.cluster import INSTANCES
from testbed.shell import OPENSTACK

CONF = "/etc/nova/nova.conf"
#: memory in MB of a flavor that is large enough for guests that write
WIDE = 320
_FIELD = re.compile(r"(?m)^ *([a-z_]+): +(-?\d+)$")


def where(joint, server, state="running"):
    """Return the node that has the guest, in `state` and on no other node."""
    found = {
        node: guests[server.id]
        for node in NODES
        if server.id in (guests := joint.guests(node))
    }
    assert list(found.values()) == [state], found
    return next(iter(found))


def other(node):
    return NODES[1 - NODES.index(node)]


def goes_on(joint, server, after):
    until(lambda: joint.ticks(server) > after, 300)


def counted_from(joint, server, node):
    """Return the lowest number in its console log on a node: each QEMU
    process truncates the file, and a restarted guest counts from 1."""
    path = f"{INSTANCES}/{server.id}/console.log"
    return min(guest.counts(joint.lab.run(node, f"cat {path}").stdout))


def stored(joint, kind):
    """Use another storage temporarily; requires that no guests exist."""
    before = joint.storage
    joint.store(kind)
    yield
    joint.store(before)


def image(joint, dirty, filled):
    """Create an image whose guest writes `filled` MiB once and then `dirty`
    MiB per second, and a flavor; return their names."""
    connection = joint.connect()
    name = f"writes-{dirty}-of-{filled}"
    if not connection.image.find_image(name):
        connection.image.create_image(
            name=name,
            data=guest.image(dirty, filled),
            disk_format="raw",
            container_format="bare",
            hw_machine_type="pc",
        )
    if not connection.compute.find_flavor("wide"):
        connection.compute.create_flavor(
            name="wide", ram=WIDE, vcpus=1, disk=1
        )
    return name


@contextlib.contextmanager
def booted(joint, name, dirty, filled):
    """Boot a server with such an image on HostB; delete it afterwards."""
    compute = joint.connect().compute
    server = joint.boot(name, "HostB", "wide", image(joint, dirty, filled))
    try:
        yield server
    finally:
        compute.delete_server(server, force=True)
        compute.wait_for_delete(server, interval=0.2, wait=300)


@contextlib.contextmanager
def options(joint, **libvirt):
    """Set options in [libvirt] on HostB temporarily."""
    lines = "\\n".join(f"{k} = {v}" for k, v in libvirt.items())
    drop = "; ".join(f"/^{name} *=/d" for name in libvirt)
    before = joint.lab.run("HostB", f"cat {CONF}").stdout
    script = f"sed -i -e '{drop}' -e 's/^\\[libvirt\\]$/&\\n{lines}/' {CONF}"
    assert joint.lab.run("HostB", script).returncode == 0
    joint.restart("HostB")
    try:
        yield
    finally:
        joint.lab.put("HostB", CONF, before, 0o640, "root:nova")
        joint.restart("HostB")


@contextlib.contextmanager
def post_copy_forbidden(joint, *nodes):
    def permit(answer):
        name = "live_migration_permit_post_copy"
        script = f"sed -i 's/^{name} = .*/{name} = {answer}/' {CONF}"
        for node in nodes:
            do(joint.lab, node, script)
            joint.restart(node)

    permit("false")
    try:
        yield
    finally:
        permit("true")


class Sampler:
    """Sample `virsh domjobinfo` on a node about five times per second.

    :ivar samples: (seconds since the epoch, libvirt's fields), in order;
        complete when the `with` block has ended.
    """

    def __init__(self, joint, node, server):
        self._joint, self._node, self._id = joint, node, server.id
        self.samples = []
        self._out = ""
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._joint.lab.run(self._node, "touch /run/sampled")
        self._thread.join()
        for part in self._out.split("#at ")[1:]:
            at, _, said = part.partition("\n")
            fields = {k: int(v) for k, v in _FIELD.findall(said)}
            if fields.get("memory_total"):
                self.samples.append((float(at), fields))

    def _run(self):
        script = (
            "rm -f /run/sampled; while [ ! -e /run/sampled ]; do"
            ' echo "#at $(date +%s.%N)"; virsh -r domjobinfo --rawstats'
            f" {self._id} 2>/dev/null; sleep 0.15; done"
        )
        self._out = self._joint.lab.run(self._node, script).stdout

    def between(self, name, begin, end):
        """Return a field's values in that period plus one before and after,
        as another reader may have read it between two samples."""
        before = [f[name] for at, f in self.samples if at <= begin][-1:]
        after = [f[name] for at, f in self.samples if at > end][:1]
        within = [f[name] for at, f in self.samples if begin < at <= end]
        return before + within + after


def completed(joint, node, server):
    """Return libvirt's statistics of a completed migration to a node."""
    done = joint.lab.run(
        node, f"virsh -r domjobinfo --completed --rawstats {server.id}"
    )
    return {k: int(v) for k, v in _FIELD.findall(done.stdout)}


_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_DRAWN = re.compile(
    r"memory (~?)([\d.]+) (B|KiB|MiB|GiB) of ([\d.]+) (B|KiB|MiB|GiB)"
)


class Terminal:
    """Run ``openstack`` with stderr on a terminal, as an operator sees it.

    :ivar frames: (seconds since the epoch, text) of each redraw.
    """

    def __init__(self, environment, *words):
        self.frames = []
        ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [OPENSTACK, *words],
            env={
                **os.environ,
                **environment,
                "TERM": "xterm-256color",
                "COLUMNS": "240",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, args=(ours,))
        self._reader.start()

    def _read(self, end):
        while True:
            select.select([end], [], [])
            try:
                data = os.read(end, 65536)
            except OSError:
                break  # the other end is closed
            if not data:
                break
            text = _ANSI.sub("", data.decode(errors="replace"))
            self.frames.append((time.time(), text))
        os.close(end)

    def end(self, timeout=600):
        """(exit code, stdout)"""
        try:
            out, _ = self._process.communicate(timeout=timeout)
        finally:
            self._process.kill()
            self._reader.join(10)
        return self._process.returncode, out

    @property
    def said(self):
        return "".join(text for _, text in self.frames)

    def shown(self):
        """Return (time, remaining bytes of memory, whether estimated) for
        each frame that contains a number."""
        found = []
        for at, text in self.frames:
            for about, done, unit, total, of in _DRAWN.findall(text)[-1:]:
                left = float(total) * _UNITS[of] - float(done) * _UNITS[unit]
                found.append((at, left, bool(about)))
        return found
