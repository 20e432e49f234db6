"""Limits of moves in flight: in total, from a host, and to a host."""

from collections import Counter

from osc_migrate.maintenance.planning import Limits
from osc_migrate.maintenance.planning.plan import Step

# Moves requested at a source beyond those that it sends in parallel: Nova
# queues them and starts the next one as soon as one ends. Kinds that Nova does
# not queue are counted separately: two cold ones in flight would keep a host
# from sending anything else.
QUEUED = 1


class Slots:
    """The moves in flight. Not thread-safe: its user holds a lock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sources: Counter[tuple[str, bool]] = Counter()
        self._destinations: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return self._sources.total()

    def free(self, step: Step) -> bool:
        """Return whether a step may start."""
        limits = self._limits
        limit = limits.per_source + (QUEUED if step.way.queued else 0)
        return (
            self.total < limits.total
            and self._sources[_source(step)] < limit
            and self.open(step.destination)
        )

    def open(self, destination: str | None) -> bool:
        """Return whether one more move to the destination may start.

        :param destination: None if Nova's scheduler chooses it: such a move
            cannot be counted.
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
        """Account for a changed destination or kind."""
        self.give(old)
        self.take(new)


def _source(step: Step) -> tuple[str, bool]:
    return step.source, step.way.queued
