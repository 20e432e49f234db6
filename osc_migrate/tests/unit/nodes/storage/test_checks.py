"""Checks of the instances directory of a node."""

import pytest

from osc_migrate.nodes.storage.facts import Space
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import accounts, node, nodes, storage
from osc_migrate.tests.unit.nodes.storage.instances import (
    GIB,
    PATH,
    both,
    enforcing,
    local,
    on_c,
    shut,
)

CASES = [
    Case("instances-path-answers", nodes(), PASS),
    Case(
        "instances-path-answers",
        on_c(answers=False),
        FAIL,
        "does not answer: it is mounted from HostA:/ (nfs4)",
        "see that HostA runs",
    ),
    Case(
        "instances-path-answers",
        on_c(trouble="Stale file handle"),
        FAIL,
        "Stale file handle",
        "umount -f",
    ),
    Case(
        "instances-path-answers",
        local(trouble="Input/output error"),
        FAIL,
        "Input/output error (/dev/vda",
        "dmesg",
    ),
    Case("instances-path-exists", nodes(), PASS),
    Case(
        "instances-path-exists",
        local(places=storage.WAY),
        FAIL,
        f"no {PATH}",
        f"mkdir -p -m 755 {PATH}; chown -h nova: {PATH}",
    ),
    Case(
        "instances-path-exists",
        local(places=storage.way(kind="regular file")),
        FAIL,
        "is a regular file",
        "move it away",
    ),
    Case("instances-path-owner-is-nova", local(), PASS, "nova:nova"),
    Case("instances-path-owner-is-nova", nodes(), SKIP, "shared"),
    Case(
        "instances-path-owner-is-nova",
        local(places=storage.way(0)),
        FAIL,
        "belongs to root (uid 0), and nova is uid 64060",
        f"chown -h -- nova:nova {PATH}",
    ),
    Case("instances-path-is-writable", nodes(), PASS),
    Case(
        "instances-path-is-writable",
        local(written="Permission denied", places=shut(PATH, 0o555)),
        FAIL,
        "its mode is 555",
        f"chmod u+rwx {PATH}",
    ),
    Case(
        "instances-path-is-writable",
        on_c(written="Operation not permitted"),
        FAIL,
        "Operation not permitted",
        "lsattr",
    ),
    Case(
        "instances-path-is-writable",
        both(written=None),
        SKIP,
        "no file was created",
    ),
    Case("instances-path-is-passable", nodes(), PASS),
    Case(
        "instances-path-is-passable",
        on_c(passable=False, places=shut("/var/lib/nova", 0o750)),
        FAIL,
        "pass /var/lib/nova, whose mode is 750",
        "chmod o+x /var/lib/nova",
    ),
    Case(
        "instances-path-is-passable",
        on_c(passable=False),
        FAIL,
        "libvirt-qemu cannot enter",
        "getfacl",
    ),
    Case("instances-path-is-passable", both(passable=None), SKIP),
    Case("instances-path-has-space", nodes(), PASS, "60.0 GiB of 100 GiB"),
    Case(
        "instances-path-has-space",
        on_c(space=Space(100 * GIB, 4 * GIB, 0, 0)),
        WARN,
        "4.0 GiB of 100 GiB free",
        "df -h",
    ),
    Case(
        "instances-path-has-space",
        on_c(space=Space(100 * GIB, 0, 0, 0), written="Disk quota exceeded"),
        FAIL,
        "no space is left",
        "df -h",
    ),
    Case(
        "instances-path-has-space",
        on_c(
            space=Space(100 * GIB, 50 * GIB, 1000, 0),
            written="No space left on device",
        ),
        FAIL,
        "no inode is free",
        "df -h",
    ),
    Case(
        "instances-path-has-space",
        on_c(space=Space(100 * GIB, 50 * GIB, 1000, 9)),
        WARN,
        "9 of 1000 inodes",
        "df -h",
    ),
    Case("instances-path-has-its-label", enforcing(), PASS, subject="HostC"),
    Case("instances-path-has-its-label", nodes(), SKIP),
    Case(
        "instances-path-has-its-label",
        enforcing(label="var_t"),
        FAIL,
        "is labelled var_t, and the policy says nova_var_lib_t",
        f"restorecon -R {PATH}",
    ),
    Case(
        "selinux-lets-servers-use-the-mount",
        enforcing("nfs4", booleans={"virt_use_nfs": True}),
        PASS,
    ),
    Case("selinux-lets-servers-use-the-mount", enforcing(), SKIP),
    Case(
        "selinux-lets-servers-use-the-mount",
        enforcing("nfs4", booleans={"virt_use_nfs": False}),
        FAIL,
        "virt_use_nfs is off",
        "setsebool -P virt_use_nfs on",
    ),
    Case(
        "selinux-lets-servers-use-the-mount",
        enforcing("fuse.glusterfs", booleans={"virt_use_fusefs": False}),
        FAIL,
        "virt_use_fusefs is off",
        "setsebool",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)


def test_a_uid_of_its_own_is_told_once():
    nova = accounts.NOVA.but(uid=7)
    mine = accounts.healthy("HostC", nova=nova, users={})
    denied = storage.healthy("HostC", written="Permission denied")
    two = [node("HostB"), node(accounts=mine, storage=denied)]
    found = [f.check for f in findings(two) if f.status > SKIP]
    assert found == ["nova-uid-agrees"]
