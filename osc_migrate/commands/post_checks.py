"""Check a server after its move, for leftovers on the source."""

import argparse
import contextlib
from collections.abc import Iterator

from osc_migrate.checks import registry
from osc_migrate.checks.findings import Finding
from osc_migrate.cloud import surroundings
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import nodes
from osc_migrate.facts import Unread
from osc_migrate.migration import guest_location
from osc_migrate.migration.mover import Mover
from osc_migrate.migration.outcome import Outcome
from osc_migrate.nodes.guests.guest_move import GuestMove
from osc_migrate.nodes.node import PairFacts
from osc_migrate.nodes.node_checks import answered, judge_after_on_nodes


def leftovers(
    parsed_args: argparse.Namespace, mover: Mover, outcome: Outcome
) -> Iterator[Finding]:
    """Return findings from the APIs, and with --nodes from both hosts."""
    facts = mover.facts_after(outcome.id)
    yield from registry.judge_after(facts)
    if parsed_args.nodes and outcome.source and outcome.destination:
        yield from _on_nodes(parsed_args, mover, outcome, facts)


def _on_nodes(
    parsed_args: argparse.Namespace,
    mover: Mover,
    outcome: Outcome,
    facts: MoveFacts,
) -> Iterator[Finding]:
    source, destination = outcome.source or "", outcome.destination or ""
    hosts: dict[str, Host] = {}
    # Without it, the inventory may have the addresses.
    with contextlib.suppress(Unread):
        hosts = surroundings.hosts_of(mover.cloud)
    addresses = {
        name: nodes.address(hosts[name]) if name in hosts else None
        for name in (source, destination)
    }
    with nodes.sessions(parsed_args, addresses) as opened:
        node_facts = guest_location.nodes_of_guest(
            opened, list(addresses), outcome.id
        )
    source_facts, destination_facts = (
        node_facts[source],
        node_facts[destination],
    )
    for name, node in node_facts.items():
        if isinstance(node, Unread):
            yield answered(name, node)
    if isinstance(source_facts, Unread) or isinstance(
        destination_facts, Unread
    ):
        return
    kind = Kind(outcome.kind) if outcome.kind in list(Kind) else Kind.LIVE
    pair = PairFacts(source_facts, destination_facts)
    yield from judge_after_on_nodes(GuestMove(facts, pair, kind))
