"""How many moves may be under way at once: in all, from a host, to a host."""

from collections import Counter

from osc_migrate.maintenance.planning import Limits
from osc_migrate.maintenance.planning.plan import Step

# Moves requested at a source beyond those that it sends at once: they are
# queued there, and the next one begins the moment that one ends. What Nova
# does not queue is counted by itself: two cold ones under way would keep a
# host from sending anything.
QUEUED = 1


class Slots:
    """What is under way now. Not locked: its user is."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sources: Counter[tuple[str, bool]] = Counter()
        self._destinations: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return self._sources.total()

    def free(self, step: Step) -> bool:
        """Whether it may begin."""
        limits = self._limits
        limit = limits.per_source + (QUEUED if step.way.queued else 0)
        return (
            self.total < limits.total
            and self._sources[_source(step)] < limit
            and self.open(step.destination)
        )

    def open(self, destination: str | None) -> bool:
        """Whether one more may go there.

        :param destination: None where Nova's scheduler chooses: such a
            move cannot be counted.
        """
        if destination is None:
            return True
        under_way = self._destinations[destination]
        return under_way < self._limits.per_destination

    def take(self, step: Step) -> None:
        self._sources[_source(step)] += 1
        self._destinations[step.destination or ""] += 1

    def give(self, step: Step) -> None:
        self._sources[_source(step)] -= 1
        self._destinations[step.destination or ""] -= 1

    def change(self, old: Step, new: Step) -> None:
        """It goes elsewhere, or in another way, than it should have."""
        self.give(old)
        self.take(new)


def _source(step: Step) -> tuple[str, bool]:
    return step.source, step.way.queued
