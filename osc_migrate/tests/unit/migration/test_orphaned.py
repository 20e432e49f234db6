"""A move of which nothing is heard: who waits, and who does not."""

import pytest

from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.migrations import parse_migration
from osc_migrate.migration import orphaned
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.mover import Mover
from osc_migrate.migration.outcome import End
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import VM1

BUSY = {"OS-EXT-STS:task_state": "migrating"}
COUNTERS = f"/servers/{VM1}/migrations"


def followed(sky, clock, records, server, timeout=None):
    """The looks of a move whose record and server stay like that."""
    sky.mock.post(skies.NOVA + f"/servers/{VM1}/action", status_code=202)
    mover = Mover(sky.connection, clock)
    facts = mover.facts("vm1", "HostC")
    sky.nova("/os-migrations", {"migrations": records})
    sky.nova(COUNTERS, {"migrations": []})
    sky.nova(f"/servers/{VM1}", {"server": skies.server(**server)})
    move = mover.live(facts)
    looks = []
    try:
        for look in move.follow(timeout):
            looks.append(look)
    except TimeUp:
        pass
    return looks, move.outcome()


def test_a_record_that_nobody_ends_is_left(healthy, clock):
    looks, outcome = followed(healthy, clock, [skies.migration("running")], {})
    assert outcome.end is End.NOT_MOVED
    assert "migration 7 appears to be orphaned" in outcome.reason
    assert "the server is ACTIVE on HostB" in outcome.reason
    assert outcome.next == "openstack migrate explain vm1"
    waited = looks[-1].elapsed
    assert orphaned.ABANDONED <= waited <= orphaned.ABANDONED + 30


def test_nor_is_one_waited_for_that_never_was(healthy, clock):
    _, outcome = followed(healthy, clock, [], {})
    assert outcome.end is End.NOT_MOVED
    assert "no record of the move" in outcome.reason


def test_as_long_as_nova_is_busy_it_is_followed(healthy, clock):
    looks, outcome = followed(
        healthy, clock, [skies.migration("running")], BUSY, timeout=600
    )
    assert outcome.end is End.RUNNING_ON
    assert looks[30].silence == ""
    assert looks[-1].silence.startswith("no news for ")


def still(watch, counted, seconds):
    """Looks every five seconds at counters that do not change."""
    for second in seconds:
        watch.look(counted, float(second))


def counters(processed):
    row = skies.counters(512, 128) | {"memory_processed_bytes": processed}
    return parse_migration(JsonObject(row, "it", "Nova"))


def test_counters_that_stand_still_while_the_service_is_down(healthy, clock):
    watch = orphaned.Silence(Mover(healthy.connection, clock).cloud, VM1)
    healthy.nova(f"/servers/{VM1}", {"server": skies.server(**BUSY)})
    down = skies.service("HostB", state="down")
    healthy.nova("/os-services", {"services": [down]})
    still(watch, counters(7), range(0, int(orphaned.LOST), 5))
    assert not watch.abandoned
    still(watch, counters(7), range(int(orphaned.LOST), 110, 5))
    assert watch.abandoned


@pytest.mark.parametrize("interval", [1, 5, 20, 60, 120])
def test_counters_that_come_at_any_pace(healthy, clock, interval):
    watch = orphaned.Silence(Mover(healthy.connection, clock).cloud, VM1)
    healthy.nova(f"/servers/{VM1}", {"server": skies.server(**BUSY)})
    end = 5 * interval
    for second in range(0, end, min(interval, 5)):
        watch.look(counters(1 + second // interval), float(second))
    assert not watch.abandoned
    # And then they stop, while nova-compute sends heartbeats.
    lost = max(orphaned.LOST, orphaned.INTERVALS * interval)
    still(watch, counters(5), range(end, end - interval + int(lost) + 30, 5))
    assert watch.abandoned


def test_the_first_interval_is_waited_for(healthy, clock):
    watch = orphaned.Silence(Mover(healthy.connection, clock).cloud, VM1)
    healthy.nova(f"/servers/{VM1}", {"server": skies.server(**BUSY)})
    still(watch, counters(7), range(0, int(orphaned.LOST_UNSEEN), 5))
    assert not watch.abandoned
    still(watch, counters(7), range(int(orphaned.LOST_UNSEEN), 430, 5))
    assert watch.abandoned


def test_a_preparation_may_be_silent(healthy, clock):
    looks, _ = followed(
        healthy, clock, [skies.migration("preparing")], BUSY, timeout=300
    )
    assert {look.silence for look in looks} == {""}


def test_a_host_that_is_down_is_named(healthy, clock):
    down = skies.service("HostB", state="down")
    healthy.nova("/os-services", {"services": [down]})
    looks, _ = followed(
        healthy, clock, [skies.migration("preparing")], BUSY, timeout=300
    )
    assert "nova-compute on HostB is down" in looks[-1].silence


def test_an_answer_that_hides_the_task_proves_nothing(healthy, clock):
    server = skies.server()
    del server["OS-EXT-STS:task_state"]
    _, outcome = followed(
        healthy, clock, [skies.migration("running")], {}, timeout=1
    )
    healthy.nova(f"/servers/{VM1}", {"server": server})
    watch = orphaned.Silence(Mover(healthy.connection, clock).cloud, VM1)
    for second in range(0, 300, 5):
        watch.look(None, float(second))
    assert not watch.abandoned
    assert outcome.end is End.RUNNING_ON


@pytest.mark.parametrize("status", ["running", "preparing"])
def test_news_begin_anew(healthy, clock, status):
    cloud = Mover(healthy.connection, clock).cloud
    watch = orphaned.Silence(cloud, VM1)
    for second in range(0, 300, 5):
        row = skies.migration(status, memory_processed_bytes=second)
        record = parse_migration(JsonObject(row, "it", "Nova"))
        assert watch.look(record, float(second)) == ""
    assert not watch.abandoned
