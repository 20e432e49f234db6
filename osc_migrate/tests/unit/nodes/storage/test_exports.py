"""Checks of what a file server exports."""

import dataclasses

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.storage.export_facts import Export
from osc_migrate.tests.unit.nodes import shapes
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
from osc_migrate.tests.unit.nodes.shapes import ADDRESSES, node, nodes, storage

EXPORT = storage.EXPORT
LINE = "rw,sync,no_root_squash,no_subtree_check,fsid=0"


def served(computes=(), **changes):
    """HostA's exports are changed."""
    shape = storage.serving(**changes)
    server = node("HostA", Role.STORAGE, storage=shape)
    return [server, *(computes or nodes())]


def export(**changes):
    """The export is changed, in its file and in force."""
    one = dataclasses.replace(EXPORT, **changes)
    return served(
        exports=(one,),
        configured=(dataclasses.replace(one, file="/etc/exports"),),
    )


def without(*options, plus=()):
    kept = tuple(o for o in EXPORT.options if o not in options)
    return export(options=(*plus, *kept))


def elsewhere():
    """Both mount from a server that is not among the nodes."""
    mount = storage.mount(source="nas:/vol", options=("rw", "addr=10.9.9.9"))
    entry = dataclasses.replace(storage.ENTRY, source="nas:/vol")
    return [
        node(name, storage=storage.healthy(name, mount=mount, entry=entry))
        for name in ("HostB", "HostC")
    ]


def by_path():
    """Both mount an export by its own path."""
    mount = storage.mount(source="HostA:/srv/instances")
    entry = dataclasses.replace(storage.ENTRY, source=mount.source)
    return [
        node(
            name,
            storage=storage.healthy(
                name, mount=seen_from(mount, name), entry=entry
            ),
        )
        for name in ("HostB", "HostC")
    ]


def seen_from(mount, name):
    """With the address of that client."""
    own = f"clientaddr={ADDRESSES[name]}"
    return dataclasses.replace(
        mount,
        options=tuple(
            own if option.startswith("clientaddr=") else option
            for option in mount.options
        ),
    )


def refused():
    return [
        node(
            name,
            storage=storage.healthy(name, written="Read-only file system"),
        )
        for name in ("HostB", "HostC")
    ]


CHECKS = (
    "exports-instances",
    "export-names-every-compute",
    "export-is-read-write",
    "export-is-synchronous",
    "export-keeps-root",
    "exports-are-written-down",
)
CASES = [
    *(Case(check, served(), PASS, "HostA:/") for check in CHECKS),
    *(Case(check, served(elsewhere()), SKIP) for check in CHECKS),
    Case("nfs-server-runs", served(), PASS, "nfs-server"),
    Case(
        "nfs-server-runs",
        served(configured=(), exports=(), computes=elsewhere()),
        SKIP,
    ),
    Case(
        "nfs-server-runs",
        served(state="masked", exports=(), computes=elsewhere()),
        SKIP,
    ),
    Case(
        "nfs-server-runs",
        served(state="failed", exports=()),
        FAIL,
        "nfs-server is failed",
        "on HostA: systemctl enable --now nfs-server",
    ),
    Case(
        "nfs-server-runs",
        served(unit="", state="", exports=()),
        FAIL,
        "no NFS server is installed",
        "apt-get install nfs-kernel-server",
    ),
    Case(
        "exports-instances",
        served(exports=()),
        FAIL,
        "though it is in /etc/exports",
        "exportfs -ra",
    ),
    Case(
        "exports-instances",
        served(exports=(), configured=(), computes=by_path()),
        FAIL,
        "does not export /srv/instances, which HostB mounts",
        "line_add /etc/exports '/srv/instances 10.77.0.12(rw,sync,",
    ),
    Case(
        "exports-instances",
        served(exports=(), configured=()),
        FAIL,
        "does not export /",
        "fsid=0)",
    ),
    Case(
        "exports-instances",
        served(exports=(), state="masked"),
        FAIL,
        "its NFS server is masked",
        "systemctl unmask nfs-server",
    ),
    Case(
        "export-names-every-compute",
        export(client="10.77.0.12"),
        FAIL,
        "not to HostC (10.77.0.13)",
        f"'/srv/instances 10.77.0.12({LINE}) 10.77.0.13({LINE})'",
    ),
    Case(
        "export-is-read-write",
        without("rw", plus=("ro",)),
        FAIL,
        "read-only to 10.77.0.0/24",
        f"line_add /etc/exports '/srv/instances 10.77.0.0/24({LINE})'",
    ),
    Case(
        "export-is-read-write",
        refused(),
        FAIL,
        "lets HostB, HostC write nothing",
        "on HostA: export it with rw",
    ),
    Case(
        "export-is-synchronous",
        without("sync", plus=("async",)),
        WARN,
        "async",
        "exportfs -ra",
    ),
    Case(
        "export-keeps-root",
        without("no_root_squash", plus=("root_squash",)),
        FAIL,
        "with root_squash",
        "no_root_squash",
    ),
    Case(
        "export-keeps-root",
        without("no_root_squash", plus=("all_squash",)),
        FAIL,
        "with all_squash",
        "no_root_squash",
    ),
    Case(
        "exports-are-written-down",
        served(configured=()),
        WARN,
        "no file lists it",
        "line_add /etc/exports '/srv/instances 10.77.0.0/24",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)


COMPUTES = ("HostB", "HostC", "HostD", "HostE")
EVIL = "10.66.6.6"


def confirming(*nodes):
    """HostC mounts from EVIL, and only these nodes of four know it by that
    address; the export names no one yet."""
    mount = dataclasses.replace(
        storage.mount(),
        options=("rw", f"clientaddr={EVIL}", "addr=10.77.0.11"),
    )
    computes = []
    for name in COMPUTES:
        like = name if name in ADDRESSES else "HostB"
        shape = storage.healthy(like)
        if name == "HostC":
            shape = storage.healthy(like, mount=mount)
        found = node(like, storage=shape).but(name=name)
        known_as = EVIL if name in nodes else ADDRESSES["HostC"]
        reach = shapes.reach.healthy(
            like if like != "HostC" else "HostB",
            "HostC",
            names={"HostC": (known_as,)},
        )
        computes.append(found.but(reach={**found.reach, "HostC": reach}))
    exported = dataclasses.replace(EXPORT, client="10.77.0.12")
    file = dataclasses.replace(exported, file="/etc/exports")
    return served(computes, exports=(exported,), configured=(file,))


@pytest.mark.parametrize(
    ("nodes", "written"),
    [((), False), (("HostB",), False), (("HostB", "HostD"), True)],
)
def test_most_nodes_must_know_a_client_by_its_address(nodes, written):
    """A node and an accomplice write no line of another one's exports."""
    found = next(
        f
        for f in findings(confirming(*nodes))
        if f.check == "export-names-every-compute"
    )
    assert found.status is FAIL
    lines = [line for fix in found.fixes for line in fix.lines]
    assert any(EVIL in line for line in lines) is written
    assert any(fix.refused for fix in found.fixes) is not written


def test_a_netgroup_is_not_guessed():
    found = [
        f
        for f in findings(export(client="@computes"))
        if f.check == "export-names-every-compute"
    ]
    assert found[0].status is UNKNOWN
    assert "@computes" in found[0].detail


def test_exports_that_are_not_read_are_not_judged():
    found = findings(served(exports=Unread("ganesha")))
    mine = {f.check: f.status for f in found if f.check in CHECKS}
    assert set(mine.values()) == {UNKNOWN}


def test_the_owner_is_changed_on_the_server():
    computes = [
        node(name, storage=storage.healthy(name, places=storage.way(0)))
        for name in ("HostB", "HostC")
    ]
    found = [f for f in findings(served(computes)) if f.status > SKIP]
    assert [f.check for f in found] == ["shared-directory-is-novas"]
    assert (
        found[0].remedy == "on HostA: chown -h -- 64060:64060 /srv/instances"
    )


@pytest.mark.parametrize(
    ("client", "admits"),
    [
        ("*", True),
        ("<world>", True),
        ("10.77.0.13", True),
        ("10.77.0.0/255.255.255.0", True),
        ("10.78.0.0/16", False),
        ("hostc", True),
        ("*.example", False),
        ("host?", True),
        ("@group", None),
        ("fd00::/8", False),
    ],
)
def test_clients(client, admits):
    one = Export("/srv", client, ())
    assert one.admits("10.77.0.13", ("HostC",)) is admits


def test_the_more_exact_export_counts():
    found = findings(
        served(
            exports=(
                dataclasses.replace(EXPORT, client="*", options=("ro",)),
                EXPORT,
            )
        )
    )
    assert [f for f in found if f.status > SKIP] == []
