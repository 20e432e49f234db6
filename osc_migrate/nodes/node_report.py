"""Findings about nodes, to combine with those from the APIs. Pure."""

from collections.abc import Collection

from osc_migrate.checks.check import judge
from osc_migrate.checks.findings import Finding, Report
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import Unread, or_none
from osc_migrate.nodes.collect import Survey
from osc_migrate.nodes.guests.checks import GUEST
from osc_migrate.nodes.guests.guest_move import GuestMove, storage_classes
from osc_migrate.nodes.node import NodeFacts, PairFacts
from osc_migrate.nodes.node_checks import judge_nodes, pairs_of


class NodeReport:
    """The result of a survey, for any move."""

    def __init__(self, survey: Survey, ignored: Collection[str] = ()) -> None:
        self.survey = survey
        self._ignored = ignored
        self._nodes = {node.name: node for node in survey.nodes()}
        self._pairs: dict[tuple[str, str, Kind], list[Finding]] = {}

    def full_report(self) -> Report:
        """Report on all nodes and all pairs of them."""
        nodes = list(self._nodes.values())
        return judge_nodes(
            nodes,
            self.survey.lost,
            pairs_of(nodes),
            None,
            self._ignored,
        )

    def of_move(self, move: MoveFacts, kind: Kind) -> list[Finding]:
        """Return findings about source, destination, the pair and the server.

        The nodes are judged only once, for any number of servers.
        """
        source = or_none(lambda: move.source and move.source.name) or ""
        destination_name = or_none(
            lambda: move.destination and move.destination.name
        )
        destination = destination_name or move.wanted or ""
        return [
            *self.between(source, destination, kind),
            *self._guest(move, source, destination, kind),
        ]

    def between(
        self, source: str, destination: str, kind: Kind
    ) -> list[Finding]:
        """Return findings about two nodes and the pair, for any server."""
        key = (source, destination, kind)
        if key not in self._pairs:
            self._pairs[key] = list(self._pair(*key))
        return self._pairs[key]

    def storage_classes(self, source: str, destination: str) -> str:
        """See :func:`guest_move.storage_classes`.

        Empty if a node's configuration was not read, which another check
        reports.
        """
        if not {source, destination} <= self._nodes.keys():
            return ""
        pair = PairFacts(self._nodes[source], self._nodes[destination])
        return or_none(lambda: storage_classes(pair)) or ""

    def _guest(
        self, move: MoveFacts, source: str, destination: str, kind: Kind
    ) -> Report:
        """Report on the server itself, on these two nodes."""
        try:
            pair = PairFacts(self._nodes[source], self._nodes[destination])
        except KeyError:
            return Report(())
        facts = GuestMove(move, pair, kind)
        return judge(GUEST, facts, kind, self._ignored)

    def _pair(self, source: str, destination: str, kind: Kind) -> Report:
        nodes: list[NodeFacts] = []
        lost: dict[str, Unread] = {}
        for name in dict.fromkeys(filter(None, (source, destination))):
            if name in self._nodes:
                nodes.append(self._nodes[name])
            else:
                lost[name] = self.survey.lost.get(
                    name, Unread(f"{name} was not visited")
                )
        pairs = [PairFacts(*nodes)] if len(nodes) == 2 else []
        return judge_nodes(nodes, lost, pairs, kind, self._ignored)
