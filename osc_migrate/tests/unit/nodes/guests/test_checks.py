"""Checks of one server on the two nodes of its move."""

import dataclasses

import pytest

from osc_migrate.checks.check import judge
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.guests.checks import GUEST
from osc_migrate.nodes.guests.guest_move import GuestMove
from osc_migrate.nodes.node import PairFacts
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.nodes import shapes as node_shapes
from osc_migrate.tests.unit.nodes.shapes import config, guests, storage

LIVE, BLOCK, COLD = Kind.LIVE, Kind.BLOCK, Kind.COLD
SERVER = guests.SERVER
NONE = frozenset()


def node(name, **changes):
    return node_shapes.node(name, guests=guests.healthy(name, **changes))


def moving(kind=LIVE, source=None, destination=None, **server):
    server = {"id": SERVER, "image_id": "image"} | server
    return GuestMove(
        shapes.move(server=shapes.server(**server)),
        PairFacts(source or node("HostB"), destination or node("HostC")),
        kind,
    )


def tls(**changes):
    """HostB, where QEMU itself encrypts."""
    return node_shapes.node(
        "HostB",
        config=config.healthy(
            "HostB", libvirt__live_migration_with_native_tls="true"
        ),
        guests=guests.healthy("HostB", **changes),
    )


def local(name):
    healthy = storage.healthy(name)
    mount = dataclasses.replace(
        healthy.mount, fstype="ext4", source="/dev/vda", target="/"
    )
    return node_shapes.node(
        name,
        storage=healthy.but(mount=mount),
        guests=guests.healthy(name),
    )


def found(facts):
    return {f.check: f for f in judge(GUEST, facts, facts.kind)}


def test_a_healthy_guest():
    findings = found(moving())
    assert {f.status for f in findings.values()} <= {
        Status.PASS,
        Status.SKIP,
        Status.NOT_CHECKED,
    }
    assert {f.subject for f in findings.values()} == {"vm1: HostB -> HostC"}


@dataclasses.dataclass
class Case:
    check: str
    facts: GuestMove
    status: Status
    words: str = ""

    def __str__(self):
        return f"{self.check}-{self.status.name}"


NOT_CHECKED = Status.NOT_CHECKED
FAIL, SKIP, UNKNOWN, PASS = (
    Status.FAIL,
    Status.SKIP,
    Status.UNKNOWN,
    Status.PASS,
)
ON_C = frozenset({SERVER})
CASES = [
    Case(
        "guest-runs-on-the-source",
        moving(source=node("HostB", active=NONE)),
        FAIL,
        "has it, but does not run it",
    ),
    Case(
        "guest-runs-on-the-source",
        moving(source=node("HostB", active=NONE, domains=NONE)),
        FAIL,
        "does not know it",
    ),
    Case(
        "guest-runs-on-the-source",
        moving(source=node("HostB", active=Unread("no virsh"))),
        UNKNOWN,
        "no virsh",
    ),
    Case(
        "destination-is-clean",
        moving(destination=node("HostC", domains=ON_C)),
        FAIL,
        "left from an earlier move",
    ),
    Case(
        "destination-is-clean",
        moving(destination=node("HostC", domains=ON_C, active=ON_C)),
        FAIL,
        "runs on HostC already",
    ),
    Case(
        "no-resize-directory-is-left",
        moving(COLD, node("HostB", directories={f"{SERVER}_resize"})),
        FAIL,
        f"{SERVER}_resize is left on HostB",
    ),
    Case("no-resize-directory-is-left", moving(COLD), PASS, "none"),
    Case(
        "destination-knows-the-guests-machine-type",
        moving(
            source=node(
                "HostB",
                running={SERVER: guests.domain(machine="pc-q35-99.0")},
            )
        ),
        FAIL,
        "pc-q35-99.0 is not supported by QEMU on HostC",
    ),
    Case(
        "destination-knows-the-guests-machine-type",
        moving(source=node("HostB", running={})),
        SKIP,
    ),
    Case(
        "destination-has-the-guests-processor",
        moving(),
        PASS,
        "HostC has all of it (superset)",
    ),
    Case(
        "destination-has-the-guests-processor",
        moving(
            destination=node(
                "HostC", processors={guests.CPU.key: "incompatible"}
            )
        ),
        FAIL,
        "features that HostC lacks",
    ),
    Case(
        "destination-has-the-guests-processor",
        moving(
            destination=node("HostC", processors={guests.CPU.key: "error: x"})
        ),
        UNKNOWN,
        "error: x",
    ),
    *(
        Case(
            "destination-has-the-guests-processor",
            moving(destination=node("HostC", processors=said)),
            NOT_CHECKED,
            "was not asked, or cannot compare",
        )
        for said in ({}, {guests.CPU.key: "error: unknown command: 'x'"})
    ),
    Case(
        "destination-has-the-guests-processor",
        moving(
            source=node(
                "HostB",
                running={
                    SERVER: guests.domain(
                        cpu=dataclasses.replace(
                            guests.CPU, mode="host-passthrough"
                        )
                    )
                },
            )
        ),
        SKIP,
        "host-passthrough",
    ),
    Case("guest-knows-tls", moving(source=tls()), PASS, "after"),
    Case(
        "guest-knows-tls",
        moving(source=tls(certificates=1_800_000_000)),
        Status.WARN,
        "before the certificates",
    ),
    Case("guest-knows-tls", moving(source=tls(certificates=None)), SKIP),
    Case(
        "disks-are-where-the-move-needs-them",
        moving(BLOCK),
        FAIL,
        "the hosts share its disks",
    ),
    Case(
        "disks-are-where-the-move-needs-them",
        moving(LIVE, local("HostB"), local("HostC")),
        FAIL,
        "local to a host",
    ),
    Case(
        "disks-are-where-the-move-needs-them",
        moving(BLOCK, local("HostB"), local("HostC")),
        PASS,
        "local",
    ),
    Case(
        "disks-are-where-the-move-needs-them",
        moving(LIVE, local("HostB"), local("HostC"), image_id=None),
        SKIP,
        "volumes",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_found(case):
    finding = found(case.facts)[case.check]
    assert (finding.status, finding.detail) == (case.status, finding.detail)
    assert case.words in finding.detail
    if case.status is FAIL:
        assert finding.remedy
        # None of these is a script: a wrong one would cost a disk.
        assert finding.fixes == ()
