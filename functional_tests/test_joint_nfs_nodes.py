"""A real guest whose disk is on real NFS, moved by ``openstack migrate``.

The nodes are emulated machines, with NFS in kernels of their own; else it is
as in test_joint_nodes.  JOINT_STATE names a joint cloud with ``--storage nfs``
that is up already, and stays so.
"""

import os

import pytest

from functional_tests.conftest import until
from testbed.joint import Joint, storage
from testbed.joint.nodes import do
from testbed.joint.readiness import PATIENCE
from testbed.nodes.cluster import CONTROLLER, EXPORTED, INSTANCES
from testbed.real_guest import NODES, where
from testbed.shell import Shell

pytestmark = pytest.mark.long

#: which clients have a lock on a file, as the kernel of the server has it
# What only a measurement shows does not count as a false alarm.
GOOD = {"PASS", "SKIP", "NOT_CHECKED"}
_HOLDERS = """\
cd /proc/fs/nfsd/clients
grep -lF -e 'type: lock' -- */states | while read -r states; do
    grep -F -e 'type: lock' -- "$states" | grep -qF -e "$file" || continue
    sed -n 's/^name: .* \\([^ ]*\\)"$/\\1/p' "${states%/*}/info"
done
"""


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    if path := os.environ.get("JOINT_STATE"):
        yield Joint.up(path, storage.NFS)
        return
    state = tmp_path_factory.mktemp("joint") / "state"
    with Joint.up(state, storage.NFS) as up:
        yield up


@pytest.fixture
def server(joint):
    compute = joint.connect().compute
    booted = joint.boot("on-nfs", "HostB")
    yield booted
    compute.delete_server(booted, force=True)
    compute.wait_for_delete(booted, interval=1, wait=PATIENCE)


def migrate(joint, verb, *words):
    """``openstack migrate ... --nodes``: code, rows, and what it said."""
    done = Shell(joint.environment()).run(
        *("migrate", verb, *words, "--nodes", "-f", "json"),
        *("--ssh-config", str(joint.lab.kept_config)),
        # Emulated machines are slow.
        *("--connect-timeout", "120", "--node-timeout", "720"),
        timeout=2 * PATIENCE,
    )
    assert done.code == 0, (done.out, done.err)
    return done.json


def live(joint, server, host):
    """Moves it; it is the same guest, and its disk the same file."""
    before, disk = joint.ticks(server), the_disk(joint, server)
    moved = migrate(joint, "live", server.name, host)
    assert (moved["status"], moved["destination"]) == ("completed", host)
    assert where(joint, server) == host
    at = joint.ticks(server)
    assert at >= before  # a new guest would begin at 1
    until(lambda: joint.ticks(server) > at, PATIENCE)
    assert the_disk(joint, server) == disk
    until(lambda: holders(joint, server) == {host}, PATIENCE)


def the_disk(joint, server):
    """Number, size and checksum of the file, of which all nodes say the
    same; the guest never writes to it."""
    places = dict.fromkeys(NODES, INSTANCES) | {CONTROLLER: EXPORTED}
    said = {
        do(
            joint.lab,
            node,
            f"cd {directory}/{server.id} && stat -c '%i %s' disk &&"
            " sha256sum disk",
        )
        for node, directory in places.items()
    }
    (same,) = said
    return same


def holders(joint, server):
    """The nodes whose QEMU has the disk locked."""
    file = f"file='\"{server.id}/disk\"'\n"
    return set(do(joint.lab, CONTROLLER, file + _HOLDERS).split())


def records(joint, server):
    """The moves of a server, as Nova has them: status, from, to."""
    found = joint.connect().compute.migrations(instance_uuid=server.id)
    return {(one.status, one.source_node, one.dest_node) for one in found}


def test_between_machines_that_share_nfs(joint, server):
    rows = migrate(joint, "preflight", server.name, "HostC", "--long")
    assert {row["status"] for row in rows} <= GOOD
    said = {(row["check"], row["subject"]): row["detail"] for row in rows}
    for node in NODES:
        assert said["instances-path-is-mounted", node] == "HostA:/ (nfs4)"
    assert said["hosts-share-storage", "HostB -> HostC"] == "HostA:/ on both"
    copied = "disks-are-where-the-move-needs-them"
    assert said[copied, f"{server.name}: HostB -> HostC"] == "shared"
    live(joint, server, "HostC")
    live(joint, server, "HostB")
    assert records(joint, server) == {
        ("completed", "HostB", "HostC"),
        ("completed", "HostC", "HostB"),
    }
