"""An abort from the request to the truth, against recorded answers."""

import pytest
import requests

from osc_migrate import errors
from osc_migrate.migration.abort import REPEAT_AFTER
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import VM1, Sky

ONE = f"/servers/{VM1}/migrations/7"


def history(sky, *statuses):
    """What os-migrations answers, request by request."""
    sky.nova(
        "/os-migrations",
        *({"migrations": [skies.migration(s)]} for s in statuses),
    )
    # Counters are of no matter here.
    sky.nova(f"/servers/{VM1}/migrations", 403)


def takes(sky, *answers):
    sky.mock.delete(skies.NOVA + ONE, list(answers) or [{"status_code": 202}])


def stop(sky, clock):
    mover = Mover(sky.connection, clock)
    server = mover.cloud.server("vm1")
    (record,) = mover.in_flight(server)
    return mover.stop(server, record)


def ended(sky, clock, **options):
    made = stop(sky, clock)
    made.begin()
    looks = list(made.follow(**options))
    return looks, made.outcome()


def asked(sky):
    return [r for r in sky.mock.request_history if r.method == "DELETE"]


def test_nova_33_leaves_the_server_in_error(healthy, clock):
    history(healthy, "running", "running", "cancelled", "error")
    takes(healthy)
    healthy.nova(
        f"/servers/{VM1}",
        {"server": skies.server()},
        {"server": skies.server(status="ERROR")},
    )
    looks, found = ended(healthy, clock)
    assert [look.phase for look in looks] == ["aborting", "cancelled"]
    assert (found.status, found.server_status) == ("error", "ERROR")
    assert found.stopped and found.broken
    assert found.host == "HostB"
    assert found.next == "openstack migrate repair vm1"
    assert len(asked(healthy)) == 1


def test_an_older_nova_leaves_it_active(healthy, clock):
    history(healthy, "running", "cancelled")
    takes(healthy)
    _, found = ended(healthy, clock)
    assert found.stopped and not found.broken
    assert (found.server_status, found.next) == ("ACTIVE", "")


def test_too_late(healthy, clock):
    history(healthy, "running", "completed")
    takes(healthy)
    there = skies.server(**{"OS-EXT-SRV-ATTR:host": "HostC"})
    healthy.nova(f"/servers/{VM1}", {"server": there})
    _, found = ended(healthy, clock)
    assert not found.stopped
    assert (found.status, found.host) == ("completed", "HostC")
    assert "too late" in found.next and "live vm1 HostB" in found.next


def test_a_refusal_of_one_that_went_on_is_no_error(healthy, clock):
    history(healthy, "running", "completed")
    takes(healthy, {"status_code": 400, "json": {}})
    there = skies.server(**{"OS-EXT-SRV-ATTR:host": "HostC"})
    healthy.nova(f"/servers/{VM1}", {"server": there})
    _, found = ended(healthy, clock)
    assert found.status == "completed"


def test_a_refusal_that_stays_is_one(healthy, clock):
    history(healthy, "running")
    takes(healthy, {"status_code": 409, "json": {}})
    with pytest.raises(errors.ApiError, match="409"):
        ended(healthy, clock)
    assert len(asked(healthy)) == 2


def test_who_may_not_is_told_at_once(healthy, clock):
    history(healthy, "running")
    takes(healthy, {"status_code": 403, "json": {}})
    with pytest.raises(errors.ApiError, match="403"):
        stop(healthy, clock).begin()


@pytest.mark.parametrize(
    "lost", [{"status_code": 503}, {"exc": requests.ConnectionError("reset")}]
)
def test_what_was_lost_is_asked_for_again(healthy, clock, lost):
    history(healthy, *["running"] * 14, "cancelled")
    takes(healthy, lost, {"status_code": 202})
    _, found = ended(healthy, clock)
    assert found.stopped
    assert len(asked(healthy)) == 2
    assert sum(clock.slept) >= REPEAT_AFTER


def test_one_that_is_not_queued_yet_is_waited_for(healthy, clock):
    history(healthy, "accepted", "accepted", "queued", "cancelled")
    takes(healthy)
    looks, found = ended(healthy, clock)
    assert [look.phase for look in looks] == [
        "accepted",
        "aborting",
        "cancelled",
    ]
    assert found.stopped


def test_post_copy_is_never_asked(healthy, clock):
    history(healthy, "running (post-copy)", "completed")
    ended(healthy, clock)
    assert asked(healthy) == []


def test_one_that_nobody_ends_is_no_matter_of_watching(healthy, clock):
    history(healthy, "preparing")
    takes(healthy, {"status_code": 202})
    _, found = ended(healthy, clock)
    assert not found.stopped
    assert found.next == "openstack migrate explain vm1"


def test_a_server_deleted_meanwhile(healthy, clock):
    history(healthy, "running", "cancelled")
    takes(healthy)
    made = stop(healthy, clock)
    healthy.nova(f"/servers/{VM1}", 404)
    list(made.follow())
    found = made.outcome()
    assert (found.server_status, found.stopped) == ("deleted", False)


def test_a_server_that_cannot_be_read_is_not_called_stopped(healthy, clock):
    history(healthy, "running", "cancelled")
    takes(healthy)
    made = stop(healthy, clock)
    healthy.nova(f"/servers/{VM1}", 403)
    list(made.follow())
    found = made.outcome()
    assert (found.server_status, found.stopped) == (None, False)
    assert found.next == f"openstack server show {VM1}"


def test_the_time_is_bounded(healthy, clock):
    history(healthy, "running")
    takes(healthy)
    made = stop(healthy, clock)
    with pytest.raises(TimeUp):
        list(made.follow(5))
    found = made.outcome()
    assert not found.stopped
    assert found.next == "openstack migrate watch vm1"


@pytest.mark.parametrize(
    "newest, status, wanted",
    [("2.23", "running", "2.24"), ("2.64", "queued", "2.65")],
)
def test_old_microversions(mock, clock, newest, status, wanted):
    sky = Sky(mock, newest)
    sky.healthy()
    history(sky, status)
    with pytest.raises(errors.MigrateError, match=wanted):
        stop(sky, clock)


def test_before_2_65_one_in_preparation_is_waited_for(mock, clock):
    sky = Sky(mock, "2.64")
    sky.healthy()
    history(sky, "preparing", "preparing", "running", "cancelled")
    takes(sky)
    looks, _ = ended(sky, clock)
    assert [look.phase for look in looks] == [
        "preparing",
        "aborting",
        "cancelled",
    ]


@pytest.mark.parametrize(
    "kind, then",
    [
        ("migration", "migrate cold vm1 --revert"),
        ("resize", "resize revert vm1"),
        ("evacuation", "watch vm1"),
    ],
)
def test_one_that_is_not_live_goes_on(healthy, clock, kind, then):
    record = skies.migration("migrating", migration_type=kind)
    healthy.nova("/os-migrations", {"migrations": [record]})
    with pytest.raises(errors.MigrateError, match=then) as told:
        stop(healthy, clock)
    assert "cannot abort" in str(told.value)
