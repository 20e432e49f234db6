"""Checks of a server's disks."""

import pytest

from osc_migrate.cloud.servers import Flavor
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    BLOCK,
    COLD,
    FAIL,
    LIVE,
    NOT_CHECKED,
    PASS,
    UNKNOWN,
    WARN,
    Case,
    findings,
    of_host,
    of_server,
    prove,
)

IMAGE = "99999999-9999-9999-9999-999999999999"
VOLUME = "55555555-5555-5555-5555-555555555555"
LOCAL = shapes.server(image_id=IMAGE)


def of_image(**changes):
    return shapes.move(server=LOCAL, **changes)


def of_volume(*volumes, **changes):
    """Of a server that boots from the first and has no other disk."""
    ids = tuple(volume.id for volume in volumes)
    server = shapes.server(volume_ids=ids, image_id=None)
    return shapes.move(server=server, volumes=volumes, **changes)


def space(gib, flavor):
    hypervisor = shapes.hypervisor(disk_available_least=gib)
    return of_server(image_id=IMAGE, flavor=flavor).but(
        destination=shapes.host(hypervisor=hypervisor)
    )


def to_zone(zone):
    return {"destination": shapes.host(zone=zone)}


CASES = [
    Case(
        "disks-need-no-copy", of_image(), NOT_CHECKED, "(1 GiB) needs shared"
    ),
    Case("disks-need-no-copy", of_volume(shapes.volume()), PASS, "1 volumes"),
    Case("disks-need-no-copy", of_server(config_drive=True), NOT_CHECKED),
    Case(
        "disks-are-there-to-copy",
        of_volume(shapes.volume()),
        FAIL,
        "all its disks are volumes",
        "openstack migrate live vm1",
        BLOCK,
    ),
    Case(
        "disks-are-there-to-copy",
        of_server(image_id=None, flavor=Flavor(1, 512, 1, 0, 512)),
        PASS,
        kind=BLOCK,
    ),
    Case("disks-are-there-to-copy", of_image(), PASS, "1 GiB", kind=BLOCK),
    Case(
        "destination-has-space-for-the-copy",
        space(30, Flavor(1, 512, 20, 10, 1025)),
        WARN,
        "up to 32 GiB needed, 30 GiB left",
        "df -h",
        BLOCK,
    ),
    Case(
        "destination-has-space-for-the-copy",
        space(31, Flavor(1, 512, 20, 10, 1024)),
        PASS,
        "31 GiB needed",
        kind=BLOCK,
    ),
    Case(
        "destination-has-space-for-the-copy",
        space(None, Flavor(1, 512, 20, 10, 1024)),
        NOT_CHECKED,
        kind=BLOCK,
    ),
    Case(
        "config-drive-is-copied",
        of_server(image_id=IMAGE, config_drive=True),
        WARN,
        "ISO 9660",
        "config_drive_format",
        BLOCK,
    ),
    *(
        Case(
            "image-is-in-glance",
            of_image(image_exists=False),
            WARN,
            f"{IMAGE} was deleted",
            "ssh from the destination to the source",
            kind,
        )
        for kind in (BLOCK, COLD)
    ),
    Case(
        "image-is-in-glance",
        of_image(image_exists=Unread("503")),
        UNKNOWN,
        "503",
        kind=BLOCK,
    ),
    *(
        Case(
            "volumes-can-be-attached",
            of_volume(shapes.volume(status="error")),
            FAIL,
            f"volume {VOLUME} is error",
            f"volume set --state in-use {VOLUME}",
            kind,
        )
        for kind in (COLD, LIVE)
    ),
    Case(
        "volumes-can-be-attached",
        of_volume(shapes.volume(multiattach=True), shapes.volume(id="2")),
        PASS,
        "2 in use, 1 of them multiattach",
    ),
    Case(
        "volumes-can-be-attached",
        of_volume(shapes.volume()).but(volumes=Unread("503")),
        UNKNOWN,
        "503",
    ),
    Case(
        "volumes-are-in-the-destinations-zone",
        of_volume(shapes.volume(), **to_zone("az2")),
        WARN,
        f"zone az2, but volume {VOLUME} is in nova",
        "HostC reaches the storage of nova",
    ),
    Case(
        "volumes-are-in-the-destinations-zone",
        of_volume(shapes.volume(zone="everywhere"), **to_zone("az2")),
        PASS,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


def test_an_image_that_is_gone_is_no_matter_on_shared_storage():
    found = findings(of_image(image_exists=False))
    assert "image-is-in-glance" not in found


def test_cinder_down_is_told_once():
    move = of_volume(shapes.volume(), **to_zone("az2"))
    prove(
        Case(
            "volumes-can-be-attached",
            move.but(volumes=Unread("503")),
            UNKNOWN,
        )
    )


def test_no_volumes_need_no_cinder():
    move = of_host(zone="az2").but(volumes=Unread("no Cinder here"))
    assert max(f.status for f in findings(move).values()) <= NOT_CHECKED
