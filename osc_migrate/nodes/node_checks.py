"""The registry of node checks. Checks judge facts only.

A fault is reported once: a check of two or of all nodes is skipped if a check
of a single node already reports it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from osc_migrate.checks.check import Check, downgrade_ignored, judge
from osc_migrate.checks.findings import Finding, Report, Status
from osc_migrate.checks.registry import CLOUD, MOVE
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.accounts import checks as accounts
from osc_migrate.nodes.config import checks as config
from osc_migrate.nodes.guests import after
from osc_migrate.nodes.guests import checks as guests
from osc_migrate.nodes.guests.guest_move import GuestMove
from osc_migrate.nodes.libvirt import checks as libvirt
from osc_migrate.nodes.network import checks as network
from osc_migrate.nodes.node import ClusterFacts, NodeFacts, PairFacts
from osc_migrate.nodes.reach import checks as reach
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.small import SUBJECTS as SMALL
from osc_migrate.nodes.storage import checks as storage
from osc_migrate.nodes.system import checks as system
from osc_migrate.nodes.tls import checks as tls
from osc_migrate.nodes.volumes import checks as volumes

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
    *SMALL.values(),
)


def _checks_of(scope: str) -> tuple[Check, ...]:
    return tuple(
        check for subject in _SUBJECTS for check in getattr(subject, scope, ())
    )


#: of one compute node
NODE = _checks_of("NODE")


#: of one node that serves storage
STORAGE = _checks_of("STORAGE")


#: of a source and a destination
PAIR = _checks_of("PAIR")


#: of all nodes together
CLUSTER = _checks_of("CLUSTER")


def all_node_checks() -> tuple[Check, ...]:
    """Return all node checks, including those of a guest on two nodes."""
    return (*NODE, *STORAGE, *PAIR, *CLUSTER, *guests.GUEST)


ANSWERS = "node-answers"


def of_node(node: NodeFacts) -> tuple[Check, ...]:
    """Return the checks for a node of that role."""
    return STORAGE if node.role is Role.STORAGE else NODE


def pairs_of(nodes: Iterable[NodeFacts]) -> list[PairFacts]:
    """Return every ordered pair of compute nodes."""
    computes = [node for node in nodes if node.role is Role.COMPUTE]
    return [PairFacts(a, b) for a in computes for b in computes if a is not b]


def judge_nodes(
    nodes: Sequence[NodeFacts],
    lost: Mapping[str, Unread],
    pairs: Iterable[PairFacts],
    kind: Kind | None = None,
    ignored: Collection[str] = (),
) -> Report:
    """Run every node check.

    :param lost: nodes that did not answer, and why.
    :param pairs: sources and destinations.
    :param kind: kind of move; None for any.
    """
    findings = [answered(name, unread) for name, unread in lost.items()]
    for node in nodes:
        findings.append(answered(node.name))
        findings += judge(of_node(node), node, kind)
    for pair in pairs:
        findings += judge(PAIR, pair, kind)
    if len(nodes) > 1:
        findings += judge(CLUSTER, ClusterFacts(nodes), kind)
    return Report(downgrade_ignored(findings, ignored))


def answered(name: str, unread: Unread | None = None) -> Finding:
    """Return the finding about whether a node answered.

    If it did not, its other checks are not shown, as each would repeat that.

    :param unread: why it did not answer; its `remedy` is shown.
    """
    title = "The node answers"
    if unread is None:
        return Finding(ANSWERS, name, Status.PASS, "it answers", title=title)
    remedy = getattr(unread, "remedy", "") or (
        f"log in to {name} as preflight does, over SSH, non-interactively"
    )
    return Finding(ANSWERS, name, Status.UNKNOWN, unread.reason, remedy, title)


def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order of the documentation."""
    return (*MOVE, *CLOUD, *all_node_checks())


def judge_after_on_nodes(facts: GuestMove) -> Report:
    """Report leftovers on the two nodes of a move."""
    return judge(after.AFTER, facts, facts.kind)
