"""Checks of guests that are bound to their host's CPUs and memory."""

import pytest

from osc_migrate.cloud.servers import Topology
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    COLD,
    FAIL,
    LIVE,
    PASS,
    WARN,
    Case,
    findings,
    of_flavor,
    prove,
)


def bound(*what, **changes):
    return shapes.move(topology=Topology(*what), **changes)


def unshown(nova=(2, 104), **extra_specs):
    return of_flavor(nova, **extra_specs).but(topology=Unread("old"))


CASES = [
    Case(
        "bound-guest-can-move",
        bound(1, True, None, nova=(2, 72)),
        FAIL,
        "1 NUMA nodes, pinned CPUs",
        "cold",
    ),
    Case("bound-guest-can-move", unshown(hw__cpu_policy="shared"), PASS),
    *(
        Case(
            "guest-is-not-bound",
            bound(2, True, 2048),
            WARN,
            "2 NUMA nodes, pinned CPUs, pages of 2048 KiB",
            "virsh freepages",
            kind,
        )
        for kind in (COLD, LIVE)
    ),
    Case(
        "guest-is-not-bound",
        bound(1, Unread("hidden"), None),
        WARN,
        "1 NUMA nodes:",
    ),
    Case(
        "guest-is-not-bound",
        unshown(hw__mem_page_size="large"),
        WARN,
        "page size large",
    ),
    Case(
        "guest-is-not-bound",
        unshown(resources__PCPU="2"),
        WARN,
        "dedicated CPUs 2",
    ),
    Case("guest-is-not-bound", unshown(), PASS, "not bound"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


def test_a_plain_guest_of_an_old_nova_is_not_bound():
    found = findings(unshown(nova=(2, 61)))
    assert found["bound-guest-can-move"].status is PASS
    assert found["guest-is-not-bound"].status is PASS
