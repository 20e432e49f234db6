import pytest

from osc_migrate.checks import registry
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.whole_cloud import whole_cloud
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import HOST_B, HOST_C, VM1, Sky

PORT = "22222222-2222-2222-2222-222222222222"


@pytest.fixture
def cloud(healthy):
    images = {"id": skies.IMAGE, "properties": {"hw_machine_type": "q35"}}
    healthy.nova("/servers/detail", {"servers": [skies.server(image=images)]})
    used(healthy, {HOST_B: 512, HOST_C: 0})
    return healthy


def used(sky, amounts):
    """What placement says is used of each provider's memory."""
    summaries = {
        provider: {
            "resources": {"MEMORY_MB": {"capacity": 16384, "used": amount}},
            "root_provider_uuid": provider,
        }
        for provider, amount in amounts.items()
    }
    sky.placement(
        "/allocation_candidates",
        {"allocation_requests": [], "provider_summaries": summaries},
    )


def consumers(sky, provider, *names):
    sky.placement(
        f"/resource_providers/{provider}/allocations",
        {"allocations": {name: {"resources": {}} for name in names}},
    )


def test_a_healthy_cloud(cloud):
    found = whole_cloud(Cloud(cloud.connection))
    report = registry.judge_cloud(found)
    assert [f for f in report if f.status > Status.SKIP] == []


def test_books_that_agree_need_no_closer_look(cloud):
    whole_cloud(Cloud(cloud.connection))
    assert not cloud.calls("/allocations")


def test_an_orphan_is_found_by_its_host(cloud):
    used(cloud, {HOST_B: 512, HOST_C: 2048})
    consumers(cloud, HOST_C, "dead")
    found = whole_cloud(Cloud(cloud.connection))
    assert found.orphans == {"HostC": ("dead",)}


def test_what_moves_is_no_orphan(cloud):
    record = skies.migration("running", instance_uuid=VM1)
    cloud.under_way(record)
    used(cloud, {HOST_B: 512, HOST_C: 512})
    consumers(cloud, HOST_C, record["uuid"], VM1)
    assert whole_cloud(Cloud(cloud.connection)).orphans == {}


def test_what_waits_to_be_confirmed_is_no_orphan(cloud):
    waiting = skies.server(status="VERIFY_RESIZE")
    cloud.nova("/servers/detail", {"servers": [waiting]})
    record = skies.migration("finished")
    cloud.under_way(record)
    used(cloud, {HOST_B: 512, HOST_C: 512})
    consumers(cloud, HOST_C, record["uuid"])
    assert whole_cloud(Cloud(cloud.connection)).orphans == {}


def test_a_full_host_is_looked_at_closer(cloud):
    used(cloud, {HOST_B: 512})  # HostC has nothing left, so is not listed
    consumers(cloud, HOST_C)
    assert whole_cloud(Cloud(cloud.connection)).orphans == {}
    assert len(cloud.calls(f"/{HOST_C}/allocations")) == 1


def test_a_stale_binding_is_found_after_a_failed_move(cloud):
    cloud.under_way(skies.migration("error", instance_uuid=VM1))
    cloud.neutron(
        "/ports",
        {
            "ports": [
                {"id": PORT, "network_id": "n", "binding:vnic_type": "normal"}
            ]
        },
    )
    cloud.neutron(
        "/networks/n", {"network": {"provider:physical_network": None}}
    )
    cloud.neutron(
        f"/ports/{PORT}/bindings",
        {
            "bindings": [
                {"host": "HostB", "status": "ACTIVE"},
                {"host": "HostC", "status": "INACTIVE"},
            ]
        },
    )
    found = whole_cloud(Cloud(cloud.connection))
    assert found.stale_bindings == {PORT: ("HostB", "HostC")}


def test_no_failed_move_no_request_to_neutron(cloud):
    whole_cloud(Cloud(cloud.connection))
    assert not cloud.calls("/ports")


@pytest.mark.parametrize(
    "path, unread",
    [
        ("/os-services", {"services", "hosts", "orphans", "unseen"}),
        (
            "/servers/detail",
            {"servers", "orphans", "unseen", "stale_bindings"},
        ),
    ],
)
def test_what_cannot_be_read_spoils_only_what_needs_it(cloud, path, unread):
    cloud.nova(path, 500)
    found = whole_cloud(Cloud(cloud.connection))
    spoilt = set()
    for name in found.__dataclass_fields__:
        try:
            getattr(found, name)
        except Unread:
            spoilt.add(name)
    assert spoilt == unread


def test_an_old_nova_cannot_list_failed_moves(mock):
    sky = Sky(mock, "2.58")
    sky.healthy()
    used(sky, {HOST_B: 512, HOST_C: 0})
    found = whole_cloud(Cloud(sky.connection))
    with pytest.raises(Unread, match=r"2\.59"):
        _ = found.stale_bindings
    assert found.orphans == {}


def test_requests_do_not_grow_with_hosts_or_servers(cloud):
    whole_cloud(Cloud(cloud.connection))
    few = len(cloud.mock.request_history)
    hosts = [f"Host{n}" for n in range(300)]
    cloud.nova("/os-services", {"services": [skies.service(h) for h in hosts]})
    cloud.nova(
        "/os-hypervisors/detail",
        {"hypervisors": [skies.hypervisor(h, f"id-{h}") for h in hosts]},
    )
    servers = [
        skies.server(id=f"{host}-{n}", **{"OS-EXT-SRV-ATTR:host": host})
        for host in hosts
        for n in range(10)
    ]
    cloud.nova("/servers/detail", {"servers": servers})
    used(cloud, {f"id-{host}": 5120 for host in hosts})
    found = whole_cloud(Cloud(cloud.connection))
    assert found.orphans == {}
    # The second Cloud asks each service for its version again.
    assert len(cloud.mock.request_history) - few <= few
