"""A Nova that takes a move, and what its records and events say of it."""

from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import VM1

MiB = 1024 * 1024
ACTION = f"/servers/{VM1}/action"
COUNTERS = f"/servers/{VM1}/migrations"
NONE = {"migrations": []}
REQUEST = "req-12345678-1234-1234-1234-123456789012"
EVENTS = f"/servers/{VM1}/os-instance-actions/{REQUEST}"


def accepting(sky):
    """Nova takes the request, moves in one look, and has no complaint."""
    sky.mock.post(
        skies.NOVA + ACTION,
        status_code=202,
        headers={"x-openstack-request-id": REQUEST},
    )
    history(sky, [], "completed")
    there = skies.server(**{"OS-EXT-SRV-ATTR:host": "HostC"})
    sky.nova(f"/servers/{VM1}", {"server": there})
    sky.nova(EVENTS, action())
    return sky


def history(sky, *records):
    """What os-migrations answers, request by request; [] means no record."""
    sky.nova(
        "/os-migrations",
        *(
            {"migrations": [skies.migration(r)]}
            if isinstance(r, str)
            else {"migrations": r}
            if isinstance(r, list)
            else r
            for r in records
        ),
    )


def action(*events):
    return {"instanceAction": {"action": "live-migration", "events": events}}


def event(name, result="Success", **changes):
    return {
        "event": name,
        "result": result,
        "start_time": "2026-11-23T10:00:00.000000",
        "finish_time": "2026-11-23T10:00:01.000000",
        "host": "HostC",
        "traceback": None,
        "details": None,
    } | changes


def start(sky, clock, host="HostC", **options):
    mover = Mover(sky.connection, clock)
    return mover.live(mover.facts("vm1", host), **options)


def moved(sky, clock, **options):
    move = start(sky, clock, **options)
    return list(move.follow()), move.outcome()


def posted(sky):
    (request,) = [r for r in sky.mock.request_history if r.method == "POST"]
    return request
