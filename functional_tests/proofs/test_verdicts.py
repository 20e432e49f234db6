"""Our verdict and Nova's: it refuses what we do, and moves what we allow."""

import json

import pytest

from functional_tests.proofs import faults, test_moves

# Nova lets an admin move a locked server; its owner locked it all the same.
NOVA_MOVES = {"server-is-unlocked"}
REFUSED = [
    one
    for one in test_moves.PROVEN
    if one.status == "FAIL"
    and not one.kind
    and not one.options
    and one.check not in NOVA_MOVES
]


@pytest.mark.xdist_group("faulty")
def test_what_we_refuse_nova_refuses(faulty, asking):
    assert len(REFUSED) >= 20
    wrong = []
    for one in REFUSED:
        server, host = test_moves.pair_of(one)
        done = asking.shell.run(
            *("migrate", "live", server, host, "-f", "json"),
            *("--auto", "--ignore", one.check, "--timeout", "90"),
        )
        # 1: refused at once; 4: accepted, and then it did not move.
        refused = done.code in (1, 4)
        said = done.err + done.out
        print(f"{one.check}: FAIL; Nova: {done.code} {said!r}")
        if not refused or one.nova not in said:
            wrong.append((one.check, one.nova, done.code, said))
    assert wrong == []


# Of the healthy cloud: name -> how it is booted.
ALLOWED = {
    "with-ports": faults.PORTS,
    "without": {},
    "small": {"flavor": "m1.small"},
    "paused": {},
    "config-drive": {"config_drive": True},
    "in-a-group": {"group": "another"},
    "pinned": {"availability_zone": "az1"},
    "bound-to-a-node": {"flavor": "numa"},
    "for-an-aggregate": {"flavor": "ssd"},
    "without-image": {"image": "gone"},
}


@pytest.mark.xdist_group("healthy")
def test_what_we_allow_nova_moves(healthy, healthy_shell):
    for name, wishes in ALLOWED.items():
        healthy.boot(name, **wishes)
    healthy.booted()
    healthy.action("paused", {"pause": None}, "PAUSED")
    healthy.delete_image("gone")
    wrong = []
    for name in ALLOWED:
        # There and, where it may, on; the zone az1 has two hosts.
        way = ["HostC", "HostB" if name == "pinned" else "HostD"]
        for host in way:
            done = healthy_shell.run(
                *("migrate", "live", name, host, "-f", "json"),
                *("--auto", "--timeout", "90"),
            )
            print(f"{name} to {host}: allowed; Nova: {done.code} {done.err!r}")
            row = json.loads(done.out or "{}")
            there = healthy.show(name)["OS-EXT-SRV-ATTR:host"]
            if (done.code, row.get("status"), there) != (
                (0, "completed", host)
            ):
                wrong.append((name, host, done.code, done.err, done.out))
    assert wrong == []
    for name in ALLOWED:
        healthy.delete(name)
