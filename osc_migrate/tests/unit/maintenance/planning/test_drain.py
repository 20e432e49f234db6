"""Where to, in which order, and how long it takes."""

import pytest

from osc_migrate.cloud.fleet import PastMove
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.placement import Inventory
from osc_migrate.errors import NotFound
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import Limits, Request
from osc_migrate.maintenance.planning.plan import Way
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.maintenance.planning.drains import (
    HOSTS,
    OFF,
    drain,
    only,
)
from osc_migrate.tests.unit.maintenance.planning.fleets import (
    fleet,
    group,
    place,
    server,
    stock,
    uuid,
)


def test_what_the_plan_itself_fills():
    plan = drain(
        server(1, ram=4096),
        server(2, ram=4096),
        hosts=[place("HostB"), place("HostC", stock=stock(memory=4096))],
    )
    assert len(plan.steps) == 1
    assert "after the other moves" in plan.stays[0].reasons[0]
    assert plan.room["HostC"]["MEMORY_MB"].free == 0
    assert plan.reasons == ("HostB is not emptied: 1 cannot move",)


def test_members_of_a_group_move_one_at_a_time():
    plan = drain(
        *(server(n) for n in range(6)),
        groups=(group("soft-anti-affinity", 0, 1, 2),),
    )
    waves = {step.id: step.wave for step in plan.steps}
    assert len({waves[uuid(n)] for n in range(3)}) == 3
    # And the others go beside them, two a wave.
    assert sorted(waves.values()) == [0, 0, 1, 1, 2, 2]
    # Each gets a separate host while any is left.
    hosts = [s.destination for s in plan.steps if s.id in map(uuid, range(3))]
    assert len(set(hosts)) == 2


def test_hard_groups():
    """Two free hosts, one of which has a member already."""
    servers = [*(server(n) for n in range(3)), server(9, "HostC")]
    plan = drain(*servers, groups=(group("anti-affinity", 0, 1, 2, 9),))
    (step,) = plan.steps
    assert step.destination == "HostD"
    assert len(plan.stays) == 2
    two = group("anti-affinity", 0, 1, 2, 9, max_per_host=2)
    plan = drain(*servers, groups=(two,))
    assert sorted(s.destination for s in plan.steps) == [
        "HostC",
        "HostD",
        "HostD",
    ]


def test_nobody_leaves_an_affinity_group():
    plan = drain(server(1), groups=(group("affinity", 1),))
    assert "affinity group 'g1'" in only(plan).reasons[0]


def test_nobody_is_lost_who_would_join_one_that_leaves():
    """A torn group: each would go where the other is."""
    torn = fleet(
        [place("HostB"), place("HostC")],
        [server(1), server(2, "HostC")],
        groups=(group("affinity", 1, 2),),
    )
    plan = planning.drain(torn, Request(servers=(uuid(1), uuid(2))))
    assert len(plan.steps) == len(plan.stays) == 1
    assert "affinity group" in plan.stays[0].reasons[0]


def test_one_that_others_are_moving_counts_where_it_goes():
    record = Migration(
        7, None, "running", "live-migration", "HostD", "HostC",
        server_id=uuid(9),
    )  # fmt: skip
    plan = drain(
        server(1),
        server(9, "HostD", task_state="migrating"),
        groups=(group("anti-affinity", 1, 9),),
        under_way=(record,),
    )
    assert only(plan).reasons[0].endswith("(HostC, HostD)")


def test_waves_are_no_larger_than_asked():
    plan = drain(
        *(server(n) for n in range(10)), asked={"limits": Limits(wave=4)}
    )
    sizes = [sum(s.wave == w for s in plan.steps) for w in range(3)]
    assert sizes == [4, 4, 2]


def test_hosts_are_emptied_one_after_the_other():
    plan = drain(server(1), server(2, "HostC"), of=("HostC", "HostB"))
    assert [s.source for s in plan.steps] == ["HostC", "HostB"]
    assert [s.destination for s in plan.steps] == ["HostD", "HostD"]
    assert [s.wave for s in plan.steps] == [0, 1]


def test_just_some_servers():
    plan = planning.drain(
        fleet(HOSTS, [server(1), server(2), server(3, "HostC")]),
        Request(servers=(uuid(1), uuid(3), uuid(1))),
    )
    assert {s.id for s in plan.steps} == {uuid(1), uuid(3)}
    assert plan.sources == ("HostB", "HostC")


def test_only_to_some_hosts():
    asked = {"to": ("HostD",)}
    assert only(drain(server(1), asked=asked)).destination == "HostD"


def test_what_only_the_scheduler_can_place_goes_last():
    vgpu = {"resources:VGPU": "1"}
    plan = drain(server(1, specs=vgpu), server(2), nova=(2, 1))
    # Too old to move a virtual GPU live.
    assert len(plan.stays) == 0 or "vgpus" in plan.stays[0].reasons[0]
    plan = drain(server(1, specs=vgpu, **OFF), server(2))
    assert [s.destination is None for s in plan.steps] == [False, True]
    assert plan.steps[1].wave == 1
    assert "left to the scheduler" in plan.steps[1].reason
    plan = drain(server(1, specs=vgpu, **OFF), asked={"to": ("HostC",)})
    assert "--to" in only(plan).reasons[0]


def test_storage_that_hosts_share_holds_both_sides():
    shared = {"shared": {"DISK_GB": "pool"}}
    room = {k: v for k, v in stock().items() if k != "DISK_GB"}
    hosts = [place(n, stock=room, **shared) for n in ("HostB", "HostC")]
    big = {
        "flavor": shapes.flavor().but(disk=60)
    }  # fmt: skip
    plan = drain(
        server(1, **big),
        hosts=hosts,
        pools={"pool": {"DISK_GB": Inventory(100, 60)}},
    )
    assert "no 60 DISK_GB left" in only(plan).reasons[0]
    plan = drain(
        server(1, **big),
        hosts=hosts,
        pools={"pool": {"DISK_GB": Inventory(120, 60)}},
    )
    assert only(plan).destination == "HostC"
    assert plan.room["pool"]["DISK_GB"].free == 60


def test_unknown_names():
    with pytest.raises(NotFound, match="no compute host is called 'HostX'"):
        drain(of=("HostX",))
    with pytest.raises(NotFound, match="'HostX'"):
        drain(asked={"to": ("HostX",)})
    with pytest.raises(NotFound, match="no server is called"):
        drain(asked={"servers": (uuid(7),)})


def test_the_time_it_takes():
    plan = drain(
        server(1),
        server(2),
        server(3, **OFF),
        past=(PastMove(False, 10), PastMove(False, 30), PastMove(False, 20)),
    )
    assert [s.seconds for s in plan.steps if s.way is Way.LIVE] == [20, 20]
    # Of a cold one nothing is known, so of all of it neither.
    assert plan.seconds is None
    plan = drain(server(1), server(2), past=(PastMove(False, 10),))
    # Nova sends one at a time from a host.
    assert plan.seconds == 20


def failed(*destinations, status="error"):
    return tuple(
        shapes.migration(
            status, id=number, server_id=uuid(number), destination=name
        )
        for number, name in enumerate(destinations, 50)
    )


def test_a_host_where_moves_just_failed_is_the_last_choice():
    both = [server(1, ram=4096), server(2, ram=4096)]
    hosts = [
        place("HostB"),
        place("HostC"),
        place("HostD", stock=stock(memory=4096)),
    ]
    plan = drain(*both, hosts=hosts, recent=failed("HostC", "HostC", "HostC"))
    to = {step.destination: step for step in plan.steps}
    # As many as have room go elsewhere, and the rest goes there with a note.
    assert set(to) == {"HostC", "HostD"}
    assert "recent-moves-succeeded: the last 3 moves" in to["HostC"].reason
    assert "recent-moves" not in to["HostD"].reason


def test_the_history_can_be_ignored():
    plan = drain(
        server(1),
        hosts=[place("HostB"), place("HostC")],
        recent=failed("HostC", "HostC", "HostC"),
        asked={"ignored": frozenset({"recent-moves-succeeded"})},
    )
    assert "recent" not in plan.steps[0].reason


def test_one_success_clears_the_history():
    plan = drain(
        server(1),
        hosts=[place("HostB"), place("HostC")],
        recent=(
            *failed("HostC", "HostC", "HostC"),
            shapes.migration("completed", id=90, server_id=uuid(9)),
        ),
    )
    assert "recent" not in plan.steps[0].reason
