"""What must hold on the nodes themselves, judged on facts alone.

A fault is reported once: a check of two nodes, or of all, is skipped where a
check of one node says what is wrong already.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from osc_migrate.checks.check import Check, judge
from osc_migrate.checks.nodes import (
    accounts,
    config,
    libvirt,
    network,
    reach,
    storage,
    system,
    tls,
    volumes,
)
from osc_migrate.model.facts import Unread
from osc_migrate.model.findings import Finding, Kind, Report, Status
from osc_migrate.model.node import ClusterFacts, NodeFacts, PairFacts, Role

_SUBJECTS = (
    config,
    system,
    accounts,
    storage,
    network,
    libvirt,
    tls,
    volumes,
    reach,
)

#: of one compute node
NODE = tuple(check for one in _SUBJECTS for check in one.NODE)
#: of one node that serves storage
STORAGE = tuple(check for one in _SUBJECTS for check in one.STORAGE)
#: of a source and a destination
PAIR = tuple(check for one in _SUBJECTS for check in one.PAIR)
#: of all nodes together
CLUSTER = tuple(check for one in _SUBJECTS for check in one.CLUSTER)

ANSWERS = "node-answers"


def of_node(node: NodeFacts) -> tuple[Check, ...]:
    """The checks of a node of that role."""
    return STORAGE if node.role is Role.STORAGE else NODE


def pairs_of(nodes: Iterable[NodeFacts]) -> list[PairFacts]:
    """Each compute node and each other one, both ways."""
    computes = [node for node in nodes if node.role is Role.COMPUTE]
    return [PairFacts(a, b) for a in computes for b in computes if a is not b]


def judge_nodes(
    nodes: Sequence[NodeFacts],
    lost: Mapping[str, Unread],
    pairs: Iterable[PairFacts],
    kind: Kind | None = None,
    ignored: Collection[str] = (),
) -> Report:
    """Every check of nodes.

    :param lost: nodes that did not answer, and why.
    :param pairs: the ways that servers are to go.
    :param kind: how; None for any.
    """
    findings: list[Finding] = [_lost(*one, ignored) for one in lost.items()]
    for node in nodes:
        findings.append(_answered(node.name))
        findings += judge(of_node(node), node, kind, ignored)
    for pair in pairs:
        findings += judge(PAIR, pair, kind, ignored)
    if len(nodes) > 1:
        findings += judge(CLUSTER, ClusterFacts(nodes), kind, ignored)
    return Report(findings)


def _answered(name: str) -> Finding:
    return Finding(ANSWERS, name, Status.PASS, "it answers", title=_TITLE)


def _lost(name: str, why: Unread, ignored: Collection[str]) -> Finding:
    """Its other checks are not shown: each would only say so again."""
    return Finding(
        check=ANSWERS,
        subject=name,
        status=Status.WARN if ANSWERS in ignored else Status.UNKNOWN,
        detail=why.reason,
        remedy=getattr(why, "remedy", "")
        or "see that ssh gets there without a question, as preflight does",
        title=_TITLE,
    )


_TITLE = "The node answers"
