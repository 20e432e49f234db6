"""State and limits shared by the moves of a run."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Collection

from osc_migrate.checks import move_scope
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.maintenance.planning import Limits, NodeBlocker, NodeBlockers
from osc_migrate.maintenance.planning.plan import Purpose, Skipped, Step
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.limits import Slots
from osc_migrate.maintenance.running.results import RunEvent
from osc_migrate.migration import follow
from osc_migrate.migration.move import Counters
from osc_migrate.migration.mover import Mover
from osc_migrate.migration.pace import STALL_AFTER
from osc_migrate.migration.start_gate import StartGate

# Polls per second of all moves together: the more are in flight, the less
# often each is polled.
LOOKS = 4.0

# Replans a step, excluding those hosts; returns the step or why it stays.
Replan = Callable[[Step, Collection[str]], Step | Skipped]

# Provides libvirt's counters of one move while it is followed, or None.
CountersOf = Callable[
    [MoveFacts, Kind],
    contextlib.AbstractContextManager[Counters | None],
]


class Abandoned(BaseException):
    """The run is no longer followed. Moves in flight continue in Nova.

    A BaseException, so that no error handler catches it.
    """


class RunClock:
    """A clock for many threads; :meth:`abandon` wakes them."""

    def __init__(self) -> None:
        self._over = threading.Event()
        # Returns the number of threads that poll Nova.
        self.following: Callable[[], int] = lambda: 1

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """:raises Abandoned: the run is no longer followed."""
        if self._over.wait(seconds):
            raise Abandoned

    def interval(self) -> float:
        return max(follow.INTERVAL, self.following() / LOOKS)

    def plain(self) -> follow.Clock:
        """Return this clock as a :class:`follow.RunClock`."""
        return follow.Clock(self.now, self.sleep, self.interval)

    def abandon(self) -> None:
        self._over.set()


@dataclasses.dataclass
class Work:
    """Everything that all moves of a run need.

    :ivar max_failures: no further move is started after this many failures.
    :ivar on_stall: see on_stall.RUNGS.
    :ivar ignored: checks whose failure is only a warning.
    :ivar barriers: moves that the node checks rule out.
    :ivar counters: libvirt's; None to use Nova's.
    :ivar busy: guards the slots, and wakes the threads that wait for one.
    """

    mover: Mover
    journal: Journal
    clock: RunClock
    replan: Replan
    purpose: Purpose = Purpose.DRAIN
    limits: Limits = dataclasses.field(default_factory=Limits)
    max_failures: int = 3
    on_stall: str = "wait"
    stall_after: float = STALL_AFTER
    ignored: Collection[str] = ()
    barriers: Collection[NodeBlocker] = ()
    counters: CountersOf | None = None

    def __post_init__(self) -> None:
        self.slots = Slots(self.limits)
        self.node_findings: move_scope.ExtraFindings = NodeBlockers(
            self.barriers
        ).of_move
        self.busy = threading.Condition()
        self._groups: dict[str, threading.Lock] = {}
        self._events: list[RunEvent] = []
        # Why nothing may be started any more, such as a full disk.
        self.broken = ""

    @property
    def gate(self) -> StartGate:
        """The gate for every request that starts something."""
        return self.mover.gate

    def report(
        self, text: str, server: str = "", *, warning: bool = False
    ) -> None:
        with self.busy:
            self._events.append(RunEvent(text, server, warning))
            self.busy.notify_all()

    def take_events(self) -> tuple[RunEvent, ...]:
        """Return the events since the last call, oldest first."""
        with self.busy:
            events, self._events = self._events, []
        return tuple(events)

    def groups(self, ids: Collection[str]) -> list[threading.Lock]:
        """Return a lock for each server group.

        Members of a group move one at a time, because a check sees where the
        others are, not where they are going.
        """
        with self.busy:
            return [
                self._groups.setdefault(id, threading.Lock())
                for id in sorted(ids)
            ]

    def go_elsewhere(self, old: Step, new: Step) -> None:
        """Wait for a slot of the new destination and take it.

        :raises Abandoned: the run is no longer followed.
        :raises Closed: no further move is started.
        """
        while True:
            self.gate.check()
            with self.busy:
                same = old.destination == new.destination
                if same or self.slots.open(new.destination):
                    self.slots.change(old, new)
                    self.busy.notify_all()
                    return
            self.clock.sleep(follow.INTERVAL)
