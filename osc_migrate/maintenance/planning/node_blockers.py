"""Moves between hosts that the node checks rule out."""

import dataclasses
from collections.abc import Iterable, Iterator

from osc_migrate.checks.findings import Finding, Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server, has_local_disk
from osc_migrate.facts import or_none


@dataclasses.dataclass(frozen=True, slots=True)
class NodeBlocker:
    """A finding that rules out every move of a kind between two hosts.

    Plain text and numbers, because it is stored in journals.

    :ivar kind: Kind's value.
    :ivar status: FAIL or UNKNOWN, by name.
    :ivar local_disks_only: servers that only have volumes can move.
    """

    source: str
    destination: str
    kind: str
    check: str
    status: str
    detail: str
    local_disks_only: bool = False


class NodeBlockers:
    """The blockers of one plan, by source, destination and kind."""

    def __init__(self, all_: Iterable[NodeBlocker]) -> None:
        self._between: dict[tuple[str, str, str], list[NodeBlocker]] = {}
        for blocker in all_:
            key = (blocker.source, blocker.destination, blocker.kind)
            self._between.setdefault(key, []).append(blocker)

    def between(
        self, source: str, destination: str, kind: Kind, server: Server
    ) -> list[NodeBlocker]:
        """Return what rules out this move of a server."""
        blockers = self._between.get((source, destination, kind.value), [])
        return [
            blocker
            for blocker in blockers
            if not blocker.local_disks_only or has_local_disk(server)
        ]

    def of_move(self, move: MoveFacts, kind: Kind) -> Iterator[Finding]:
        """Yield them as findings of a move; see move_scope.ExtraFindings."""
        source = or_none(lambda: move.source and move.source.name) or ""
        destination_name = or_none(
            lambda: move.destination and move.destination.name
        )
        destination = destination_name or move.wanted or ""
        for blocker in self.between(source, destination, kind, move.server):
            yield Finding(
                blocker.check,
                f"{source} -> {destination}",
                Status[blocker.status],
                blocker.detail,
            )
