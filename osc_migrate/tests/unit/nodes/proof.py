"""Proves a check of nodes: facts, the finding, and that no other minds."""

import dataclasses
from collections.abc import Collection, Sequence

from osc_migrate.checks.findings import Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_checks import judge_nodes, pairs_of

PASS, SKIP, WARN = Status.PASS, Status.SKIP, Status.WARN
UNKNOWN, FAIL = Status.UNKNOWN, Status.FAIL
NOT_CHECKED = Status.NOT_CHECKED


@dataclasses.dataclass
class Case:
    check: str
    nodes: Sequence[NodeFacts]
    status: Status
    # Words of the detail and of the remedy.
    detail: str = ""
    remedy: str = ""
    # Names the node, or the pair as 'HostB -> HostC'; None for whichever
    # finding of that check is worst.
    subject: str | None = None
    kind: Kind | None = None
    # Other checks that find something too, such as all that need a fact
    # which was not read: exactly these.
    beside: Collection[str] = ()

    def __str__(self):
        return f"{self.check}-{self.status.name}"


def findings(nodes, kind=None):
    return judge_nodes(nodes, {}, pairs_of(nodes), kind)


def scripted(finding):
    """The fixes as their script has them."""
    return "; ".join(
        "; ".join(
            [
                f"on {fix.node}: {fix.lines[0]}" if fix.lines else "",
                *fix.lines[1:],
            ]
            + [f"systemctl restart {' '.join(fix.restart)}"]
            * bool(fix.restart)
        )
        for fix in finding.fixes
    )


def prove(case):
    found = list(findings(case.nodes, case.kind))
    mine = [
        finding
        for finding in found
        if finding.check == case.check
        and case.subject in (None, finding.subject)
    ]
    # Worst first.
    finding = mine[0]
    assert (finding.status, finding.detail) == (case.status, finding.detail)
    assert case.detail in finding.detail
    assert case.remedy in finding.remedy + scripted(finding)
    if case.status in (WARN, FAIL):
        assert finding.remedy
    odd = [f for f in found if f.check != case.check and f.status >= WARN]
    assert {f.check for f in odd} == set(case.beside), odd
