"""A whole cloud: nothing wrong when nothing is, and each check of it."""

import pytest

from functional_tests.proofs.faults import CLOUDS

pytestmark = pytest.mark.xdist_group("healthy")

GOOD = ("PASS", "SKIP")


def ask(shell, *words):
    done = shell.run("migrate", "preflight", *words, "--long", "-f", "json")
    assert done.code in (0, 3), done.err
    return done


def test_no_false_alarm_about_any_server_and_host(healthy_shell):
    done = ask(healthy_shell, "--host", "HostB")
    assert done.code == 0
    rows = done.json
    odd = [row for row in rows if row["status"] not in GOOD]
    assert odd == []
    assert len({row["subject"] for row in rows}) == 5 * 2


def test_no_false_alarm_about_the_cloud(healthy_shell):
    done = ask(healthy_shell)
    assert done.code == 0
    assert {row["status"] for row in done.json} == {"PASS"}


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
