"""All checks of a move together."""

import pathlib
import re

import pytest

import osc_migrate
from osc_migrate.checks import registry
from osc_migrate.checks.fit import PINNED_ZONE
from osc_migrate.checks.requested import IMAGE_IN_SERVER
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.node_checks import all_checks
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks import (
    test_aggregates,
    test_destination,
    test_devices,
    test_fit,
    test_leftovers,
    test_network,
    test_numa,
    test_ports,
    test_recent_moves,
    test_rights,
    test_server,
    test_storage,
)
from osc_migrate.tests.unit.checks.proof import (
    BLOCK,
    FAIL,
    LIVE,
    NOT_CHECKED,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    findings,
    of_host,
)

TABLE = (
    pathlib.Path(osc_migrate.__file__).parent.parent
    / "doc/source/reference/causes-and-checks.rst"
)

# The newest microversion of each release
# (nova/api/openstack/api_version_request.py, _MAX_API_VERSION).
RELEASES = {
    "2023.1": (2, 95),
    "2024.1": (2, 96),
    "2025.1": (2, 100),
    "2025.2": (2, 100),
    "2026.1": (2, 103),
    "2026.2": (2, 104),
}

ROOMS = (
    test_aggregates,
    test_destination,
    test_devices,
    test_fit,
    test_leftovers,
    test_network,
    test_numa,
    test_ports,
    test_rights,
    test_server,
    test_storage,
    test_recent_moves,
)


def test_every_check_has_a_case_that_it_reports():
    cases = [case for room in ROOMS for case in room.CASES]
    bad = {case.check for case in cases if case.status in (WARN, FAIL)}
    unread = {case.check for case in cases if case.status is UNKNOWN}
    skipped = {case.check for case in cases if case.status is NOT_CHECKED}
    only_known_or_not = {"server-host-is-known"}
    never_minds = {"disks-need-no-copy"}
    ids = {check.id for check in registry.MOVE}
    assert ids - bad == only_known_or_not | never_minds
    assert only_known_or_not <= unread
    assert never_minds <= skipped


def test_the_table_of_causes_names_every_check_and_no_other():
    named = set(re.findall(r"``([a-z]+(?:-[a-z]+)+)``", TABLE.read_text()))
    assert named >= {check.id for check in registry.MOVE}
    assert named <= {check.id for check in all_checks()}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("move", [shapes.move(), shapes.full()])
def test_a_healthy_move_is_minded_by_no_check(move, kind):
    if kind is BLOCK:  # of a server with a local disk
        move = move.but(server=move.server.but(image_id="i1"))
    statuses = {f.status for f in findings(move, kind).values()}
    assert statuses <= {PASS, SKIP, NOT_CHECKED}


@pytest.mark.parametrize("nova", RELEASES.values(), ids=RELEASES)
@pytest.mark.parametrize("kind", Kind)
def test_a_healthy_server_of_any_release_is_minded_by_no_check(kind, nova):
    move = shapes.full(nova=nova)
    if nova < IMAGE_IN_SERVER:  # image properties are Glance's then
        move = move.but(topology=Unread("hidden"))
    if nova < PINNED_ZONE:
        move = move.but(server=move.server.but(pinned_zone=Unread("2.96")))
    statuses = {f.status for f in findings(move, kind).values()}
    assert statuses <= {PASS, SKIP, NOT_CHECKED}


@pytest.mark.parametrize("nova", RELEASES.values(), ids=RELEASES)
@pytest.mark.parametrize("kind", Kind)
def test_what_a_release_does_not_show_is_a_warning_with_a_remedy(kind, nova):
    """Another zone, and an image deleted since: such moves always worked."""
    move = shapes.full(nova=nova, image_exists=False)
    hidden: dict[str, object] = {}
    # Any release may need the image to boot elsewhere.
    minded = set() if kind is LIVE else {"image-is-in-glance"}
    if nova < IMAGE_IN_SERVER:
        hidden["image_properties"] = Unread("not shown")
        minded.add("flavor-and-image-are-known")
    if nova < PINNED_ZONE:
        hidden["pinned_zone"] = Unread("not shown")
        minded.add("destination-zone-suits-the-server")
    else:
        hidden["pinned_zone"] = None
    move = move.but(
        server=move.server.but(**hidden),
        destination=shapes.host(zone="az2"),
        # Volumes of another zone are a different matter.
        volumes=(),
    )
    found = [f for f in findings(move, kind).values() if f.status >= WARN]
    assert {f.check: f.status for f in found} == dict.fromkeys(minded, WARN)
    assert all(f.remedy for f in found)


@pytest.mark.parametrize("kind", Kind)
def test_a_manager_may_let_the_scheduler_choose(kind):
    """A user without the admin role sees no hosts, and may name none."""
    hidden = Unread("admins only")
    plain = shapes.full()
    move = plain.but(
        server=plain.server.but(host=hidden, host_id="2f8a"),
        wanted=None,
        source=hidden,
        destination=None,
        room=hidden,
        hosts=hidden,
        aggregates=hidden,
        agents=hidden,
        incoming=hidden,
        ports=tuple(port.but(bindings=hidden) for port in plain.ports),
        roles=frozenset({"manager"}),
    )
    minded = [f for f in findings(move, kind).values() if f.status >= WARN]
    assert minded == []


def test_neutron_down_is_told_once():
    down = Unread("Neutron is down")
    move = shapes.full(ports=down, agents=down, network_extensions=down)
    minded = [f for f in findings(move).values() if f.status >= WARN]
    assert [f.check for f in minded] == ["ports-can-move"]


def test_without_a_host_the_scheduler_chooses():
    move = shapes.full(wanted=None, destination=None, room=Unread("none"))
    found = findings(move)
    for name, finding in found.items():
        assert finding.status <= NOT_CHECKED, name
        if name.startswith("dest"):
            assert finding.status is NOT_CHECKED, name


def test_services_unread_are_unknown_not_pass():
    move = shapes.move(destination=Unread("403"), hosts=Unread("403"))
    found = findings(move)
    for name, finding in found.items():
        if name.startswith("destination"):
            assert finding.status is UNKNOWN, name


def test_an_ignored_check_is_still_shown():
    move = of_host(status="disabled")
    report = registry.judge_move(move, LIVE, ["destination-is-enabled"])
    (warning,) = report.warnings
    assert warning.check == "destination-is-enabled"
    assert "(ignored FAIL)" in warning.detail
    assert report.safe


def test_ignoring_one_check_softens_no_other():
    move = shapes.move(
        server=shapes.server(locked=True),
        destination=shapes.host(status="disabled"),
    )
    report = registry.judge_move(move, LIVE, ["server-is-unlocked"])
    assert [f.check for f in report.problems] == ["destination-is-enabled"]


def test_a_check_that_breaks_is_unknown_alone():
    move = shapes.move(server=shapes.server(status=["odd"]))
    found = findings(move)
    assert found["server-is-running"].status is UNKNOWN
    assert "itself failed" in found["server-is-running"].detail
    assert found["server-is-idle"].status is PASS


def test_titles_and_ids_are_well_formed():
    ids = [c.id for c in registry.MOVE]
    assert len(set(ids)) == len(ids)
    for check in registry.MOVE:
        assert check.title and not check.title.endswith(".")


def test_hostile_names_do_not_reach_a_remedy():
    move = shapes.move(
        server=shapes.server(name="$(reboot)", locked=True),
        wanted="$(halt)",
        destination=shapes.host(name="$(halt)", status="disabled"),
    )
    for finding in findings(move).values():
        assert "$(reboot)" not in finding.remedy
        assert "$(halt)" not in finding.remedy.replace("'$(halt)'", "")


def test_a_host_that_does_not_exist_is_the_only_finding():
    move = shapes.move(wanted="HostX", destination=None, hosts=("HostC",))
    ids = {name: finding.status for name, finding in findings(move).items()}
    assert ids == {"destination-exists": FAIL}
