"""What stands between two hosts, as their nodes themselves told."""

import dataclasses
from collections.abc import Iterable, Iterator

from osc_migrate.checks.findings import Finding, Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import known


@dataclasses.dataclass(frozen=True, slots=True)
class NodeBlocker:
    """A finding that forbids every move of a kind from a host to another.

    Plain text and numbers: a journal keeps it.

    :ivar kind: Kind's value.
    :ivar status: FAIL or UNKNOWN, by name.
    """

    source: str
    destination: str
    kind: str
    check: str
    status: str
    detail: str


class NodeBlockers:
    """Those of one plan, by whom they are between."""

    def __init__(self, all_: Iterable[NodeBlocker]) -> None:
        self._between: dict[tuple[str, str, str], list[NodeBlocker]] = {}
        for one in all_:
            key = (one.source, one.destination, one.kind)
            self._between.setdefault(key, []).append(one)

    def between(
        self, source: str, destination: str, kind: Kind
    ) -> list[NodeBlocker]:
        return self._between.get((source, destination, kind.value), [])

    def of_move(self, move: MoveFacts, kind: Kind) -> Iterator[Finding]:
        """The same as findings about a move; see scopes.Beside."""
        source = known(lambda: move.source and move.source.name) or ""
        wanted = known(lambda: move.destination and move.destination.name)
        destination = wanted or move.wanted or ""
        for one in self.between(source, destination, kind):
            yield Finding(
                one.check,
                f"{source} -> {destination}",
                Status[one.status],
                one.detail,
            )
