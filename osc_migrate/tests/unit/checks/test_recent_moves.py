import pytest

from osc_migrate.checks import recent_moves
from osc_migrate.checks.findings import Gap
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    COLD,
    NOT_CHECKED,
    PASS,
    WARN,
    Case,
    findings,
    prove,
)


def records(*statuses, servers=("s1", "s2", "s3"), **changes):
    """Oldest first, of one server after the other."""
    return tuple(
        shapes.migration(
            status,
            id=number,
            server_id=servers[number % len(servers)],
            created_at=shapes.NOW,
            **changes,
        )
        for number, status in enumerate(statuses, 1)
    )


def recent(*statuses, **changes):
    return shapes.move(recent=records(*statuses, **changes))


LIVE_ONES, COLD_ONES = "recent-moves-succeeded", "recent-cold-moves-succeeded"
SERIES = ("error", "failed", "error")
CASES = [
    Case(
        LIVE_ONES,
        recent(*SERIES),
        WARN,
        "HostB -> HostC: the last 3 moves failed since 2026",
        "openstack migrate explain s1",
    ),
    Case(
        COLD_ONES,
        recent(*SERIES, type="migration"),
        WARN,
        "(3 servers)",
        "explain",
        COLD,
    ),
    Case(LIVE_ONES, recent("completed", *SERIES), WARN, "last 3 moves"),
    Case(LIVE_ONES, recent("error", "cancelled", *SERIES), WARN, "last 4"),
    Case(LIVE_ONES, recent(), PASS),
    Case(LIVE_ONES, recent("error", "error"), PASS),
    Case(LIVE_ONES, recent(*SERIES, "completed"), PASS),
    Case(LIVE_ONES, recent(*SERIES, servers=("s1",)), PASS),
    Case(LIVE_ONES, recent(*SERIES, destination="HostD"), PASS),
    Case(LIVE_ONES, recent(*SERIES, source="HostC"), PASS),
    Case(
        LIVE_ONES,
        recent(*SERIES, destination=None),
        WARN,
        "(3 servers), 3 before Nova recorded a destination",
    ),
    Case(LIVE_ONES, recent(*SERIES, type="migration"), PASS),
    Case(COLD_ONES, recent(*SERIES), PASS, kind=COLD),
    Case(COLD_ONES, recent(*SERIES, type="resize"), PASS, kind=COLD),
    Case(LIVE_ONES, shapes.move(recent=Unread("403")), NOT_CHECKED, "403"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


def test_what_cannot_be_read_does_not_block_a_move():
    gap = findings(shapes.move(recent=Unread("403")))[LIVE_ONES].gap
    assert gap == Gap("recent moves", "an admin's credentials check them")


def test_the_order_of_the_records_does_not_matter():
    shuffled = tuple(reversed(records("completed", *SERIES)))
    series = recent_moves.failures(shuffled, "HostB", "HostC", Kind.BLOCK)
    assert [record.id for record in series.records] == [4, 3, 2]
