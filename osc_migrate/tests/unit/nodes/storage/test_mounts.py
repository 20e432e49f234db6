"""Checks of how the instances directory is mounted."""

import dataclasses

import pytest

from osc_migrate.checks.script import UnsafeText
from osc_migrate.nodes import remedies
from osc_migrate.nodes.storage.mounts import line
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import node, nodes
from osc_migrate.tests.unit.nodes.shapes.storage import healthy, mount
from osc_migrate.tests.unit.nodes.storage.instances import (
    ENTRY,
    LOCAL,
    PATH,
    both,
    local,
    mounted,
    on_c,
    v3,
)

CASES = [
    Case("instances-path-is-mounted", nodes(), PASS),
    Case("instances-path-is-mounted", local(), SKIP),
    Case(
        "instances-path-is-mounted",
        on_c(mount=LOCAL),
        FAIL,
        f"HostA:/ (nfs4) is not mounted on {PATH}",
        f"mountpoint -q {PATH} || mount {PATH}",
    ),
    Case(
        "instances-path-is-mounted",
        on_c(mount=LOCAL, occupied=True),
        FAIL,
        "the local directory below contains servers",
        "move these servers away",
    ),
    Case("instances-mount-is-read-write", nodes(), PASS),
    Case(
        "instances-mount-is-read-write",
        mounted("ro", written="Read-only file system"),
        FAIL,
        "read-only",
        f"mount -o remount,rw {PATH}",
    ),
    Case(
        "instances-mount-is-read-write",
        mounted(
            "ro",
            entry=dataclasses.replace(ENTRY, options=("ro", "_netdev")),
        ),
        FAIL,
        "read-only",
        f"fstab_drop /etc/fstab {PATH} ro",
    ),
    Case("instances-mount-is-the-only-one", nodes(), PASS),
    Case(
        "instances-mount-is-the-only-one",
        on_c(stacked=2),
        WARN,
        "2 mounts are stacked",
        f"umount {PATH}",
    ),
    Case("instances-mount-is-persistent", nodes(), PASS),
    Case("instances-mount-is-persistent", local(), SKIP, "root filesystem"),
    Case(
        "instances-mount-is-persistent",
        both(entry=None),
        PASS,
        "systemd mounts it",
    ),
    Case(
        "instances-mount-is-persistent",
        on_c(entry=None, unit=False),
        WARN,
        "by hand",
        f"line_add /etc/fstab 'HostA:/ {PATH} nfs4 rw,vers=4.2,hard,"
        "proto=tcp,sec=sys,_netdev 0 0'",
    ),
    Case(
        "instances-mount-is-persistent",
        on_c(
            entry=dataclasses.replace(ENTRY, options=("noauto", "_netdev")),
            unit=False,
        ),
        WARN,
        "noauto",
        f"fstab_drop /etc/fstab {PATH} noauto",
    ),
    Case("instances-mount-is-what-fstab-says", nodes(), PASS),
    Case("instances-mount-is-what-fstab-says", local(), SKIP),
    Case(
        "instances-mount-is-what-fstab-says",
        on_c(entry=dataclasses.replace(ENTRY, source="HostA:/old")),
        WARN,
        "/etc/fstab says HostA:/old",
        f"fstab_source /etc/fstab {PATH} HostA:/",
    ),
    Case("instances-mount-is-safe", nodes(), PASS, "NFS 4.2, hard"),
    Case("instances-mount-is-safe", local(), SKIP),
    Case(
        "instances-mount-is-safe",
        mounted("soft", without=("hard",)),
        WARN,
        "with soft",
        "when no server runs there",
    ),
    Case(
        "instances-mount-is-safe",
        v3("nolock", "local_lock=all"),
        WARN,
        "nolock, local_lock=all",
        "umount",
    ),
    Case("instances-mount-is-safe", v3(), PASS, "NFS 3, hard"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)


def test_pairs_do_not_repeat_what_a_node_has():
    """One mount that is missing is one finding, however many hosts."""
    found = [f for f in findings(on_c(mount=LOCAL)) if f.status > SKIP]
    assert [f.check for f in found] == ["instances-path-is-mounted"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"options": ("rw", "...")}, "options are not reported"),
        ({"options": ("rw", "suid")}, "option is not a known one"),
        ({"fstype": "fuse.evil"}, "type is not a known one"),
        (
            {"fstype": "fuse.glusterfs", "options": ("user_id=64060",)},
            "another user than root",
        ),
        ({"target": "/etc/cron.d"}, "not mounted on the instances directory"),
        ({"target": "/var/lib/nova"}, "not mounted on the instances"),
    ],
)
def test_no_script_adds_such_a_line_to_fstab(changes, why):
    storage = healthy(
        "HostC", mount=mount("HostC", **changes), entry=None, unit=False
    )
    every = [node("HostB"), node("HostC", storage=storage)]
    assert "HostC" not in remedies.scripts(findings(every))
    with pytest.raises(UnsafeText, match=why):
        line(storage.mount, PATH)
