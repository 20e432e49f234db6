"""The scopes of the checks on nodes."""

import functools
from collections.abc import Callable, Iterable
from typing import TypeVar

from osc_migrate.checks.check import Check, Verdict, check
from osc_migrate.cloud.migrations import Kind
from osc_migrate.nodes.node import ClusterFacts, NodeFacts, PairFacts

__all__ = ["LIVE", "of_cluster", "of_node", "of_pair"]

T = TypeVar("T")
# For checks that matter only for running guests.
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
    decorator = check(_pair, kinds)
    return lambda judge: decorator(_state_sources(judge))


def of_cluster(
    kinds: Iterable[Kind] = Kind,
) -> Callable[[Callable[[ClusterFacts], str]], Check]:
    decorator = check(_cluster, kinds)
    return lambda judge: decorator(_state_sources(judge))


def _state_sources(judge: Callable[[T], str]) -> Callable[[T], str]:
    """For checks of several nodes: each fix states what it rests on."""

    @functools.wraps(judge)
    def judged(facts: T) -> str:
        try:
            return judge(facts)
        except Verdict as verdict:
            fixes = tuple(fix.stated() for fix in verdict.fixes)
            if fixes != verdict.fixes:
                verdict.remedy = "; ".join(map(str, fixes))
                verdict.fixes = fixes
            raise

    return judged
