"""What of a cloud's answers becomes a fact of a move."""

import pytest

from osc_migrate.cloud import move_facts
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import HOST_B, HOST_C, IMAGE, VM1, Sky

VOLUME = "55555555-5555-5555-5555-555555555555"
PORT = "66666666-6666-6666-6666-666666666666"
NETWORK = "44444444-4444-4444-4444-444444444444"
GROUP = "88888888-8888-8888-8888-888888888888"


def read(sky, host="HostC"):
    return move_facts.read_move(Cloud(sky.connection), "vm1", host)


def servers(sky, **changes):
    shown = skies.server(**changes)
    sky.nova(f"/servers/{VM1}", {"server": shown})
    sky.nova("/servers/detail", {"servers": [shown]})


def from_volume(sky, **changes):
    servers(
        sky,
        image="",
        **{"os-extended-volumes:volumes_attached": [{"id": VOLUME}]},
    )
    volume = {
        "id": VOLUME,
        "status": "in-use",
        "multiattach": False,
        "availability_zone": "nova",
        "bootable": "true",
    }
    sky.cinder(f"/volumes/{VOLUME}", {"volume": volume | changes})


def with_port(sky, **changes):
    port = {"id": PORT, "network_id": NETWORK, "binding:vnic_type": "normal"}
    network = {"id": NETWORK, "provider:physical_network": "physnet1"}
    sky.neutron("/ports", {"ports": [port | changes]})
    sky.neutron(f"/networks/{NETWORK}", {"network": network})
    bindings = [{"host": "HostB", "status": "ACTIVE"}]
    sky.neutron(f"/ports/{PORT}/bindings", {"bindings": bindings})


def test_without_a_destination_nobody_asks_what_arrives_there(healthy):
    found = read(healthy, None)
    assert found.destination is None
    assert found.migrations == ()
    asked = [call.qs for call in healthy.calls("/os-migrations")]
    assert asked
    assert not any("status" in query for query in asked)


def test_with_one_it_is_asked(healthy):
    read(healthy)
    asked = [call.qs for call in healthy.calls("/os-migrations")]
    assert ["running"] in [query.get("status") for query in asked]


def test_roles_are_those_of_the_token(healthy):
    healthy.roles = ["manager", "member"]
    assert read(healthy).roles == {"manager", "member"}


def test_who_holds_the_allocation(healthy):
    resources = {"resources": {"VCPU": 1}}
    shared = {"resources": {"DISK_GB": 1}}
    healthy.placement(
        f"/allocations/{VM1}",
        {
            "allocations": {
                HOST_B: resources,
                HOST_C: resources,
                "a-sharing-provider": shared,
            }
        },
    )
    room = read(healthy).room
    assert room.holders == {"HostB": HOST_B, "HostC": HOST_C}
    assert room.asked == {"VCPU": 2, "DISK_GB": 1}


def test_image_properties_are_those_of_nova(healthy):
    image = {"id": IMAGE, "properties": {"hw_tpm_version": "2.0"}}
    servers(healthy, image=image)
    found = read(healthy).server.image_properties
    assert found == {"hw_tpm_version": "2.0"}


def test_required_traits_of_the_image_are_those_of_glance(healthy):
    image = {"id": IMAGE, "status": "active", "trait:CUSTOM_X": "required"}
    healthy.glance(f"/images/{IMAGE}", image)
    found = read(healthy).server.image_properties
    assert found == {"trait:CUSTOM_X": "required"}
    (asked,) = healthy.calls("/allocation_candidates")
    assert asked.qs["required"] == ["custom_x"]


def test_an_old_nova_shows_no_image_properties_but_glance_does(mock):
    sky = Sky(mock, newest="2.96")
    sky.healthy()
    servers(sky, image={"id": IMAGE})
    image = {"id": IMAGE, "status": "active", "hw_tpm_version": "2.0"}
    sky.glance(f"/images/{IMAGE}", image | {"min_ram": 0})
    found = read(sky)
    assert found.server.image_properties["hw_tpm_version"] == "2.0"
    assert found.image_exists


def test_the_properties_of_an_image_that_is_gone_are_not_known(mock):
    sky = Sky(mock, newest="2.96")
    sky.healthy()
    servers(sky, image={"id": IMAGE})
    sky.glance(f"/images/{IMAGE}", 404)
    found = read(sky)
    assert not found.image_exists
    with pytest.raises(Unread, match="is gone"):
        _ = found.server.image_properties


def test_glance_down_leaves_only_the_image_unread(healthy):
    healthy.glance(f"/images/{IMAGE}", 503)
    found = read(healthy)
    assert found.server.image_properties == {}
    with pytest.raises(Unread, match="show image"):
        _ = found.image_exists


def test_a_volume_tells_of_its_image(healthy):
    properties = {"hw_tpm_version": "2.0"}
    from_volume(healthy, volume_image_metadata=properties)
    found = read(healthy)
    assert found.server.image_properties == properties
    assert found.image_exists


def test_a_volume_for_data_tells_nothing_of_the_server(healthy):
    properties = {"hw_tpm_version": "2.0"}
    from_volume(healthy, volume_image_metadata=properties, bootable="false")
    assert read(healthy).server.image_properties == {}


def test_cinder_down_leaves_volumes_and_their_images_unread(healthy):
    from_volume(healthy)
    healthy.cinder(f"/volumes/{VOLUME}", 503)
    found = read(healthy)
    for look in (lambda: found.volumes, lambda: found.server.image_properties):
        with pytest.raises(Unread, match="show volume"):
            look()


def test_groups_are_asked_of_the_one_server(healthy):
    # A list of servers has no 'server_groups'.
    row = skies.server()
    del row["server_groups"]
    other = skies.server(id="2", **{"OS-EXT-SRV-ATTR:host": "HostC"})
    shown = {"server": skies.server(server_groups=[GROUP])}
    healthy.nova("/servers/detail", {"servers": [row]}, {"servers": [other]})
    healthy.nova(f"/servers/{VM1}", shown)
    group = {
        "name": "apart",
        "policy": "anti-affinity",
        "rules": {},
        "members": [VM1, "2"],
    }
    healthy.nova(f"/os-server-groups/{GROUP}", {"server_group": group})
    (found,) = read(healthy).groups
    assert (found.policy, found.members) == ("anti-affinity", {"HostC": 1})


def test_an_old_nova_has_no_shares(mock):
    sky = Sky(mock, newest="2.96")
    sky.healthy()
    sky.nova(f"/servers/{VM1}/shares", 404)
    assert read(sky).shares == ()


def test_shares_that_the_users_bound_hides_are_unread(mock):
    sky = Sky(mock, compute_default_microversion="2.90")
    sky.healthy()
    found = read(sky)
    assert found.nova == (2, 104)
    with pytest.raises(Unread, match=r"from microversion 2\.97"):
        _ = found.shares


@pytest.mark.parametrize(
    "info, features",
    [
        ({"features": ["avx2"]}, {"avx2"}),
        ('{"features": ["avx2"]}', {"avx2"}),  # before 2.28
        ({}, set()),
        ("", set()),
    ],
)
def test_cpu_features_of_any_driver_and_version(healthy, info, features):
    row = skies.hypervisor("HostC", HOST_C, cpu_info=info)
    healthy.nova("/os-hypervisors/detail", {"hypervisors": [row]})
    found = read(healthy).destination.hypervisor
    assert found.cpu_features == features


def test_odd_cpu_info_is_unread_alone(healthy):
    row = skies.hypervisor("HostC", HOST_C, cpu_info="{")
    healthy.nova("/os-hypervisors/detail", {"hypervisors": [row]})
    found = read(healthy).destination.hypervisor
    assert found.vcpus == 16
    with pytest.raises(Unread, match="unexpected JSON"):
        _ = found.cpu_features


@pytest.mark.parametrize(
    "configurations, networks",
    [
        ({"bridge_mappings": {"physnet1": "br-ex"}}, {"physnet1"}),
        ({"bridge-mappings": "physnet1:br-ex,two:br2"}, {"physnet1", "two"}),
        ({"bridge-mappings": ""}, set()),
        ({"device_mappings": {"physnet2": ["ens1"]}}, {"physnet2"}),
        ({}, None),
    ],
)
def test_every_kind_of_agent_tells_its_networks(
    healthy, configurations, networks
):
    agent = {
        "agent_type": "Open vSwitch agent",
        "host": "HostC",
        "alive": True,
        "admin_state_up": True,
        "configurations": configurations,
    }
    healthy.neutron("/agents", {"agents": [agent]})
    (found,) = read(healthy).agents
    assert found.physical_networks == networks


def test_what_neutron_says_of_a_port(healthy):
    with_port(
        healthy,
        status="DOWN",
        admin_state_up=True,
        mac_address="FA:16:3E:00:00:01",
    )
    network = {"provider:physical_network": None, "mtu": 1450}
    healthy.neutron(f"/networks/{NETWORK}", {"network": network})
    facts = read(healthy)
    (port,) = facts.ports
    assert (port.status, port.mac) == ("DOWN", "fa:16:3e:00:00:01")
    assert port.mtu == 1450
    assert facts.ports_down == (port,)


def test_a_port_is_read_with_its_bindings(healthy):
    with_port(healthy)
    (port,) = read(healthy).ports
    assert port.bindings == {"HostB": "ACTIVE"}
    assert port.physical_network == "physnet1"


@pytest.mark.parametrize("trouble", [403, 404])
def test_bindings_that_nobody_shows_leave_the_port_readable(healthy, trouble):
    with_port(healthy)
    healthy.neutron(f"/ports/{PORT}/bindings", trouble)
    (port,) = read(healthy).ports
    assert port.vnic_type == "normal"
    with pytest.raises(Unread, match="list the bindings"):
        _ = port.bindings
