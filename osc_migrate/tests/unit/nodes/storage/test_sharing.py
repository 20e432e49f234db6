"""Checks of the instances directory that nodes share, or not."""

import dataclasses

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes import remedies
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import config, node, nodes, storage
from osc_migrate.tests.unit.nodes.storage.instances import (
    ALONE,
    ENTRY,
    PATH,
    SERVERS,
    both,
    local,
    mounted,
    on_c,
)

CASES = [
    Case("hosts-share-storage", nodes(), PASS, "HostA:/ on both"),
    Case("hosts-share-storage", local(), PASS, "block migration"),
    Case(
        "hosts-share-storage",
        on_c(**ALONE),
        FAIL,
        "is HostA:/ (nfs4) on HostB, and local on HostC",
        "mount HostA:/ on HostC as HostB does",
    ),
    Case(
        "hosts-share-storage",
        on_c(**SERVERS),
        FAIL,
        "local on HostC",
        "move them away first",
    ),
    Case(
        "hosts-share-storage",
        on_c(
            mount=storage.mount(source="HostA:/other"),
            entry=dataclasses.replace(ENTRY, source="HostA:/other"),
        ),
        FAIL,
        "HostB mounts HostA:/ (nfs4), and HostC HostA:/other",
        "see which is right",
        "HostB -> HostC",
    ),
    Case(
        "hosts-share-storage",
        on_c(places=storage.way(inode=77)),
        FAIL,
        "its inode is 2 on HostB and 77 on HostC",
        "getent hosts HostA",
        "HostB -> HostC",
    ),
    # The same server by its address.
    Case(
        "hosts-share-storage",
        on_c(
            mount=storage.mount(source="10.77.0.11:/"),
            entry=dataclasses.replace(ENTRY, source="10.77.0.11:/"),
        ),
        PASS,
        subject="HostB -> HostC",
    ),
    Case("instances-path-agrees", nodes(), PASS, PATH),
    Case(
        "instances-path-agrees",
        [
            node("HostB"),
            node(
                storage=storage.healthy(
                    "HostC",
                    path="/srv",
                    places=(storage.WAY[0], storage.place("/srv")),
                    **ALONE,
                )
            ),
        ],
        FAIL,
        f"HostC has /srv, the others have {PATH}",
        f"ini_set /etc/nova/nova.conf DEFAULT instances_path {PATH}",
    ),
    Case("shared-directory-is-novas", nodes(), PASS, "64060"),
    Case("shared-directory-is-novas", local(), SKIP),
    Case(
        "shared-directory-is-novas",
        both(places=storage.way(0), written="Permission denied"),
        FAIL,
        "belongs to root (uid 0)",
        f"on HostB: chown -h -- 64060:64060 {PATH}",
    ),
    Case("mount-options-agree", nodes(), PASS, "vers=4.2 hard"),
    Case("mount-options-agree", local(), SKIP),
    Case(
        "mount-options-agree",
        mounted("vers=4.1", without=("vers=4.2",)),
        WARN,
        "HostC has vers=4.1 hard, the others have vers=4.2 hard",
        "on HostC",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)


def of(check, nodes):
    return [f for f in findings(nodes) if f.check == check]


def test_what_is_not_known_is_not_judged():
    found = of("hosts-share-storage", on_c(mount=Unread("no table")))
    assert {f.status for f in found} == {UNKNOWN}


def test_what_one_node_mounts_is_not_scripted_for_another():
    found = of("hosts-share-storage", on_c(**ALONE))
    assert len(found) == 2
    assert all("verify first that the file server" in f.remedy for f in found)
    assert not remedies.scripts(found)


def test_disks_in_ceph_need_no_directory():
    rbd = config.healthy("HostC", libvirt__images_type="rbd")
    two = [one.but(config=rbd) for one in on_c(**ALONE)]
    assert {f.status for f in of("hosts-share-storage", two)} == {SKIP}


def test_fstab_of_a_stranger_is_in_no_script():
    entry = dataclasses.replace(ENTRY, source="HostA:/$(reboot)';x")
    mount = storage.mount(source=entry.source)
    two = [
        node("HostB", storage=storage.healthy("HostB", mount=mount)).but(),
        node(storage=storage.healthy("HostC", **ALONE)),
    ]
    two[0] = two[0].but(
        storage=storage.healthy("HostB", mount=mount, entry=entry)
    )
    found = of("hosts-share-storage", two)
    assert found
    assert not remedies.scripts(found)
