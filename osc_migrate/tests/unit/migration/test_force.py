import pytest

from osc_migrate import errors
from osc_migrate.migration import force
from osc_migrate.migration.mover import Mover
from osc_migrate.migration.outcome import End
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import VM1

MOVING = {"status": "MIGRATING", "OS-EXT-STS:task_state": "migrating"}


def refused(status="running", type="live-migration", has=True):
    record = shapes.migration(status, type=type)
    with pytest.raises(errors.MigrateError) as told:
        force.refuse(shapes.server(), record, lambda _: has, "2.21")
    return str(told.value)


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"type": "migration"}, "not a live migration"),
        ({"has": False}, "2.22; the highest usable one is 2.21"),
        ({"status": "running (post-copy)"}, "post-copy already"),
        ({"status": "preparing"}, "is preparing"),
    ],
)
def test_what_nova_would_not_force(changes, said):
    assert said in refused(**changes)


def test_it_says_what_the_guest_will_feel():
    record = shapes.migration(memory_remaining=3 * 2**20)
    paused, copied = force.warning(shapes.server(), record)
    assert "paused" in paused and "3.0 MiB" in paused
    assert "post-copy" in copied and "lost" in copied


@pytest.mark.parametrize("end, code", [("completed", End.MOVED)])
def test_it_is_followed_to_its_end(healthy, clock, end, code):
    action = healthy.mock.post(
        skies.NOVA + f"/servers/{VM1}/migrations/7/action", status_code=202
    )
    healthy.nova("/servers/detail", {"servers": [skies.server(**MOVING)]})
    healthy.nova(
        f"/servers/{VM1}/migrations",
        {"migrations": [skies.counters(9, 5)]},
        {"migrations": [skies.counters(9, 1)]},
        {"migrations": []},
    )
    healthy.nova("/os-migrations", {"migrations": [skies.migration(end)]})
    mover = Mover(healthy.connection, clock)
    facts = mover.facts("vm1", None)
    record = mover.counted(facts.server, shapes.migration())
    move = mover.force(facts, record)
    there = skies.server(**{"OS-EXT-SRV-ATTR:host": "HostC"})
    healthy.nova(f"/servers/{VM1}", {"server": there})
    looks = list(move.follow())
    assert looks[0].memory_remaining == 1
    found = move.outcome()
    assert (found.end, found.kind) == (code, "live")
    assert action.call_count == 1
    assert action.last_request.json() == {"force_complete": None}
