"""What stands between two hosts, as their nodes themselves told."""

import dataclasses
from collections.abc import Iterable, Iterator

from osc_migrate.model.facts import MoveFacts, known
from osc_migrate.model.findings import Finding, Kind, Status


@dataclasses.dataclass(frozen=True, slots=True)
class Barrier:
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


class Barriers:
    """Those of one plan, by whom they are between."""

    def __init__(self, all_: Iterable[Barrier]) -> None:
        self._between: dict[tuple[str, str, str], list[Barrier]] = {}
        for one in all_:
            key = (one.source, one.destination, one.kind)
            self._between.setdefault(key, []).append(one)

    def between(
        self, source: str, destination: str, kind: Kind
    ) -> list[Barrier]:
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
