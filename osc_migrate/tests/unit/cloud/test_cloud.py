import pytest
import requests

from osc_migrate import errors
from osc_migrate.cloud import move_facts, whole_cloud
from osc_migrate.cloud.cloud import Cloud, in_parallel
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.server_groups import parse_group
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import HOST_C, PROJECT, VM1, Sky


def test_a_healthy_move_is_read_whole(healthy):
    found = move_facts.read_move(Cloud(healthy.connection), "vm1", "HostC")
    assert found.server.id == VM1
    assert found.server.host == "HostB"
    assert found.destination.name == "HostC"
    assert found.hosts == ("HostB", "HostC")
    assert found.room.fits
    assert found.room.free["MEMORY_MB"] == 15360
    assert found.last_migration == 0


def test_each_thing_is_read_once(healthy):
    move_facts.read_move(Cloud(healthy.connection), "vm1", "HostC")
    urls = [request.url for request in healthy.mock.request_history]
    assert len(urls) == len(set(urls))


def test_a_name_is_no_regular_expression(healthy):
    healthy.nova("/servers/detail", {"servers": []})
    with pytest.raises(errors.NotFound, match=r"'vm\.\*'"):
        Cloud(healthy.connection).server("vm.*")
    (asked,) = healthy.calls("/servers/detail")
    assert asked.qs["name"] == [r"^vm\.\*$"]


def test_only_the_exact_name_is_taken(healthy):
    # sqlite and MySQL compare as they like, in case for example.
    healthy.nova("/servers/detail", {"servers": [skies.server(name="VM1")]})
    with pytest.raises(errors.NotFound):
        Cloud(healthy.connection).server("vm1")


def test_two_of_a_name_are_ambiguous(healthy):
    twins = [skies.server(), skies.server(id="2" * 32)]
    healthy.nova("/servers/detail", {"servers": twins})
    with pytest.raises(errors.Ambiguous, match=VM1):
        Cloud(healthy.connection).server("vm1")


def test_an_id_needs_one_request(healthy):
    assert Cloud(healthy.connection).server(VM1).name == "vm1"
    assert not healthy.calls("/servers/detail")


def test_a_name_that_looks_like_an_id(healthy):
    ref = "99999999-9999-9999-9999-999999999999"
    healthy.nova(f"/servers/{ref}", 404)
    healthy.nova("/servers/detail", {"servers": [skies.server(name=ref)]})
    assert Cloud(healthy.connection).server(ref).id == VM1


def test_who_may_not_see_all_projects_sees_the_own(healthy):
    healthy.nova("/servers/detail", 403, {"servers": [skies.server()]})
    assert Cloud(healthy.connection).server("vm1").id == VM1
    first, second = healthy.calls("/servers/detail")
    assert "all_tenants" in first.qs
    assert "all_tenants" not in second.qs


@pytest.mark.parametrize("wanted", ["HostC", "hostc.test", HOST_C])
def test_a_host_is_known_by_any_of_its_names(healthy, wanted):
    found = move_facts.read_move(Cloud(healthy.connection), "vm1", wanted)
    assert found.destination.name == "HostC"


@pytest.mark.parametrize("trouble", [403, 500, requests.ConnectionError])
def test_services_that_cannot_be_read_are_unread(healthy, trouble):
    healthy.nova("/os-services", trouble)
    found = move_facts.read_move(Cloud(healthy.connection), "vm1", "HostC")
    assert found.server.status == "ACTIVE"
    for name in ("destination", "hosts"):
        with pytest.raises(Unread, match="list the compute services"):
            getattr(found, name)


def test_a_placement_that_is_down_leaves_only_the_room_unread(healthy):
    healthy.placement("/allocation_candidates", 503)
    found = move_facts.read_move(Cloud(healthy.connection), "vm1", "HostC")
    assert found.destination.name == "HostC"
    with pytest.raises(Unread, match="look for room"):
        _ = found.room


def test_no_allocation_is_not_room(healthy):
    healthy.placement(f"/allocations/{VM1}", {"allocations": {}})
    found = move_facts.read_move(Cloud(healthy.connection), "vm1", "HostC")
    with pytest.raises(Unread, match="heal_allocations"):
        _ = found.room


def test_an_old_hypervisor_is_found_in_placement_by_name(mock):
    sky = Sky(mock, newest="2.52")
    sky.healthy()
    sky.nova(
        "/os-hypervisors/detail",
        {"hypervisors": [skies.hypervisor("HostC", 3)]},
    )
    sky.placement(
        "/resource_providers",
        {"resource_providers": [{"name": "hostc.test", "uuid": HOST_C}]},
    )
    assert move_facts.read_move(
        Cloud(sky.connection), "vm1", "HostC"
    ).room.fits
    (asked,) = sky.calls("/allocation_candidates")
    assert asked.qs["in_tree"] == [HOST_C]


def test_the_newest_migration_is_known_before_the_move(healthy):
    records = [skies.migration("completed", id=n) for n in (3, 9, 5)]
    healthy.nova("/os-migrations", {"migrations": records})
    found = move_facts.read_move(Cloud(healthy.connection), "vm1", "HostC")
    assert found.last_migration == 9


def test_a_manager_lists_the_own_projects_migrations(healthy):
    own = {"migrations": [skies.migration("running", source_compute=None)]}
    healthy.nova("/os-migrations", 403, own)
    (record,) = Cloud(healthy.connection).migrations(VM1, PROJECT)
    assert record.status == "running"
    assert record.source is None
    assert healthy.calls("/os-migrations")[1].qs["project_id"] == [PROJECT]


def test_a_server_that_is_gone_is_none(healthy):
    healthy.nova(f"/servers/{VM1}", 404)
    assert Cloud(healthy.connection).server_now(VM1) is None


@pytest.mark.parametrize(
    "body", [[], "<html>", {"servers": None}, {"servers": [1]}, {}, "[" * 9000]
)
def test_an_odd_answer_is_an_error_with_words(healthy, body):
    healthy.nova("/servers/detail", body)
    with pytest.raises(errors.ApiError, match="Nova could not list servers"):
        Cloud(healthy.connection).server("vm1")


@pytest.mark.parametrize("value", [None, 7, [], {}, True])
@pytest.mark.parametrize(
    "field", [f for f in skies.server() if f not in ("id", "name")]
)
def test_a_wrong_typed_field_is_unread_alone(healthy, field, value):
    healthy.nova(
        "/servers/detail", {"servers": [{**skies.server(), field: value}]}
    )
    server = Cloud(healthy.connection).server("vm1")
    assert server.id == VM1
    repr(server)


def test_pages_are_followed_by_their_links(healthy):
    link = {"servers_links": [{"rel": "next", "href": "..."}]}
    other = skies.server(id="2", name="other")
    healthy.nova(
        "/servers/detail",
        {"servers": [other], **link},
        {"servers": [skies.server()]},
    )
    assert Cloud(healthy.connection).server("vm1").id == VM1
    assert healthy.calls("/servers/detail")[1].qs["marker"] == ["2"]


def test_a_page_that_leads_to_itself_ends(healthy):
    page = {"servers": [skies.server()], "servers_links": [{}]}
    healthy.nova("/servers/detail", page)
    with pytest.raises(errors.Ambiguous):
        Cloud(healthy.connection).server("vm1")
    assert len(healthy.calls("/servers/detail")) == 2


def test_the_user_bounds_the_microversion(mock):
    sky = Sky(mock, compute_default_microversion="2.60")
    assert Cloud(sky.connection).nova.version == "2.60"


@pytest.mark.parametrize(
    "newest, used", [("2.1", "2.1"), ("2.90", "2.90"), ("2.999", "2.104")]
)
def test_both_sides_speak_the_microversion(mock, newest, used):
    assert Cloud(Sky(mock, newest).connection).nova.version == used


def test_many_at_once_ask_for_the_version_once(healthy):
    cloud = Cloud(healthy.connection)
    assert in_parallel(*[lambda: cloud.nova.version] * 8) == ["2.104"] * 8
    assert len(healthy.calls("/v2.1")) == 1


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 10**400, -(2**64), True, "1", None]
)
def test_what_is_no_number_is_unread(value):
    body = JsonObject({"n": value}, "it", "Nova")
    for read in (body.number, body.whole):
        with pytest.raises(Unread, match="Nova shows 'n' in it as"):
            read("n")


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59-14:00",
        "soon",
    ],
)
def test_what_is_no_time_is_unread(value):
    with pytest.raises(Unread, match="as something other than a time"):
        JsonObject({"t": value}, "it", "Nova").time("t")


def test_a_member_on_an_unknown_host_is_not_elsewhere():
    body = JsonObject(
        {"name": "g", "policy": "anti-affinity", "members": [VM1, "2"]},
        "it",
        "Nova",
    )
    with pytest.raises(Unread, match="hidden"):
        parse_group(body, VM1, {"2": Unread("hidden")})


def test_without_placement_the_cloud_is_unknown_in_part(healthy):
    healthy.placement("/allocation_candidates", 503)
    found = whole_cloud.whole_cloud(Cloud(healthy.connection))
    assert len(found.servers) == 1
    for name in ("orphans", "unseen"):
        with pytest.raises(Unread, match="list what is used"):
            getattr(found, name)


@pytest.mark.parametrize("status", [500, 503])
def test_a_service_in_trouble_is_asked_once(healthy, status):
    healthy.glance(f"/images/{skies.IMAGE}", status)
    found = move_facts.read_move(Cloud(healthy.connection), "vm1", "HostC")
    with pytest.raises(Unread, match=f"HTTP {status}"):
        _ = found.image_exists
    assert len(healthy.calls(skies.IMAGE)) == 1


def test_a_server_without_an_id_is_an_error_with_words(healthy):
    healthy.nova(f"/servers/{VM1}", {"server": {"name": "vm1"}})
    with pytest.raises(errors.ApiError, match="does not show 'id'"):
        Cloud(healthy.connection).server_now(VM1)


def test_a_token_that_another_thread_has_given_up_is_no_end(healthy):
    """keystoneauth answers 401 then, without a second try."""
    cloud = Cloud(healthy.connection)
    healthy.nova(f"/servers/{VM1}", 401, {"server": skies.server()})
    assert cloud.server_now(VM1).name == "vm1"
    healthy.nova(f"/servers/{VM1}", 401)
    with pytest.raises(errors.ApiError, match="HTTP 401"):
        cloud.server_now(VM1)
    assert len(healthy.calls(VM1)) == 4


def test_a_host_where_a_server_is_expected(healthy):
    healthy.nova("/servers/detail", {"servers": []})
    with pytest.raises(errors.NotFound) as caught:
        Cloud(healthy.connection).server("HostB")
    said = str(caught.value)
    assert "HostB is a compute host" in said
    assert "did you mean: openstack migrate drain HostB" in said


def no_such_name(healthy, *servers):
    healthy.nova("/servers/detail", {"servers": []})
    healthy.nova("/servers", {"servers": list(servers)})
    return Cloud(healthy.connection)


def test_a_misspelt_server_is_suggested(healthy):
    cloud = no_such_name(healthy, skies.server(name="web-1"))
    with pytest.raises(errors.NotFound, match="did you mean web-1"):
        cloud.server("wbe-1")


def test_the_beginning_of_an_id_names_a_server(healthy):
    cloud = no_such_name(healthy, skies.server(), skies.server(id="2" * 32))
    assert cloud.server(VM1[:8]).id == VM1


@pytest.mark.parametrize("ref", [VM1[:7], VM1[:8] + "-0"])
def test_too_little_of_an_id_names_none(healthy, ref):
    cloud = no_such_name(healthy, skies.server())
    with pytest.raises(errors.NotFound):
        cloud.server(ref)


def test_two_ids_that_begin_so_are_ambiguous(healthy):
    other = skies.server(id=VM1[:-1] + "9", name="other")
    cloud = no_such_name(healthy, skies.server(), other)
    with pytest.raises(errors.Ambiguous, match=r"\(vm1\).*\(other\)"):
        cloud.server(VM1[:8])


def test_servers_of_one_name_are_told_apart(healthy):
    twins = [skies.server(), skies.server(id="2" * 32)]
    healthy.nova("/servers/detail", {"servers": twins})
    with pytest.raises(errors.Ambiguous, match=r"\(HostB, project \w+\)"):
        Cloud(healthy.connection).server("vm1")
