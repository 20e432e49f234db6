"""Which request made which record: tables of times."""

import pytest

from osc_migrate.explain.attempts import attempts
from osc_migrate.facts import Unread
from osc_migrate.tests.unit.past import action, at, history, record


def ids(pairs):
    return [(r and r.id, a and a.request_id) for r, a in pairs]


def test_who_never_moved_has_no_attempt():
    assert attempts(history()) == []
    assert attempts(history(actions=(action("reboot"),))) == []


@pytest.mark.parametrize(
    "made, started, fits",
    [
        (1, 0, True),
        (0, 0.4, True),  # rounded
        (0, 30, True),  # the API's clock is ahead
        (0, 61, False),
        (3599, 0, True),
        (3700, 0, False),
    ],
)
def test_a_record_follows_its_request(made, started, fits):
    past = history((record(when=made),), (action(when=started),))
    ((_, found),) = attempts(past)[-1:]
    assert (found is not None) is fits


def test_each_record_has_the_request_before_it():
    past = history(
        tuple(record(id=n, when=n * 20 + 1) for n in (3, 2, 1)),
        tuple(action(when=n * 20) for n in (3, 2, 1)),
    )
    assert ids(attempts(past)) == [(3, "req-60"), (2, "req-40"), (1, "req-20")]


@pytest.mark.parametrize(
    "type, name",
    [
        ("live-migration", "live-migration"),
        ("migration", "migrate"),
        ("resize", "resize"),
        ("evacuation", "evacuate"),
    ],
)
def test_the_type_must_fit(type, name):
    every = ("live-migration", "migrate", "resize", "evacuate")
    past = history(
        (record(type=type, when=5),),
        tuple(action(n, 4 - i) for i, n in enumerate(every)),
    )
    (found,) = [a for r, a in attempts(past) if r]
    assert found.name == name


def test_before_2_23_any_type_fits():
    past = history((record(type=None),), (action("migrate"),))
    assert ids(attempts(past)) == [(7, "req-0")]


def test_a_cold_migration_that_tried_two_hosts_is_one_request():
    past = history(
        (
            record(type="migration", id=2, when=9),
            record(type="migration", id=1, when=1),
        ),
        (action("migrate"),),
    )
    assert ids(attempts(past)) == [(2, "req-0"), (1, "req-0")]


def test_a_request_that_made_no_record_is_an_attempt():
    past = history(
        (record(id=2, when=101), record(id=1, when=1)),
        (action(when=200), action(when=100), action(when=50), action(when=0)),
    )
    assert ids(attempts(past)) == [
        (None, "req-200"),
        (2, "req-100"),
        (None, "req-50"),
        (1, "req-0"),
    ]


def test_older_ones_than_nova_lists_are_left_out():
    past = history((record(when=100_000),), (action(when=0),))
    assert ids(attempts(past)) == [(7, None)]


def test_records_without_times_keep_their_order():
    past = history(
        (record(id=2, created_at=Unread("x")), record(id=1, created_at=None)),
        (action(start=at(3)), action(start=Unread("x"))),
    )
    assert ids(attempts(past)) == [(2, None), (1, None)]


def test_without_records_the_requests_tell():
    past = history(Unread("403"), (action("reboot"), action()))
    assert ids(attempts(past)) == [(None, "req-0")]


def test_without_requests_the_records_tell():
    assert ids(attempts(history((record(),), Unread("403")))) == [(7, None)]


def test_without_both_nobody_knows():
    with pytest.raises(Unread, match="no records; no requests"):
        attempts(history(Unread("no records"), Unread("no requests")))
