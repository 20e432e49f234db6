"""What a plan is made of, read from recorded answers."""

import pytest

from osc_migrate import errors
from osc_migrate.cloud import fleet as reading
from osc_migrate.cloud import inventory
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.fleet import PastMove
from osc_migrate.cloud.placement import Inventory
from osc_migrate.cloud.server_groups import ServerGroup
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import HOST_B, HOST_C, NOVA, VM1

SHARING = "/resource_providers?required=MISC_SHARES_VIA_AGGREGATE"


@pytest.fixture
def sky(healthy):
    healthy.nova("/os-server-groups", groups(), groups())
    healthy.placement(SHARING, {"resource_providers": []})
    holds(healthy, HOST_B, {VM1: {"VCPU": 1, "MEMORY_MB": 640}})
    healthy.placement(
        "/allocation_candidates", skies.candidates(HOST_B, HOST_C)
    )
    return healthy


def groups(*rows):
    return {"server_groups": list(rows)}


def holds(sky, provider, held):
    sky.placement(
        f"/resource_providers/{provider}/allocations",
        {
            "allocations": {
                consumer: {"resources": resources}
                for consumer, resources in held.items()
            }
        },
    )


def read(sky, *sources):
    return reading.read(Cloud(sky.connection), sources)


def test_what_is_read(sky):
    fleet = read(sky, "HostB")
    assert sorted(fleet.places) == ["HostB", "HostC"]
    # What one server may have is what the hypervisor has.
    assert fleet.places["HostC"].stock == {
        "VCPU": Inventory(15, 0, 16),
        "MEMORY_MB": Inventory(15360, 0, 16384),
        "DISK_GB": Inventory(199, 0, 200),
    }
    assert fleet.servers[VM1].host == "HostB"
    assert fleet.held == {VM1: {"VCPU": 1, "MEMORY_MB": 640}}
    assert fleet.cloud == NOVA


def test_how_much_is_asked(sky):
    """As the module says it: no request for each server or host."""
    one = {"id": "g", "name": "g", "policy": "affinity", "members": []}
    sky.nova("/os-server-groups", groups(one), groups())
    read(sky, "HostB")
    asked = [
        r
        for r in sky.mock.request_history
        # Discovery and versions, which every command asks.
        if r.path not in ("/", "/v2.1") and r.method == "GET"
    ]
    assert len(asked) == 23 + 1


def test_wishes(sky):
    tags = ["osc-migrate:never", "web"]
    row = skies.server(tags=tags, metadata={"osc-migrate": "cold"})
    sky.nova("/servers/detail", {"servers": [row]})
    server = read(sky).servers[VM1]
    assert server.tags == tuple(tags)
    assert server.metadata == {"osc-migrate": "cold"}


def test_groups(sky):
    one = {
        "id": "g",
        "name": "web",
        "policy": "anti-affinity",
        "rules": {"max_server_per_host": 2},
        "members": [VM1],
    }
    # Pages without links: it is asked until there are none left.
    sky.nova("/os-server-groups", groups(one), groups())
    (group,) = read(sky).groups
    assert group == ServerGroup(
        "g", "web", "anti-affinity", 2, frozenset({VM1})
    )
    asked = sky.calls("/os-server-groups")
    assert [r.qs["offset"] for r in asked] == [["0"], ["1"]]


def test_past_moves(sky):
    def record(status, seconds, **more):
        return skies.migration(
            status,
            id=seconds,
            updated_at=f"2026-11-23T10:00:{seconds:02}.000000",
            **more,
        )

    sky.under_way(
        record("completed", 5, instance_uuid=VM1),
        record("completed", 9, instance_uuid="gone"),
        record("confirmed", 30, migration_type="migration"),
        record("confirmed", 40, migration_type="resize"),
        record("error", 50),
    )
    assert set(read(sky).past) == {
        PastMove(False, 5, 512),
        PastMove(False, 9, None),
        PastMove(True, 30, None),
    }


def test_a_full_host_is_looked_at_by_itself(sky):
    """Placement lists only those that have memory left."""
    sky.placement("/allocation_candidates", skies.candidates(HOST_B))
    sky.placement(
        f"/resource_providers?in_tree={HOST_C}",
        {"resource_providers": [{"uuid": HOST_C, "name": "hostc.test"}]},
    )
    path = f"/resource_providers/{HOST_C}"
    sky.placement(f"{path}/usages", {"usages": {"MEMORY_MB": 15872}})
    sky.placement(
        f"{path}/inventories",
        {
            "inventories": {
                "MEMORY_MB": skies.inventory(16384, 512, 1.0)
                | {"max_unit": 8192}
            }
        },
    )
    sky.placement(f"{path}/traits", {"traits": ["CUSTOM_SSD"]})
    place = read(sky).places["HostC"]
    assert place.stock == {"MEMORY_MB": Inventory(15872, 15872, 8192)}
    assert place.traits == {"CUSTOM_SSD"}


def test_hosts_that_cannot_be_read_are_not_known(sky, monkeypatch):
    sky.placement("/allocation_candidates", skies.candidates(HOST_B))
    sky.placement(f"/resource_providers?in_tree={HOST_C}", 500)
    with pytest.raises(Unread, match="list the providers of HostC"):
        _ = read(sky).places["HostC"].stock
    monkeypatch.setattr(inventory, "CLOSER", 0)
    with pytest.raises(Unread, match="0 such hosts were looked at"):
        _ = read(sky).places["HostC"].stock
    # One that was asked for always is.
    holds(sky, HOST_C, {})
    with pytest.raises(Unread, match="list the providers"):
        _ = read(sky, "HostC").places["HostC"].stock


def test_parts_of_a_host(sky):
    body = skies.candidates(HOST_B, HOST_C)
    for name, stock in (
        ("numa0", {"PCPU": {"capacity": 4, "used": 1}}),
        ("numa1", {"PCPU": {"capacity": 4, "used": 0}}),
        ("gpu", {"VGPU": {"capacity": 2, "used": 2}}),
    ):
        body["provider_summaries"][name] = {
            "resources": stock,
            "traits": ["CUSTOM_PART"],
            "root_provider_uuid": HOST_C,
        }
    sky.placement("/allocation_candidates", body)
    place = read(sky).places["HostC"]
    assert place.spread == {"PCPU"}
    assert place.stock["VGPU"] == Inventory(2, 2)
    # Those of parts are none of the host.
    assert place.traits == frozenset()


def test_storage_that_hosts_share(sky):
    pool = "pool"
    sky.placement(
        "/resource_providers?member_of=agg",
        {"resource_providers": [{"uuid": u} for u in (pool, HOST_B, HOST_C)]},
    )
    sky.placement(
        SHARING, {"resource_providers": [{"uuid": pool, "name": "nfs"}]}
    )
    path = f"/resource_providers/{pool}"
    sky.placement(f"{path}/aggregates", {"aggregates": ["agg"]})
    sky.placement(f"{path}/usages", {"usages": {"DISK_GB": 30}})
    sky.placement(
        f"{path}/inventories",
        {"inventories": {"DISK_GB": skies.inventory(100, 10, 2.0)}},
    )
    sky.placement(f"{path}/traits", {"traits": []})
    body = skies.candidates(HOST_B, HOST_C)
    del body["provider_summaries"][HOST_C]["resources"]["DISK_GB"]
    sky.placement("/allocation_candidates", body)
    fleet = read(sky)
    assert fleet.pools == {pool: {"DISK_GB": Inventory(180, 30)}}
    assert fleet.places["HostC"].shared == {"DISK_GB": pool}
    # What a host has itself goes first.
    assert fleet.places["HostB"].shared == {}


@pytest.mark.parametrize(
    "path, what",
    [
        ("/os-services", "the compute hosts"),
        ("/servers/detail", "the servers"),
        ("/os-server-groups", "the server groups"),
    ],
)
def test_no_plan_without_these(sky, path, what):
    sky.nova(path, 403)
    with pytest.raises(errors.MigrateError, match=f"no plan .* {what}"):
        read(sky)


def test_aggregates_that_cannot_be_read_are_not_known(sky):
    sky.nova("/os-aggregates", 403)
    with pytest.raises(Unread):
        _ = read(sky).aggregates


def test_no_such_host(sky):
    with pytest.raises(errors.NotFound, match="HostX"):
        read(sky, "HostX")
    # By the name of its hypervisor it is found.
    assert read(sky, "hostb.test").held


@pytest.mark.parametrize(
    "wanted, words",
    [
        ("vm1", "did you mean: openstack migrate drain --server vm1"),
        ("HostBB", "did you mean HostB"),
    ],
)
def test_what_is_not_a_host_has_a_suggestion(sky, wanted, words):
    with pytest.raises(errors.NotFound, match=words):
        read(sky, wanted)


def test_paused_servers_are_asked_for_alone(sky):
    assert read(sky, "HostB").paused == {}
    sky.nova("/servers/detail", {"servers": [skies.server(status="PAUSED")]})
    # Neither answer is there.
    pause = read(sky, "HostB").paused[VM1]
    with pytest.raises(Unread):
        pause.paused_at  # noqa: B018
