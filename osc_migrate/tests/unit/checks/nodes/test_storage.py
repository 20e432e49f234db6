"""Checks of the instances directory: of a node, its mount, two nodes."""

import dataclasses

import pytest

from osc_migrate import remedies
from osc_migrate.model.facts import Unread
from osc_migrate.model.node.storage import Mount, Space
from osc_migrate.tests.unit.checks.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.node_shapes import (
    accounts,
    config,
    node,
    nodes,
    storage,
)

PATH, LOCAL, ENTRY, GIB = (
    storage.PATH,
    storage.LOCAL,
    storage.ENTRY,
    storage.GIB,
)
ALONE = {"mount": LOCAL, "entry": None, "unit": False}
SERVERS = {"mount": LOCAL, "entry": None, "occupied": True}


def on_c(**changes):
    """HostC's storage is changed."""
    return nodes(HostC=node(storage=storage.healthy("HostC", **changes)))


def both(**changes):
    return [
        node(name, storage=storage.healthy(name, **changes))
        for name in ("HostB", "HostC")
    ]


def local(**changes):
    """Neither shares it; HostC's is changed."""
    return [
        node("HostB", storage=storage.healthy("HostB", **ALONE)),
        node(storage=storage.healthy("HostC", **(ALONE | changes))),
    ]


def mounted(*options, without=(), **changes):
    """HostC has it mounted with more options, or less."""
    mount = storage.mount()
    kept = tuple(o for o in mount.options if o not in without)
    mount = dataclasses.replace(mount, options=(*kept, *options))
    return on_c(mount=mount, **changes)


def v3(*options):
    mount = storage.mount(
        fstype="nfs",
        source="HostA:/srv/instances",
        options=("rw", "vers=3", "hard", *options),
    )
    entry = Mount(mount.source, PATH, "nfs", ("_netdev", *options))
    return both(mount=mount, entry=entry)


def enforcing(fstype="ext4", **changes):
    fields = {"selinux": "Enforcing", "label": "nova_var_lib_t"}
    fields |= {"label_wanted": "nova_var_lib_t"} | changes
    if fstype == "ext4":
        return local(**fields)
    mount = storage.mount(fstype=fstype, source="HostA:/i", options=("rw",))
    entry = Mount(mount.source, PATH, fstype, ("_netdev",))
    return both(mount=mount, entry=entry, **fields)


def shut(path, mode):
    """A directory on the way, or the last one, has that mode."""
    return tuple(
        dataclasses.replace(p, mode=mode) if p.path == path else p
        for p in storage.way()
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
        f"install -d -o nova -g nova -m 755 {PATH}",
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
        f"chown nova:nova {PATH}",
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
        "no file was made",
    ),
    Case("instances-path-is-passable", nodes(), PASS),
    Case(
        "instances-path-is-passable",
        on_c(passable=False, places=shut("/var/lib/nova", 0o750)),
        FAIL,
        "through /var/lib/nova, whose mode is 750",
        "chmod o+x /var/lib/nova",
    ),
    Case(
        "instances-path-is-passable",
        on_c(passable=False),
        FAIL,
        "libvirt-qemu does not get into",
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
        "nothing more fits",
        "df -h",
    ),
    Case(
        "instances-path-has-space",
        on_c(
            space=Space(100 * GIB, 50 * GIB, 1000, 0),
            written="No space left on device",
        ),
        FAIL,
        "no inode left",
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
        "there are servers in the local directory",
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
        f"'HostA:/ {PATH} nfs4 _netdev 0 0'",
    ),
    Case("instances-mount-is-the-only-one", nodes(), PASS),
    Case(
        "instances-mount-is-the-only-one",
        on_c(stacked=2),
        WARN,
        "2 mounts are on top of each other",
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
        f"'HostA:/ {PATH} nfs4 _netdev 0 0'",
    ),
    Case("instances-mount-is-what-fstab-says", nodes(), PASS),
    Case("instances-mount-is-what-fstab-says", local(), SKIP),
    Case(
        "instances-mount-is-what-fstab-says",
        on_c(entry=dataclasses.replace(ENTRY, source="HostA:/old")),
        WARN,
        "/etc/fstab says HostA:/old",
        f"'HostA:/ {PATH} nfs4 _netdev,nofail 0 0'",
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
    Case("hosts-share-storage", nodes(), PASS, "HostA:/ on both"),
    Case("hosts-share-storage", local(), PASS, "block migration"),
    Case(
        "hosts-share-storage",
        on_c(**ALONE),
        FAIL,
        "is HostA:/ (nfs4) on HostB, and local on HostC",
        f"line_add /etc/fstab 'HostA:/ {PATH} nfs4 _netdev,nofail 0 0'",
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
        f"on HostB: chown 64060:64060 {PATH}",
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


def test_pairs_do_not_repeat_what_a_node_has():
    """One mount that is missing is one finding, however many hosts."""
    found = [f for f in findings(on_c(mount=LOCAL)) if f.status > SKIP]
    assert [f.check for f in found] == ["instances-path-is-mounted"]


def test_both_ways_have_one_script():
    found = of("hosts-share-storage", on_c(**ALONE))
    assert len(found) == 2
    scripts = remedies.scripts(found)
    assert list(scripts) == ["HostC"]
    assert scripts["HostC"].count("mountpoint -q") == 1


def test_disks_in_ceph_need_no_directory():
    rbd = config.healthy("HostC", libvirt__images_type="rbd")
    two = [one.but(config=rbd) for one in on_c(**ALONE)]
    assert {f.status for f in of("hosts-share-storage", two)} == {SKIP}


def test_fstab_of_a_stranger_stays_one_word():
    entry = dataclasses.replace(ENTRY, source="HostA:/$(reboot)';x")
    mount = storage.mount(source=entry.source)
    two = [
        node("HostB", storage=storage.healthy("HostB", mount=mount)).but(),
        node(storage=storage.healthy("HostC", **ALONE)),
    ]
    two[0] = two[0].but(
        storage=storage.healthy("HostB", mount=mount, entry=entry)
    )
    line = of("hosts-share-storage", two)[0].fixes[0].lines[0]
    assert line.startswith("line_add /etc/fstab 'HostA:/$(reboot)'\"'\"';x ")


def test_a_uid_of_its_own_is_told_once():
    nova = accounts.NOVA.but(uid=7)
    mine = accounts.healthy("HostC", nova=nova, users={})
    denied = storage.healthy("HostC", written="Permission denied")
    two = [node("HostB"), node(accounts=mine, storage=denied)]
    found = [f.check for f in findings(two) if f.status > SKIP]
    assert found == ["nova-uid-agrees"]
