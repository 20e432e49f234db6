"""How many moves may be under way: in all, from a host, to a host."""

from collections import Counter

from osc_migrate.plans import Limits

# So many more are asked for at a source than it sends at once: they are
# queued there, and the next one begins the moment that one ends.
QUEUED = 1


class Slots:
    """What is under way now. Not locked: its user is."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sources: Counter[str] = Counter()
        self._destinations: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return self._sources.total()

    def free(self, source: str, destination: str | None) -> bool:
        """Whether one more may begin.

        :param destination: None where Nova's scheduler chooses: then nobody
            can count it.
        """
        limits = self._limits
        return (
            self.total < limits.total
            and self._sources[source] < limits.per_source + QUEUED
            and self.open(destination)
        )

    def open(self, destination: str | None) -> bool:
        """Whether one more may go there."""
        if destination is None:
            return True
        there = self._destinations[destination]
        return there < self._limits.per_destination

    def take(self, source: str, destination: str | None) -> None:
        self._sources[source] += 1
        self._destinations[destination or ""] += 1

    def give(self, source: str, destination: str | None) -> None:
        self._sources[source] -= 1
        self._destinations[destination or ""] -= 1

    def change(self, old: str | None, new: str | None) -> None:
        """One goes elsewhere than it should have."""
        self._destinations[old or ""] -= 1
        self._destinations[new or ""] += 1
