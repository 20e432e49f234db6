"""Which way, where to, in which order, and why not."""

import dataclasses

import pytest

from osc_migrate import plans
from osc_migrate.errors import NotFound
from osc_migrate.model.facts import Aggregate, Migration, Unread
from osc_migrate.model.fleet import Past, Stock
from osc_migrate.model.plan import Stay, Step, Way
from osc_migrate.plans import Limits, Request
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.plans.fleets import (
    fleet,
    group,
    place,
    server,
    stock,
    uuid,
)

HOSTS = [place("HostB"), place("HostC"), place("HostD")]


def drain(*servers, hosts=HOSTS, of=("HostB",), asked=None, **facts):
    return plans.drain(
        fleet(list(hosts), list(servers), **facts),
        Request(hosts=of, **(asked or {})),
    )


def only(plan):
    (one,) = (*plan.steps, *plan.stays)
    return one


OFF = {"status": "SHUTOFF", "power_state": 4}
PAUSED = {"status": "PAUSED", "power_state": 3}
VTPM = {"specs": {"hw:tpm_version": "2.0"}}


def tagged(*words):
    return {"tags": tuple(f"osc-migrate:{word}" for word in words)}


@pytest.mark.parametrize(
    "changes, asked, way",
    [
        ({}, {}, "live"),
        (PAUSED, {}, "live"),
        (OFF, {}, "cold"),
        ({}, {"block": True}, "block"),
        ({"image_id": None}, {"block": True}, "live"),
        ({}, {"cold_running": True}, "live"),
        (VTPM, {"cold_running": True}, "cold"),
        (tagged("cold"), {}, "cold"),
        (tagged("live"), {}, "live"),
        ({**OFF, **tagged("live")}, {}, "cold"),
        (tagged("stop"), {}, "stop"),
        (tagged("notify"), {"notified": True}, "live"),
        (tagged("notify", "cold"), {"notified": True}, "cold"),
        ({"metadata": {"osc-migrate": "notify, Cold"}}, {"notified": True},
         "cold"),
        ({"tags": ("web", "osc-migrate")}, {}, "live"),
        ({"locked": True}, {"ignored": {"server-is-unlocked"}}, "live"),
    ],
)  # fmt: skip
def test_the_way(changes, asked, way):
    step = only(drain(server(1, **changes), asked=asked))
    assert isinstance(step, Step)
    assert step.way == way
    assert (step.destination is None) == (way == "stop")
    # A wish is shown.
    wished = "osc-migrate:" in str(changes) or "metadata" in changes
    assert any(note.startswith("wish: ") for note in step.notes) is wished


@pytest.mark.parametrize(
    "changes, asked, reason, wanted",
    [
        (tagged("never"), {}, "its wish: never", True),
        ({"metadata": {"osc-migrate": "never"}}, {}, "its wish: never", True),
        (tagged("notify"), {}, "its wish: notify", True),
        ({**OFF, **tagged("stop")}, {}, "SHUTOFF already", True),
        ({**PAUSED, **tagged("stop")}, {}, "but it is PAUSED", False),
        (tagged("maybe"), {}, "its wish 'maybe' is none of", False),
        (tagged("cold", "live"), {}, "cold and live", False),
        ({"tags": Unread("too old")}, {}, "wishes are not known", False),
        ({"status": "SUSPENDED"}, {}, "server-is-running: the server is"
         " SUSPENDED", False),
        ({"status": "RESCUE"}, {}, "is RESCUE", False),
        ({"status": "SHELVED"}, {}, "is SHELVED", False),
        ({"status": "ERROR"}, {}, "is ERROR", False),
        ({"status": "VERIFY_RESIZE"}, {}, "waits to be confirmed", False),
        ({"task_state": "rebuilding"}, {}, "busy with it", False),
        ({"task_state": "migrating"}, {}, "server-is-not-being-moved", False),
        ({"power_state": 4}, {}, "guest-is-on", False),
        ({"locked": True}, {}, "server-is-unlocked", False),
        (VTPM, {}, "guest-tpm-can-move", False),
        ({**VTPM, **tagged("live")}, {"cold_running": True},
         "guest-tpm-can-move", False),
        ({"flavor": Unread("hidden")}, {}, "not known: hidden", False),
    ],
)  # fmt: skip
def test_what_stays(changes, asked, reason, wanted):
    plan = drain(server(1, **changes), asked=asked)
    stay = only(plan)
    assert isinstance(stay, Stay)
    assert reason in "; ".join(stay.reasons)
    assert stay.wanted is wanted
    assert plan.reasons


QEMU = shapes.hypervisor()


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"status": "disabled"}, "destination-is-enabled"),
        ({"state": "down"}, "destination-is-up"),
        ({"forced_down": True, "state": "down"}, "forced-down"),
        ({"hypervisor": QEMU.but(type="ESXi")}, "the-same-hypervisor"),
        ({"hypervisor": QEMU.but(version=7)}, "is-not-older"),
        ({"hypervisor": QEMU.but(cpu_features=frozenset({"pcid"}))},
         "cpu-has-every-feature: missing there: avx2"),
        ({"stock": stock(memory=1023)}, "no 1024 MEMORY_MB left"),
        ({"stock": stock(vcpu_used=16)}, "no 1 VCPU left"),
        ({"stock": stock() | {"VCPU": Stock(160, 0, most=0)}}, "no 1 VCPU"),
        ({"stock": {}}, "no "),
        ({"stock": Unread("403")}, "its room is not known: 403"),
        ({"spread": frozenset({"VCPU"})}, "several parts of the host"),
    ],
)  # fmt: skip
def test_a_host_that_does_not_do(changes, reason):
    stay = only(
        drain(server(1), hosts=[place("HostB"), place("HostC", **changes)])
    )
    assert isinstance(stay, Stay)
    assert reason in "; ".join(stay.reasons)
    assert "(HostC)" in stay.reasons[0]


@pytest.mark.parametrize(
    "changes, metadata, fits",
    [
        ({"pinned_zone": "az1"}, {"availability_zone": "az1"}, False),
        ({"pinned_zone": None}, {"availability_zone": "az1"}, True),
        ({}, {"filter_tenant_id": "other"}, False),
        ({}, {"filter_tenant_id": f"x,{shapes.server().project_id}"}, True),
        ({}, {"trait:CUSTOM_GOLD": "required"}, False),
        ({}, {"ssd": "true"}, True),
        ({"specs": {"aggregate_instance_extra_specs:ssd": "true"}},
         {"ssd": "true"}, True),
        ({"specs": {"aggregate_instance_extra_specs:ssd": "true"}}, {},
         False),
    ],
)  # fmt: skip
def test_zones_and_aggregates(changes, metadata, fits):
    zone = metadata.get("availability_zone", "nova")
    inside = "HostB" if zone != "nova" else "HostC"
    plan = drain(
        server(1, **changes),
        hosts=[place("HostB", zone=zone), place("HostC")],
        aggregates=(Aggregate("a1", frozenset({inside}), metadata),),
    )
    assert bool(plan.steps) is fits


@pytest.mark.parametrize(
    "specs, traits, fits",
    [
        ({"trait:CUSTOM_SSD": "required"}, set(), False),
        ({"trait:CUSTOM_SSD": "required"}, {"CUSTOM_SSD"}, True),
        ({"trait:CUSTOM_SSD": "forbidden"}, {"CUSTOM_SSD"}, False),
        ({"trait:CUSTOM_SSD": "forbidden"}, set(), True),
    ],
)
def test_traits(specs, traits, fits):
    plan = drain(
        server(1, specs=specs),
        hosts=[place("HostB"), place("HostC", traits=frozenset(traits))],
    )
    assert bool(plan.steps) is fits


def test_the_fewest_reasons_that_decide():
    """Both hosts are disabled, and one is full too: one reason says it."""
    stay = only(
        drain(
            server(1),
            hosts=[
                place("HostB"),
                place("HostC", status="disabled", stock=stock(memory=1)),
                place("HostD", status="disabled"),
            ],
        )
    )
    (reason,) = stay.reasons
    assert reason.startswith("destination-is-enabled")
    assert reason.endswith("(HostC, HostD)")


def test_many_hosts_are_counted_not_listed():
    hosts = [place(f"Host{n}", status="disabled") for n in range(9)]
    stay = only(drain(server(1), hosts=[place("HostB"), *hosts]))
    assert stay.reasons[0].endswith("(Host0, Host1, Host2 and 6 more)")


def test_no_other_host():
    stay = only(drain(server(1), hosts=[place("HostB")]))
    assert stay.reasons == ("there is no other host",)


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
    # Each finds a host of its own, as far as there are any.
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
    plan = plans.drain(torn, Request(servers=(uuid(1), uuid(2))))
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
    plan = plans.drain(
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
        pools={"pool": {"DISK_GB": Stock(100, 60)}},
    )
    assert "no 60 DISK_GB left" in only(plan).reasons[0]
    plan = drain(
        server(1, **big),
        hosts=hosts,
        pools={"pool": {"DISK_GB": Stock(120, 60)}},
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
        past=(Past(False, 10), Past(False, 30), Past(False, 20)),
    )
    assert [s.seconds for s in plan.steps if s.way is Way.LIVE] == [20, 20]
    # Of a cold one nothing is known, so of all of it neither.
    assert plan.seconds is None
    plan = drain(server(1), server(2), past=(Past(False, 10),))
    # Nova sends one at a time from a host.
    assert plan.seconds == 20


# -- one step anew


def first(plan):
    return plan.steps[0]


def test_anew_elsewhere():
    one = fleet(HOSTS, [server(1)])
    request = Request(hosts=("HostB",))
    step = first(plans.drain(one, request))
    other = plans.again(one, step, request, {step.destination})
    assert other.destination not in (step.destination, "HostB")
    assert (other.order, other.wave) == (step.order, step.wave)
    none = plans.again(one, step, request, {"HostC", "HostD"})
    assert isinstance(none, Stay)
    assert none.reasons == ("it did not take it (HostC, HostD)",)


def test_anew_keeps_the_room_of_those_ahead():
    hosts = [place("HostB"), place("HostC", stock=stock(memory=1024)),
             place("HostD", stock=stock(memory=1024))]  # fmt: skip
    one = fleet(hosts, [server(1), server(2)])
    request = Request(hosts=("HostB",))
    step, ahead = plans.drain(one, request).steps
    assert isinstance(
        plans.again(one, step, request, {step.destination}, ahead=[ahead]),
        Stay,
    )
    assert isinstance(
        plans.again(one, step, request, {step.destination}), Step
    )


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"host": "HostD"}, "it is on HostD, not on HostB"),
        ({"status": "ERROR"}, "is ERROR"),
        ({"tags": ("osc-migrate:never",)}, "its wish: never"),
        (None, "does not exist any more"),
    ],
)
def test_drift(changes, reason):
    request = Request(hosts=("HostB",))
    step = first(plans.drain(fleet(HOSTS, [server(1)]), request))
    now = [] if changes is None else [server(1, **changes)]
    stay = plans.again(fleet(HOSTS, now), step, request)
    assert isinstance(stay, Stay)
    assert reason in "; ".join(stay.reasons)


# -- and back


def test_back():
    one = fleet(
        HOSTS,
        [server(1, "HostC"), server(2, "HostB"), server(3, "HostD")],
    )
    plan = plans.back(
        one, {uuid(1): "HostB", uuid(2): "HostB", uuid(8): "HostB"}, Request()
    )
    assert [(s.id, s.destination) for s in plan.steps] == [(uuid(1), "HostB")]
    assert [s.id for s in plan.stays] == [uuid(8)]
    assert plan.reasons == ("1 do not come back",)


def test_back_to_a_home_that_will_be_enabled():
    hosts = [place("HostB", status="disabled"), place("HostC")]
    one = fleet(hosts, [server(1, "HostC")])
    homes = {uuid(1): "HostB"}
    assert not plans.back(one, homes, Request()).steps
    request = Request(enabled=frozenset({"HostB"}))
    assert plans.back(one, homes, request).steps


def test_back_in_the_order_that_has_room():
    """Both full: the one with a free corner has to wait for nobody."""
    hosts = [
        place("HostB", stock=stock(memory=3072)),
        place("HostC", stock=stock(memory=2048)),
    ]
    one = fleet(
        hosts,
        [server(1, "HostC", ram=2048), server(2, "HostB", ram=2048)],
    )
    plan = plans.back(one, {uuid(1): "HostB", uuid(2): "HostC"}, Request())
    assert not plan.steps
    roomy = dataclasses.replace(
        Stock(4096, 2048)
    )  # HostB can hold both for a while
    one = one.but(
        places={
            **one.places,
            "HostB": one.places["HostB"].but(
                stock=one.places["HostB"].stock | {"MEMORY_MB": roomy}
            ),
        }
    )
    plan = plans.back(one, {uuid(2): "HostC", uuid(1): "HostB"}, Request())
    assert [s.id for s in plan.steps] == [uuid(1), uuid(2)]
    assert [s.wave for s in plan.steps] == [0, 1]
