"""What is left open, and what answers it."""

from osc_migrate.checks.findings import (
    Finding,
    Gap,
    Report,
    Status,
    drop_explained,
    not_checked,
)

SHARED = Gap("shared storage", "--nodes checks it", ("disks-are-there",))
OPEN = Finding("disks", "vm1", Status.NOT_CHECKED, "no API", gap=SHARED)


def test_a_gap_stays_open_without_an_answer():
    assert list(drop_explained([OPEN])) == [OPEN]


def test_the_check_that_answers_it_closes_the_gap():
    answer = Finding("disks-are-there", "vm1", Status.FAIL, "two disks")
    first, second = drop_explained([OPEN, answer])
    assert (first.status, first.gap) == (Status.SKIP, None)
    assert first.detail == "see disks-are-there"
    assert second is answer


def test_a_gap_is_no_reason_against_a_move():
    report = Report([OPEN])
    assert report.safe
    assert report.problems == report.warnings == []


def test_gaps_are_counted_by_subject():
    other = Gap("machine type", "--nodes checks it")
    assert not_checked([SHARED, other, SHARED]) == [
        "2 not checked: shared storage; --nodes checks it",
        "1 not checked: machine type; --nodes checks it",
    ]
