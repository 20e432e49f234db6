"""Real guests on real nodes, moved by ``openstack migrate``.

Nova, libvirt and QEMU are the real ones.  JOINT_STATE names the state
directory of a joint cloud that is up already, and stays so.
"""

import contextlib
import subprocess
import uuid

import pytest

from functional_tests.conftest import until
from testbed.joint import computes, storage
from testbed.real_guest import (
    NODES,
    goes_on,
    other,
    post_copy_forbidden,
    stored,
    where,
)
from testbed.shell import Shell
from testbed.warm import WarmShell

#: MiB/s at which the busy guest never comes to an end: it writes 24, but much
#: less on a machine that has other things to do
SLOW = 3
# What only a measurement shows does not count as a false alarm.
GOOD = {"PASS", "SKIP", "NOT_CHECKED"}


@pytest.fixture(scope="module")
def compute(joint):
    return joint.connect().compute


@pytest.fixture
def migrate(joint):
    """``openstack migrate`` as an operator has it; --nodes if asked for."""
    shell = WarmShell(joint.environment())

    def run(verb, *words, nodes=False):
        more = ("--nodes", "--ssh-config", str(joint.lab.ssh_config))
        try:
            return shell.migrate(verb, *words, *(more if nodes else ()))
        except subprocess.TimeoutExpired as late:
            pytest.fail(f"{late}\n{late.stderr!r}\n{last_lines(joint)}")

    return run


def last_lines(joint):
    """What nova-compute wrote last on each node."""
    script = "tail -n 40 /var/log/nova/nova-compute.log"
    return "\n".join(
        f"{node}:\n{joint.lab.run(node, script).stdout}" for node in NODES
    )


def booted(joint, compute, **more):
    server = joint.boot(f"vm-{uuid.uuid4().hex[:6]}", **more)
    yield server
    compute.delete_server(server, force=True)
    compute.wait_for_delete(server, interval=0.2, wait=300)


@pytest.fixture
def server(joint, compute):
    """One for a test."""
    yield from booted(joint, compute)


@pytest.fixture(scope="module")
def busy(joint, compute):
    """One that writes to its memory; each test finds it ACTIVE somewhere."""
    yield from booted(joint, compute, flavor="large", image="busy")


@pytest.fixture
def local(joint):
    yield from stored(joint, storage.LOCAL)


@pytest.fixture
def gluster(joint):
    yield from stored(joint, storage.GLUSTER)


def failing(done):
    return {row["check"] for row in done.json if row["status"] == "FAIL"}


def live(joint, migrate, server, host, *words):
    before = joint.ticks(server)
    done = migrate("live", server.name, host, *words, "-f", "json")
    assert done.code == 0, done.err
    assert done.json["status"] == "completed"
    assert where(joint, server) == host
    assert joint.ticks(server) >= before  # a new guest would begin at 1
    goes_on(joint, server, before)


def test_there_and_back(joint, migrate, server):
    done = migrate(
        *("preflight", server.name, "HostC", "--long", "-f", "json"),
        nodes=True,
    )
    assert (done.code, done.err) == (0, f"{server.name} can move to HostC\n")
    assert {row["status"] for row in done.json} <= GOOD
    live(joint, migrate, server, "HostC")
    live(joint, migrate, server, "HostB")


def test_cold_confirmed(joint, migrate, server):
    done = migrate("cold", server.name, "HostC", "--confirm", "-f", "json")
    assert done.code == 0, done.err
    assert done.json["status"] == "confirmed"
    assert where(joint, server) == "HostC"
    goes_on(joint, server, 0)


@pytest.mark.long
def test_cold_reverted(joint, migrate, server):
    done = migrate("cold", server.name, "HostC", "-f", "json")
    assert done.code == 6, done.err
    states = [joint.guests(node)[server.id] for node in ("HostB", "HostC")]
    assert states == ["shut off", "running"]
    back = migrate("cold", server.name, "--revert", "-f", "json")
    assert back.code == 0, back.err
    assert back.json["status"] == "reverted"
    assert where(joint, server) == "HostB"
    goes_on(joint, server, 0)


def test_disks_that_are_not_shared(joint, local, compute, migrate, server):
    early = migrate(
        *("preflight", server.name, "HostC", "-f", "json"), nodes=True
    )
    assert early.code == 3
    assert "disks-are-where-the-move-needs-them" in failing(early)
    late = migrate("live", server.name, "HostC", "-f", "json")
    assert late.code == 4, late.err
    assert "not on shared storage" in late.json["reason"]
    assert where(joint, server) == "HostB"
    before = joint.ticks(server)
    done = migrate("block", server.name, "HostC", "-f", "json")
    assert done.code == 0, done.err
    assert where(joint, server) == "HostC"
    goes_on(joint, server, before)


@pytest.mark.long
def test_disks_on_glusterfs(joint, gluster, migrate, server):
    early = migrate(
        *("preflight", server.name, "HostC", "-f", "json"), nodes=True
    )
    assert early.code == 0, early.out
    live(joint, migrate, server, "HostC")


@pytest.mark.long
def test_a_paused_guest_stays_paused(joint, compute, migrate, server):
    compute.pause_server(server)
    compute.wait_for_server(server, status="PAUSED", interval=0.2)
    before = joint.ticks(server)
    done = migrate("live", server.name, "HostC", "-f", "json")
    assert done.code == 0, done.err
    assert where(joint, server, "paused") == "HostC"
    assert compute.get_server(server.id).status == "PAUSED"
    # It would be the end of it (QEMU 7.2) to move on before it has run.
    early = migrate("preflight", server.name, "HostB", "-f", "json")
    assert [r["check"] for r in early.json if r["status"] == "FAIL"] == [
        "paused-guest-has-run-here"
    ]
    assert migrate("live", server.name, "HostB", "-f", "json").code == 3
    compute.unpause_server(server)
    goes_on(joint, server, before)
    assert where(joint, server) == "HostC"


# A guest that writes faster than it is copied


@contextlib.contextmanager
def moving(joint, server, *words):
    """Moves it to the other node; in its midst by then."""
    source = where(joint, server)
    joint.speed(server.id, source, SLOW)
    words = ("live", server.name, other(source), *words, "-f", "json")
    with Shell(joint.environment()).running("migrate", *words) as move:
        until(lambda: joint.copies(server.id, source), 120)
        yield move


def is_well(joint, compute, server, node, before):
    """It runs there, once, and is the same guest as before."""
    assert compute.get_server(server.id).status == "ACTIVE"
    assert where(joint, server) == node
    assert joint.ticks(server) >= before
    goes_on(joint, server, joint.ticks(server))


def test_watched_aborted_and_repaired(joint, compute, migrate, busy):
    before, source = joint.ticks(busy), where(joint, busy)
    with moving(joint, busy) as move:
        (seen,) = until(lambda: counted(migrate, busy), 300)
        done = migrate("abort", busy.name, "-f", "json")
        ended = move.end()
    assert (seen["source"], seen["phase"]) == (source, "running")
    assert 0 < seen["memory_remaining"] <= seen["memory_total"]
    assert done.code == 0, done.err
    assert done.json[0]["host"] == source
    assert ended.code == 4, ended.err
    assert ended.json["status"] == "error"
    # As Nova 32.2 and later leave it.
    assert compute.get_server(busy.id).status == "ERROR"
    assert where(joint, busy) == source
    repaired = migrate("repair", busy.name, "--yes", nodes=True)
    assert repaired.code == 0, repaired.err
    is_well(joint, compute, busy, source, before)


def counted(migrate, server):
    """What another shell sees, once Nova has counted."""
    seen = migrate("watch", server.name, "-f", "json").json
    return seen if seen and seen[0]["memory_total"] else None


@pytest.mark.long
def test_aborted_with_repair(joint, compute, migrate, busy):
    before, source = joint.ticks(busy), where(joint, busy)
    with moving(joint, busy) as move:
        done = migrate("abort", busy.name, "--repair", "-f", "json")
        assert move.end().code == 4
    assert done.code == 0, done.err
    assert done.json[0]["server_status"] == "ACTIVE"
    is_well(joint, compute, busy, source, before)


def stalled(joint, server, rung):
    """A move that stalls: its end, its source, the guest's count before.

    On a busy machine the guest may write too little, and just move.
    """
    words = ("--on-stall", rung, "--stall-after", "6")
    for _ in range(4):
        before, source = joint.ticks(server), where(joint, server)
        # Else Nova may end it first, by itself (should_switch_to_postcopy).
        with (
            post_copy_forbidden(joint, source),
            moving(joint, server, *words) as move,
        ):
            done = move.end()
        if "stalled" in done.err:
            return done, source, before
    pytest.fail(f"it never stalls: {done.err}")


# Whether the guest outruns the copy depends on what else the machine does.
@pytest.mark.long
def test_a_stall_that_aborts(joint, compute, migrate, busy):
    done, source, before = stalled(joint, busy, "abort")
    assert done.code == 4, done.err
    assert "stalled: aborting" in done.err
    assert migrate("repair", busy.name, "--yes", nodes=True).code == 0
    is_well(joint, compute, busy, source, before)


# Whether the guest outruns the copy depends on what else the machine does.
@pytest.mark.long
def test_a_stall_that_forces(joint, compute, busy):
    done, source, before = stalled(joint, busy, "force")
    assert done.code == 0, done.err
    assert "stalled: forced to complete" in done.err
    is_well(joint, compute, busy, other(source), before)


def test_forced_by_post_copy(joint, compute, migrate, busy):
    before, source = joint.ticks(busy), where(joint, busy)
    with moving(joint, busy) as move:
        done = migrate("force-complete", busy.name, "--yes", "-f", "json")
        ended = move.end()
    assert (done.code, ended.code) == (0, 0), (done.err, ended.err)
    assert logged(joint, source, busy, "post-copy migration mode")
    is_well(joint, compute, busy, other(source), before)


@pytest.mark.long
def test_forced_by_a_pause(joint, compute, busy):
    before, source = joint.ticks(busy), where(joint, busy)
    words = ("migrate", "force-complete", busy.name, "--yes", "-f", "json")
    with post_copy_forbidden(joint, source), moving(joint, busy) as move:
        with Shell(joint.environment()).running(*words) as forced:
            until(lambda: joint.guests(source).get(busy.id) == "paused")
            done = forced.end()
        ended = move.end()
    assert (done.code, ended.code) == (0, 0), (done.err, ended.err)
    is_well(joint, compute, busy, other(source), before)


def logged(joint, node, server, words):
    """The lines of nova-compute's log on that server with these words."""
    found = joint.lab.run(node, f"grep {server.id} {computes.LOG}").stdout
    return [line for line in found.splitlines() if words in line]
