import json

import pytest

from osc_migrate import errors
from osc_migrate.commands.describe_resource import DescribeResource
from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.sky import PROJECT, Sky

OTHER = "f" * 32


@pytest.fixture
def cloud(healthy):
    healthy.keystone(
        "/projects",
        {
            "projects": [
                {"id": PROJECT, "name": "web"},
                {"id": 7},
            ]
        },
    )
    return healthy


def run(sky, *words, host="HostB"):
    desk = Desk(Mover(sky.connection))
    desk.run(DescribeResource, host, "-f", "json", *words)
    return [tuple(row.values()) for row in json.loads(desk.out)]


def servers(sky, *changes, **more):
    rows = [skies.server(id=str(n), **c) for n, c in enumerate(changes)]
    sky.nova("/servers/detail", {"servers": rows, **more})


def test_the_rows_of_the_old_command(cloud):
    servers(
        cloud,
        {},
        {"status": "SHUTOFF"},
        {
            "tenant_id": OTHER,
            "flavor": skies.flavor(
                vcpus=4, ram=8, disk=2, ephemeral=3, swap=99
            ),
        },
    )
    assert run(cloud) == [
        ("HostB", "(total)", 16, 16384, 200),
        ("HostB", "(used_now)", 1, 1024, 1),
        ("HostB", "(used_max)", 6, 1032, 7),
        ("HostB", OTHER, 4, 8, 5),
        ("HostB", "web", 2, 1024, 2),
    ]
    (asked,) = cloud.calls("/servers/detail")
    assert asked.qs["host"] == ["hostb"]  # requests-mock lowers it


def test_a_host_without_servers(cloud):
    servers(cloud)
    assert run(cloud)[2:] == [("HostB", "(used_max)", 0, 0, 0)]


def test_by_the_hypervisors_name(cloud):
    servers(cloud)
    assert run(cloud, host="hostb.test")[0][0] == "HostB"


def test_project_ids_on_demand(cloud):
    assert run(cloud, "--long")[-1] == ("HostB", "web", 1, 512, 1, PROJECT)


@pytest.mark.parametrize("answer", [403, 500, {"projects": "odd"}])
def test_without_names_there_are_ids(cloud, answer):
    cloud.keystone("/projects", answer)
    assert run(cloud)[-1][1] == PROJECT


def test_projects_of_one_name_are_told_apart(cloud):
    cloud.keystone(
        "/projects",
        {
            "projects": [
                {"id": PROJECT, "name": "web"},
                {"id": OTHER, "name": "web"},
            ]
        },
    )
    servers(cloud, {}, {"tenant_id": OTHER})
    assert {row[1] for row in run(cloud)[3:]} == {
        f"web ({PROJECT})",
        f"web ({OTHER})",
    }


def test_partial_records_of_a_down_cell_are_said(cloud, capsys):
    partial = {"id": "9", "status": "UNKNOWN", "tenant_id": PROJECT}
    cloud.nova("/servers/detail", {"servers": [skies.server(), partial]})
    assert run(cloud)[2] == ("HostB", "(used_max)", 1, 512, 1)
    assert "1 servers are not counted" in capsys.readouterr().err


def test_hundreds_are_paged(cloud):
    first = [skies.server(id=str(n)) for n in range(300)]
    second = [skies.server(id=str(n)) for n in range(300, 450)]
    cloud.nova(
        "/servers/detail",
        {"servers": first, "servers_links": [{"rel": "next", "href": "x"}]},
        {"servers": second},
    )
    assert run(cloud)[2][2] == 450


def test_before_2_47_each_flavor_is_looked_up_once(mock):
    sky = Sky(mock, "2.46")
    sky.healthy()
    sky.keystone("/projects", 403)
    gone = {"flavor": {"id": "2"}}
    servers(sky, {"flavor": {"id": "1"}}, {"flavor": {"id": "1"}}, gone)
    old = {k: v for k, v in skies.flavor().items() if k != "ephemeral"}
    old |= {"OS-FLV-EXT-DATA:ephemeral": 2, "swap": ""}
    sky.nova("/flavors/1", {"flavor": old})
    sky.nova("/flavors/2", 404)
    assert run(sky)[2] == ("HostB", "(used_max)", 2, 1024, 6)
    assert len(sky.calls("/flavors/1")) == 1


def test_sizes_are_asked_for_where_nova_still_shows_them(cloud):
    run(cloud)
    (asked,) = cloud.calls("/os-hypervisors/detail")
    assert asked.headers["OpenStack-API-Version"] == "compute 2.87"


def test_an_unknown_host(cloud):
    with pytest.raises(errors.NotFound, match="'HostX'"):
        run(cloud, host="HostX")


def test_a_hypervisor_without_sizes_is_an_error(cloud):
    bad = skies.hypervisor("HostB", "b", vcpus=None)
    cloud.nova("/os-hypervisors/detail", {"hypervisors": [bad]})
    with pytest.raises(errors.MigrateError, match="HostB cannot be described"):
        run(cloud)
