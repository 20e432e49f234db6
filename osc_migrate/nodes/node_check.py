"""The scopes of the checks on nodes."""

from collections.abc import Callable, Iterable

from osc_migrate.checks.check import Check, check
from osc_migrate.cloud.migrations import Kind
from osc_migrate.nodes.node import ClusterFacts, NodeFacts, PairFacts

__all__ = ["LIVE", "of_cluster", "of_node", "of_pair"]

# Where only a running guest matters.
LIVE = (Kind.LIVE, Kind.BLOCK)


def _node(node: NodeFacts) -> str:
    return node.name


def _pair(pair: PairFacts) -> str:
    return pair.name


def _cluster(cluster: ClusterFacts) -> str:
    return cluster.name


def of_node(
    kinds: Iterable[Kind] = Kind,
) -> Callable[[Callable[[NodeFacts], str]], Check]:
    return check(_node, kinds)


def of_pair(
    kinds: Iterable[Kind] = Kind,
) -> Callable[[Callable[[PairFacts], str]], Check]:
    return check(_pair, kinds)


def of_cluster(
    kinds: Iterable[Kind] = Kind,
) -> Callable[[Callable[[ClusterFacts], str]], Check]:
    return check(_cluster, kinds)
