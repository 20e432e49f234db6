import pytest

from osc_migrate import errors
from osc_migrate.migration.mover import Mover
from osc_migrate.migration.orphaned import ABANDONED
from osc_migrate.migration.watch import COUNTED
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import VM1

COUNTERS = f"/servers/{VM1}/migrations"


def record(status, **changes):
    return skies.migration(status, instance_uuid=VM1, **changes)


def watch(sky, clock, server=False, host=None):
    mover = Mover(sky.connection, clock)
    found = mover.cloud.server("vm1") if server else None
    return mover.watch(found, host)


def test_everybodys_to_the_end(healthy, clock):
    healthy.under_way(record("running"))
    healthy.nova(COUNTERS, {"migrations": [skies.counters(9, 4)]})
    watcher = watch(healthy, clock)
    told = []
    looks = watcher.looks(False, told.append)
    (one,) = next(looks)
    assert (one.server, one.server_id, one.over) == ("vm1", VM1, False)
    assert one.progress.memory_remaining == 4
    healthy.nova(
        "/os-migrations",
        {"migrations": [record("cancelled")]},
        {"migrations": [record("error")]},
    )
    # The last to be registered is asked first.
    healthy.under_way()
    healthy.nova(COUNTERS, {"migrations": []})
    *before, (one,) = (next(looks) for _ in range(3))
    # 'cancelled' may become 'error' in a moment.
    assert [seen.record.status for (seen,) in before] == ["running"] * 2
    assert one.over and one.progress.phase == "error"
    with pytest.raises(StopIteration):
        next(looks)
    assert told == []


def test_what_is_refused_is_no_outage(healthy, clock):
    healthy.mock.get(skies.NOVA + "/os-migrations", status_code=403)
    troubles = []
    with pytest.raises(errors.ApiError):
        next(watch(healthy, clock).looks(False, troubles.append))
    assert troubles == []


def test_nothing_is_one_look(healthy, clock):
    assert list(watch(healthy, clock).looks(False, print)) == [[]]
    assert clock.slept == []


def test_for_ever_goes_on(healthy, clock):
    looks = watch(healthy, clock).looks(True, print)
    assert [next(looks) for _ in range(3)] == [[]] * 3


def test_a_servers_own(healthy, clock):
    healthy.nova(
        "/os-migrations",
        {"migrations": [record("queued"), record("error", id=3)]},
    )
    (one,) = watch(healthy, clock, server=True).look()
    assert one.record.id == 7
    assert one.row[4:8] == ("HostB", "HostC", "queued", "queued")
    assert one.row[8:12] == (None,) * 4


def test_a_host_is_asked_of_nova(healthy, clock):
    watch(healthy, clock, host="HostC").look()
    asked = healthy.calls("/os-migrations")
    assert {r.qs["host"][0] for r in asked} == {"hostc"}


def test_an_api_that_fails_is_told_once(healthy, clock):
    healthy.nova("/os-migrations", 503, 503, {"migrations": []})
    told = []
    watcher = watch(healthy, clock, server=True)
    assert list(watcher.looks(False, told.append)) == [[]]
    assert len(told) == 2 and "503" in told[0] and told[1] == ""


def test_one_that_nobody_ends_is_named_and_not_waited_for(healthy, clock):
    healthy.under_way(record("running"))
    healthy.nova(COUNTERS, {"migrations": []})
    healthy.nova(f"/servers/{VM1}", {"server": skies.server()})
    *looks, (last,) = watch(healthy, clock).looks(False, print)
    assert last.abandoned and not last.over
    assert last.progress.silence.endswith(f"migrate explain {VM1}")
    assert not any(one.abandoned for (one,) in looks)
    assert clock.now() >= ABANDONED


def test_one_that_is_being_confirmed_is_waited_for(healthy, clock):
    """Its server is free meanwhile."""
    healthy.under_way(record("confirming"))
    healthy.nova(f"/servers/{VM1}", {"server": skies.server()})
    looks = watch(healthy, clock).looks(False, print)
    seen = [next(looks) for _ in range(int(ABANDONED))]
    assert not any(one.abandoned for (one,) in seen)


def test_rights_that_are_missing_are_an_error(healthy, clock):
    healthy.nova("/os-migrations", 401)
    with pytest.raises(errors.ApiError):
        list(watch(healthy, clock, server=True).looks(False, lambda _: None))


def test_many_cost_no_more_than_a_bound(healthy, clock):
    rows = [record("running", id=i) for i in range(1, 41)]
    healthy.under_way(*rows)
    healthy.nova(COUNTERS, {"migrations": []})
    watcher = watch(healthy, clock)
    for look in range(1, 4):
        assert len(watcher.look()) == 40
        assert len(healthy.calls(COUNTERS)) == COUNTED * look
