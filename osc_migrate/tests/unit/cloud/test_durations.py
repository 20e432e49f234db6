"""How long moves took, from recorded answers."""

import pytest

from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.durations import PastDurations, past_durations
from osc_migrate.cloud.migrations import Kind
from osc_migrate.tests.unit import sky as skies

ONE = "11111111-1111-1111-1111-111111111111"
TWO = "22222222-2222-2222-2222-222222222222"


def time(second):
    return f"2026-11-23T10:00:{second:02}.000000"


def record(id, begin=0, end=9, server=ONE, status="completed"):
    return skies.migration(
        status,
        id=id,
        created_at=time(begin),
        updated_at=time(end),
        instance_uuid=server,
    )


def request(begin, end, name="migrate", **more):
    return {
        "request_id": f"req-{begin}",
        "action": name,
        "start_time": time(begin),
        "updated_at": time(end),
        "message": None,
        **more,
    }


def listed(sky, **by_status):
    asked = []

    def answer(request, _context):
        asked.append(request.qs)
        return {"migrations": by_status.get(request.qs["status"][0], [])}

    sky.mock.get(
        skies.NOVA + "/os-migrations",
        json=answer,
        additional_matcher=lambda r: "migration_type" in r.qs,
    )
    return asked


def test_live_ones_by_their_records(healthy):
    rows = [record(3, 0, 9), record(2, 10, 14), record(1, 20, 26)]
    asked = listed(healthy, completed=rows)
    found = past_durations(Cloud(healthy.connection), Kind.LIVE)
    assert found == PastDurations([9.0, 4.0, 6.0])
    assert str(found) == "6 s here (4 to 9 s in 3 moves)"
    assert [a["limit"] for a in asked] == [["20"]]


def test_cold_ones_by_their_requests(healthy):
    listed(
        healthy,
        confirmed=[record(5, 1, 59, ONE, "confirmed")],
        finished=[record(6, 30, 50, TWO, "finished")],
    )
    actions = "/servers/{}/os-instance-actions"
    healthy.nova(
        actions.format(ONE),
        {
            "instanceActions": [
                request(58, 59, "confirmResize"),
                request(2, 12),  # rounded
            ]
        },
    )
    healthy.nova(
        actions.format(TWO),
        {
            "instanceActions": [
                request(30, 44, message="Error"),
                request(29, 49),
            ]
        },
    )
    found = past_durations(Cloud(healthy.connection), Kind.COLD)
    assert sorted(found.seconds) == [10.0, 20.0]
    assert found.median == 15


def test_a_server_that_is_gone_tells_nothing(healthy):
    listed(healthy, finished=[record(6, 30, 50, TWO, "finished")])
    healthy.nova(f"/servers/{TWO}/os-instance-actions", 404)
    assert past_durations(Cloud(healthy.connection), Kind.COLD) is None


@pytest.mark.parametrize("kind", [Kind.LIVE, Kind.COLD])
def test_nobody_knows(healthy, kind):
    listed(healthy)
    assert past_durations(Cloud(healthy.connection), kind) is None


def test_one_move():
    assert str(PastDurations([3.0])) == "3 s here (1 move)"
