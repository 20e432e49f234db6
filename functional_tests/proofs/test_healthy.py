"""Where nothing is wrong nothing is found, and Nova moves what we allow; then
each check of a whole cloud."""

import json

import pytest

from functional_tests.proofs.faults import CLOUDS
from functional_tests.proofs.guests import PORTS
from functional_tests.sampling import EVERY

GOOD = ("PASS", "SKIP")


def ask(shell, *words):
    done = shell.run("migrate", "preflight", *words, "--long", "-f", "json")
    assert done.code in (0, 3), done.err
    return done


def test_no_false_alarm_about_any_server_and_host(healthy_shell):
    done = ask(healthy_shell, "--host", "HostB")
    assert done.code == 0
    rows = done.json
    open_ = {row["check"] for row in rows if row["status"] == "NOT_CHECKED"}
    assert open_ <= {"disks-need-no-copy"}
    odd = [
        row
        for row in rows
        if row["status"] not in GOOD and row["check"] not in open_
    ]
    assert odd == []
    assert len({row["subject"] for row in rows}) == 5 * 2


def test_no_false_alarm_about_the_cloud(healthy_shell):
    done = ask(healthy_shell)
    assert done.code == 0
    assert {row["status"] for row in done.json} == {"PASS"}


# Of the healthy cloud: name -> how it is booted.
ALLOWED = {
    "with-ports": PORTS,
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


# There and, where it may, on; the zone az1 has two hosts, and a paused guest
# would first have to run.
ONWARD = {"pinned": ("HostB",), "paused": ()}


@pytest.mark.parametrize("every", EVERY)
def test_what_we_allow_nova_moves(healthy, healthy_shell, every):
    names = list(ALLOWED)[::-every]
    for name in names:
        healthy.boot(name, **ALLOWED[name])
    healthy.booted()
    if "paused" in names:
        healthy.action("paused", {"pause": None}, "PAUSED")
    if "without-image" in names:
        healthy.delete_image("gone")
    wrong = []
    for name in names:
        for host in ("HostC", *ONWARD.get(name, ("HostD",))):
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
    for name in names:
        healthy.delete(name)


@pytest.mark.parametrize("fault", CLOUDS, ids=lambda fault: fault.key)
def test_that_fault_of_the_cloud_and_no_other(healthy, healthy_shell, fault):
    try:
        fault.inject(healthy, fault.key)
        healthy.settle()
        done = ask(healthy_shell)
    finally:
        fault.undo(healthy)
        healthy.settle()
    found = {r["check"]: r["status"] for r in done.json}
    odd = {c: s for c, s in found.items() if s not in GOOD}
    assert odd == {fault.check: fault.status}
    assert done.code == (3 if fault.status == "FAIL" else 0)
