"""``openstack migrate drain`` and ``return`` with real guests.

As in test_joint_nodes.py: nothing is played here.
"""

import uuid

import pytest

from functional_tests.conftest import until
from testbed.joint import storage
from testbed.real_guest import counted_from, goes_on, stored, where
from testbed.shell import Shell

#: seconds in which a run of three moves has ended, however busy the machine
PATIENCE = 900
#: MiB/s: the guest writes more than that, and less
SLOW, FAST = 1, 1000


@pytest.fixture(scope="module")
def compute(joint):
    return joint.connect().compute


@pytest.fixture
def shell(joint, tmp_path):
    """An operator who has no other runs."""
    return Shell(joint.environment() | {"XDG_STATE_HOME": str(tmp_path)})


@pytest.fixture(
    params=[
        storage.SHARED,
        pytest.param(storage.LOCAL, marks=pytest.mark.long),
    ]
)
def disks(joint, request):
    """Where the guests' disks are."""
    for _ in stored(joint, request.param):
        yield request.param


@pytest.fixture
def guests(joint, compute, disks):
    """One that writes to its memory, one that only counts, and one that is
    stopped, on HostB."""
    made = []
    try:
        for kind in ({"flavor": "large", "image": "busy"}, {}, {}):
            made.append(joint.boot(f"vm-{uuid.uuid4().hex[:6]}", **kind))
        compute.stop_server(made[-1])
        compute.wait_for_server(
            made[-1], status="SHUTOFF", interval=0.2, wait=120
        )
        yield made
    finally:
        for server in made:
            compute.delete_server(server, force=True, ignore_missing=True)
        for server in made:
            compute.wait_for_delete(server, interval=0.2, wait=300)
        row = service(compute)
        body = {"status": "enabled"}
        compute.put(
            f"/os-services/{row['id']}", json=body, microversion="2.53"
        )


def service(compute):
    """That of HostB."""
    path = "/os-services?binary=nova-compute&host=HostB"
    (row,) = compute.get(path, microversion="2.53").json()["services"]
    return row


def ended(compute, server):
    """How its migrations ended, the first of them first."""
    path = f"/os-migrations?instance_uuid={server.id}"
    found = compute.get(path, microversion="2.59").json()["migrations"]
    found.sort(key=lambda record: record["id"])
    return [record["status"] for record in found]


def ticks(joint, running):
    """How far each has counted: further than one that was just started."""
    for server in running:
        goes_on(joint, server, 1)
    return [joint.ticks(server) for server in running]


def are_well(joint, compute, guests, node, before, moves):
    """All are on that node and on no other, as they were, after so many
    moves."""
    *running, stopped = guests
    for server, count in zip(running, before, strict=True):
        assert where(joint, server) == node
        assert counted_from(joint, server, node) >= count
        goes_on(joint, server, count)
        assert compute.get_server(server.id).status == "ACTIVE"
        assert ended(compute, server) == ["completed"] * moves
    assert where(joint, stopped, "shut off") == node
    assert compute.get_server(stopped.id).status == "SHUTOFF"
    assert ended(compute, stopped) == ["confirmed"] * moves


def run_of(said):
    """The run that a command reports."""
    return said.split("run ")[1].split(":")[0]


def judge(done, guests, way):
    """It says of each guest that it moved so."""
    assert done.code == 0, done.err
    *running, stopped = guests
    wanted = {server.id: way for server in running} | {stopped.id: "cold"}
    assert {row["id"]: row["how"] for row in done.json} == wanted
    assert {row["outcome"] for row in done.json} == {"moved"}
    assert {row["reason"] for row in done.json} == {""}


def test_a_host_is_emptied_and_filled_again(
    joint, compute, shell, disks, guests
):
    way, words = {
        storage.SHARED: ("live", ()),
        storage.LOCAL: ("block", ("--block",)),
    }[disks]
    before = ticks(joint, guests[:2])
    done = shell.run(
        *("migrate", "drain", "HostB", *words, "-f", "json"), timeout=PATIENCE
    )
    judge(done, guests, way)
    are_well(joint, compute, guests, "HostC", before, moves=1)
    assert joint.guests("HostB") == {}
    now = service(compute)
    assert now["status"] == "disabled"
    reason = f"osc-migrate run {run_of(done.err)}: emptied"
    assert now["disabled_reason"] == reason
    before = ticks(joint, guests[:2])
    back = shell.run(
        *("migrate", "return", "HostB", "-f", "json"), timeout=PATIENCE
    )
    judge(back, guests, way)
    are_well(joint, compute, guests, "HostB", before, moves=2)
    assert joint.guests("HostC") == {}
    now = service(compute)
    assert (now["status"], now["disabled_reason"]) == ("enabled", None)


@pytest.mark.parametrize("disks", [storage.SHARED], indirect=True)
@pytest.mark.long
def test_killed_in_the_midst_of_a_move_and_resumed(
    joint, compute, shell, guests
):
    before = ticks(joint, guests[:2])
    busy = guests[0].id
    joint.speed(busy, "HostB", SLOW)
    with shell.running("migrate", "drain", "HostB") as first:
        run = run_of(first.read_error_line())
        until(lambda: joint.copies(busy, "HostB"), PATIENCE)
    joint.speed(busy, "HostB", FAST)
    done = shell.run(
        *("migrate", "drain", "--resume", run, "-f", "json"), timeout=PATIENCE
    )
    judge(done, guests, "live")
    are_well(joint, compute, guests, "HostC", before, moves=1)
    assert joint.guests("HostB") == {}
    reason = f"osc-migrate run {run}: emptied"
    assert service(compute)["disabled_reason"] == reason
