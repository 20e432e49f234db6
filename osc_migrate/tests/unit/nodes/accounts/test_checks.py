"""Checks of a node's users and groups."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes import remedies
from osc_migrate.nodes.role import Role
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
from osc_migrate.tests.unit.nodes.shapes import accounts, node, nodes, storage

NOVA, QEMU = accounts.NOVA, accounts.QEMU
GLUSTER = storage.mount(source="HostA:/i", fstype="fuse.glusterfs", options=())
REFUSED = "error: Failed to connect socket: Permission denied"


def cluster(**changes):
    """HostC's accounts are changed."""
    return nodes(HostC=node(accounts=accounts.healthy("HostC", **changes)))


def on(mount, **changes):
    """Both are on that mount; HostC's accounts are changed."""
    return [
        node(
            name,
            storage=storage.healthy(
                name, mount=mount, entry=None, places=storage.way(uid)
            ),
            accounts=accounts.healthy(name, **these),
        )
        for name, these, uid in (
            ("HostB", {}, 64060),
            ("HostC", changes, changes.get("nova", NOVA).uid),
        )
    ]


def with_server(**changes):
    server = node(
        "HostA",
        Role.STORAGE,
        accounts=accounts.healthy("HostA", **changes),
        storage=storage.serving(),
    )
    return [server, *nodes()]


CASES = [
    Case("nova-user-exists", nodes(), PASS, "uid 64060"),
    Case(
        "nova-user-exists",
        cluster(nova=None),
        FAIL,
        "user nova does not exist",
        "id nova",
    ),
    Case("nova-may-use-libvirt", nodes(), PASS),
    Case(
        "nova-may-use-libvirt",
        cluster(
            libvirt_says=REFUSED, nova=NOVA.but(groups=frozenset({"nova"}))
        ),
        FAIL,
        "not in group libvirt",
        "usermod -a -G libvirt nova; systemctl restart nova-compute",
    ),
    Case(
        "nova-may-use-libvirt",
        cluster(libvirt_says=REFUSED),
        FAIL,
        "Permission denied",
        "unix_sock_group",
    ),
    Case(
        "nova-may-use-libvirt",
        cluster(libvirt_says="error: Connection refused"),
        SKIP,
        "does not answer",
        subject="HostC",
    ),
    Case(
        "nova-may-use-libvirt",
        cluster(libvirt_says=None),
        SKIP,
        "virsh is not installed",
        subject="HostC",
    ),
    Case("qemu-user-exists", nodes(), PASS, "libvirt-qemu, uid 64055"),
    Case("qemu-user-exists", cluster(qemu=None), FAIL, "neither", "install"),
    Case(
        "qemu-user-exists",
        cluster(qemu=None, qemu_name="quemu", qemu_is_set=True),
        FAIL,
        "user = quemu",
        "line_drop /etc/libvirt/qemu.conf",
    ),
    Case("nova-uid-agrees", nodes(), PASS, "64060"),
    Case(
        "nova-uid-agrees",
        cluster(nova=NOVA.but(uid=64061), users={}),
        FAIL,
        "HostC has 64061, the others have 64060",
        "usermod -u 64060 -d /nonexistent nova; usermod -d /var/lib/nova nova",
    ),
    Case(
        "nova-uid-agrees",
        cluster(nova=NOVA.but(uid=64061), users={64060: "postgres"}),
        FAIL,
        "HostC has 64061",
        "64060 is the uid of postgres",
    ),
    Case(
        "nova-uid-agrees",
        on(storage.LOCAL, nova=NOVA.but(uid=64061)),
        SKIP,
        "no directory of servers is shared",
    ),
    Case("nova-uid-agrees", cluster(nova=Unread("gone")), UNKNOWN, "gone"),
    Case(
        "nova-gid-agrees",
        cluster(nova=NOVA.but(gid=64061), groups={}),
        WARN,
        "HostC has 64061",
        "groupmod -g 64060 nova",
    ),
    Case(
        "nova-gid-agrees",
        cluster(nova=NOVA.but(gid=64061)),
        WARN,
        "HostC has 64061",
        "64060 is the gid of nova",
    ),
    Case("nova-gid-agrees", nodes(), PASS),
    Case("qemu-uid-agrees", nodes(), PASS, "64055"),
    Case(
        "qemu-uid-agrees",
        cluster(qemu=QEMU.but(uid=64056), users={}),
        FAIL,
        "HostC has 64056",
        "usermod -u 64055",
    ),
    Case(
        "qemu-uid-agrees",
        on(GLUSTER, qemu=QEMU.but(uid=64056), users={}),
        WARN,
        "HostC has 64056",
        "usermod -u 64055",
    ),
    Case(
        "qemu-gid-agrees",
        cluster(qemu=QEMU.but(gid=64056), groups={}),
        WARN,
        "HostC has 64056",
        "groupmod -g 64055 libvirt-qemu",
    ),
    Case("qemu-gid-agrees", nodes(), PASS),
    Case("storage-knows-nova", with_server(), PASS, "64060"),
    Case("storage-knows-nova", with_server(nova=None), SKIP),
    Case(
        "storage-knows-nova",
        with_server(nova=NOVA.but(uid=162), users={}),
        WARN,
        "nova is 162 on HostA",
        "usermod -u 64060",
    ),
]
# Facts that another check minds as well: a fact that could not be read.
LOOSE = {"nova-uid-agrees-UNKNOWN"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    if str(case) in LOOSE:
        found = [f for f in findings(case.nodes) if f.check == case.check]
        assert found[0].status is case.status
        assert case.detail in found[0].detail
        return
    prove(case)


def uid_finding(nodes):
    return next(f for f in findings(nodes) if f.check == "nova-uid-agrees")


def odd(uid):
    return accounts.healthy("HostC", nova=NOVA.but(uid=uid), users={})


def test_most_nodes_are_right():
    found = uid_finding(
        [
            node("HostB", accounts=accounts.healthy("HostB")),
            node(accounts=odd(7)),
            node(accounts=accounts.healthy("HostC")).but(name="HostD"),
        ]
    )
    assert {fix.node for fix in found.fixes} == {"HostC"}


def test_between_two_the_owner_of_the_shared_directory_decides():
    place = storage.place(uid=777)
    two = [
        node(
            name,
            storage=storage.healthy(name, places=(*storage.WAY, place)),
            accounts=odd(777 if name == "HostB" else 64060),
        )
        for name in ("HostB", "HostC")
    ]
    found = uid_finding(two)
    assert {fix.node for fix in found.fixes} == {"HostC"}
    assert "usermod -u 777 " in found.remedy


def test_what_is_mounted_keeps_its_owner():
    script = remedies.scripts(
        [uid_finding(cluster(nova=NOVA.but(uid=9), users={}))]
    )
    assert f"'!' -path {storage.PATH}" in script["HostC"]
    assert "-xdev" in script["HostC"]


def test_names_of_strangers_stay_words():
    nova = NOVA.but(name="x; reboot", home="/home/$(reboot)", uid=9)
    fix = uid_finding(cluster(nova=nova, users={})).fixes[0]
    assert "'x; reboot'" in fix.lines[0]
    assert "'/home/$(reboot)'" in fix.lines[0]
