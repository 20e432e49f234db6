"""Nodes of two classes of storage, and two releases of Nova."""

import dataclasses

import pytest

from osc_migrate.checks.check import judge
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.guests.checks import GUEST
from osc_migrate.nodes.guests.guest_move import GuestMove, storage_classes
from osc_migrate.nodes.node import PairFacts
from osc_migrate.nodes.small.known_bugs import NovaRelease
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.nodes import shapes as node_shapes
from osc_migrate.tests.unit.nodes.proof import findings
from osc_migrate.tests.unit.nodes.shapes import config, storage, volumes

MUST = "options-that-must-agree-do"
DISKS = "disks-are-where-the-move-needs-them"
CEPH = {
    "libvirt__images_type": "rbd",
    "libvirt__images_rbd_pool": "vms",
    "libvirt__rbd_user": "cinder",
    "libvirt__rbd_secret_uuid": volumes.UUID,
}


def node(name, nova=(34, 0, 0), options=CEPH, **changes):
    healthy = node_shapes.node(name)
    return healthy.but(
        config=config.healthy(name, **options),
        smalls={**healthy.smalls, "known_bugs": NovaRelease(nova)},
        **changes,
    )


def in_ceph(name, **changes):
    """Its instances directory is its own: no disk is there."""
    own = storage.healthy(name, mount=storage.LOCAL, entry=None)
    return node(name, storage=own, **changes)


def in_files(name, **changes):
    return node(name, options={}, **changes)


def test_a_healthy_mixed_cloud_has_no_finding():
    """Two of each, and a rolling upgrade of Nova under way."""
    cloud = [
        in_ceph("HostB"),
        in_files("HostC", nova=(33, 0, 2)),
    ]
    above = [f for f in findings(cloud) if f.status > Status.SKIP]
    assert above == []


@pytest.mark.parametrize(
    "option, value",
    [
        ("libvirt__images_rbd_pool", "other"),
        ("libvirt__rbd_user", "other"),
        ("libvirt__rbd_secret_uuid", "11111111-2222-3333-4444-555555555555"),
    ],
)
def test_hosts_of_one_class_must_agree(option, value):
    cloud = [
        in_ceph("HostB"),
        in_ceph("HostC", options=CEPH | {option: value}),
    ]
    found = {f.check: f for f in findings(cloud)}[MUST]
    assert found.status is Status.FAIL
    assert option.partition("__")[2] in found.detail


def test_files_of_two_kinds_are_one_class():
    raw = {"libvirt__images_type": "raw"}
    cloud = [in_files("HostB"), node("HostC", options=raw)]
    found = {f.check: f for f in findings(cloud)}[MUST]
    assert "images_type is raw on HostC, qcow2 elsewhere" in found.detail


def test_a_secret_for_volumes_must_agree_on_any_host():
    secret = {"libvirt__rbd_secret_uuid": volumes.UUID.replace("4", "5")}
    cloud = [in_ceph("HostB"), node("HostC", options=secret)]
    found = {f.check: f for f in findings(cloud)}[MUST]
    assert "rbd_secret_uuid" in found.detail


def guest(kind, source, destination, **server):
    return GuestMove(
        shapes.move(server=shapes.server(**server)),
        PairFacts(source, destination),
        kind,
    )


def judged(facts):
    return {f.check: f for f in judge(GUEST, facts, facts.kind)}[DISKS]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("turned", [False, True])
def test_what_this_server_needs(kind, turned):
    pair = [in_ceph("HostB"), in_files("HostC")]
    pair = pair[::-1] if turned else pair
    backed = judged(guest(kind, *pair, image_id=None))
    assert (backed.status, backed.detail) == (
        Status.SKIP,
        "its disks are volumes",
    )
    own = judged(guest(kind, *pair, image_id="image"))
    assert own.status is Status.FAIL
    assert "in Ceph on HostB" in own.detail
    assert "files on HostC" in own.detail
    assert own.remedy
    swap = dataclasses.replace(shapes.flavor(), swap=512)
    assert (
        judged(guest(kind, *pair, image_id=None, flavor=swap)).status
        is Status.FAIL
    )


SITE = {
    "libvirt__images_type": "rbd",
    "libvirt__images_rbd_ceph_conf": "/etc/ceph/dcn1.conf",
    "libvirt__images_rbd_pool": "vms-dcn1",
    "libvirt__rbd_user": "dcn1",
    "libvirt__rbd_secret_uuid": "11111111-2222-3333-4444-555555555555",
}


@pytest.mark.parametrize("kind", Kind)
def test_each_site_has_its_ceph_cluster(kind):
    """As TripleO's distributed multibackend storage has it: another pool,
    user and secret at each site, and a ceph.conf of its name."""
    sites = in_ceph("HostB"), in_ceph("HostC", options=SITE)
    found = {f.check: f for f in findings(sites)}
    assert found[MUST].status is Status.PASS
    backed = judged(guest(kind, *sites, image_id=None))
    assert backed.status is Status.SKIP
    own = judged(guest(kind, *sites, image_id="image"))
    assert own.status is Status.FAIL
    assert "/etc/ceph/dcn1.conf on HostC" in own.detail
    # The same cluster, by a file in another place.
    moved = CEPH | {"libvirt__images_rbd_ceph_conf": "/etc/ceph/a.conf"}
    pair = PairFacts(in_ceph("HostB"), in_ceph("HostC", options=moved))
    assert storage_classes(pair) == ""


def test_hosts_of_one_class_are_judged_as_ever():
    both = in_ceph("HostB"), in_ceph("HostC")
    assert storage_classes(PairFacts(*both)) == ""
    assert judged(guest(Kind.LIVE, *both, image_id="i")).status is Status.PASS
    assert judged(guest(Kind.COLD, *both, image_id="i")).status is Status.SKIP


def test_what_was_not_read_is_not_judged():
    unread = in_ceph("HostB").but(config=Unread("denied"))
    finding = judged(guest(Kind.LIVE, unread, in_files("HostC"), image_id="i"))
    assert finding.status is Status.UNKNOWN
