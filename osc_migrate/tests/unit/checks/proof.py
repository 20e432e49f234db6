"""Proves a check: facts, the finding, and that no other check minds."""

import dataclasses
from collections.abc import Collection

from osc_migrate.checks import registry
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.tests.unit import shapes

PASS, SKIP, WARN = Status.PASS, Status.SKIP, Status.WARN
UNKNOWN, FAIL = Status.UNKNOWN, Status.FAIL
NOT_CHECKED = Status.NOT_CHECKED
LIVE, BLOCK, COLD = Kind.LIVE, Kind.BLOCK, Kind.COLD


@dataclasses.dataclass
class Case:
    check: str
    move: MoveFacts
    status: Status
    # Words of the detail and of the remedy.
    detail: str = ""
    remedy: str = ""
    kind: Kind = LIVE
    # Other checks that find something too, such as all that need a fact
    # which was not read: exactly these.
    beside: Collection[str] = ()

    def __str__(self):
        return f"{self.check}-{self.status.name}"


def findings(move, kind=LIVE, ignored=()):
    report = registry.judge_move(move, kind, ignored)
    return {finding.check: finding for finding in report}


def prove(case):
    found = findings(case.move, case.kind)
    finding = found.pop(case.check)
    assert (finding.status, finding.detail) == (case.status, finding.detail)
    assert case.detail in finding.detail
    assert case.remedy in finding.remedy
    if case.status in (WARN, FAIL):
        assert finding.remedy
    odd = [f for f in found.values() if f.status >= WARN]
    assert {f.check for f in odd} == set(case.beside), odd


def of_server(**changes):
    return shapes.move(server=shapes.server(**changes))


def of_host(**changes):
    return shapes.move(destination=shapes.host(**changes))


def of_hypervisor(**changes):
    return of_host(hypervisor=shapes.hypervisor(**changes))


def of_flavor(nova=(2, 104), **extra_specs):
    server = shapes.server(flavor=shapes.flavor(**extra_specs))
    return shapes.move(server=server, nova=nova)


def of_ports(*vnic_types, nova=(2, 104), extensions=("binding-extended",)):
    return shapes.move(
        ports=tuple(shapes.port(vnic_type=kind) for kind in vnic_types),
        network_extensions=frozenset(extensions),
        nova=nova,
    )
