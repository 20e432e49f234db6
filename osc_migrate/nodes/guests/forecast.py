"""How long a live migration will take, and whether it will end. Pure.

QEMU sends the memory, then pass after pass what the guest wrote meanwhile,
until the rest can be sent within the downtime that is allowed. A guest that
writes slower than is sent leaves less each time; one that does not never
gets there by itself. What Nova does then: nova/virt/libvirt/driver.py,
_live_migration_monitor.
"""

import dataclasses
import enum
import math

# A measured rate within this share of the bandwidth may be on either side.
DOUBT = 0.2
# A set that grows by so much each second has no end that can be seen.
_ENDLESS = 0.9
GiB = 2**30


class End(enum.Enum):
    """How it will end when nobody interferes."""

    CONVERGES = "converges"
    # The two rates are too near to each other.
    DOUBTFUL = "doubtful"
    # The guest is held up more and more, until it does (auto-converge).
    THROTTLED = "throttled"
    # When the time is over, Nova lets the guest run on at the destination,
    # which fetches the rest.
    POSTCOPY = "post-copy"
    # When the time is over, Nova pauses the guest.
    PAUSED = "paused"
    # When the time is over, Nova gives the move up.
    ABORTED = "aborted"
    # The time is never over.
    NEVER = "never"


@dataclasses.dataclass(frozen=True)
class Way:
    """What copies, and Nova's options; sizes in bytes, times in seconds."""

    # A second, over the wire.
    bandwidth: float
    # For which the guest may stand still, in the end; live_migration_
    # downtime, _downtime_steps and _downtime_delay (for each GiB).
    downtime: float = 0.5
    steps: int = 10
    delay: float = 75.0
    # live_migration_completion_timeout (for each GiB); 0 is for ever.
    timeout: float = 800.0
    # live_migration_timeout_action is force_complete, not abort.
    force: bool = False
    # live_migration_permit_post_copy and _auto_converge.
    post_copy: bool = False
    auto_converge: bool = False


@dataclasses.dataclass(frozen=True)
class Load:
    """What is to be copied; bytes."""

    # That the guest has, and those that it ever wrote.
    memory: int
    used: int
    # That it writes to in a second.
    dirty: float
    # That it writes to in the long run, again and again; None for all that
    # it ever wrote: it always goes on to other pages.
    again: float | None = None
    # Of disks, which are copied before.
    disk: int = 0

    def written(self, seconds: float) -> float:
        """Bytes that it writes to in that time.

        Within a second as if it wrote evenly: nobody measures less. Later
        more and more are among those that it has written to already.
        """
        if seconds <= 1 or self.dirty <= 0 or self.again is None:
            found = self.dirty * seconds
        else:
            new = max(0.0, 1 - self.dirty / max(self.again, self.dirty))
            found = max(self.again, self.dirty) * (1 - new**seconds)
        return min(found, self.used)


def working_set(one: float, three: float) -> float | None:
    """Bytes that are written to again and again, from how many were in one
    second and in three; None when they seem not to end.

    Pages taken at random out of a set: W (1 - x), and W (1 - x^3).
    """
    if one <= 0:
        return None
    ratio = min(max(three / one, 1.0), 3.0)
    x = (math.sqrt(4 * ratio - 3) - 1) / 2
    return one / (1 - x) if x < _ENDLESS else None


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Of the copying alone: what Nova does before and after is not in it."""

    end: End
    # Seconds until the guest runs at the destination, or until Nova does
    # something; None where nobody can say.
    seconds: float | None
    # Seconds that the guest stands still; None where nobody can say.
    pause: float | None


def forecast(way: Way, load: Load) -> Forecast:
    """What will come of a live migration."""
    data = max(2.0, load.memory / GiB)
    if load.disk:
        data += max(2.0, load.disk / GiB)
    limit = way.timeout * data if way.timeout > 0 else math.inf
    ratio = load.dirty / way.bandwidth
    # At most this is left after a pass.
    most = load.again if load.again is not None else load.used
    longest = min(max(most, load.dirty), load.used) / way.bandwidth
    if longest > way.downtime and abs(ratio - 1) < DOUBT:
        return Forecast(End.DOUBTFUL, None, None)
    found = _passes(way, load, data, limit)
    if found:
        return found
    if way.force and limit < math.inf:
        if way.post_copy:
            return Forecast(End.POSTCOPY, limit, None)
        return Forecast(End.PAUSED, limit, longest)
    # Nova leaves it away where post-copy is permitted.
    if way.auto_converge and not way.post_copy:
        return Forecast(End.THROTTLED, None, None)
    if limit < math.inf:
        return Forecast(End.ABORTED, limit, None)
    return Forecast(End.NEVER, None, None)


def _passes(
    way: Way, load: Load, data: float, limit: float
) -> Forecast | None:
    """The passes; None when they are not over at the end of the time."""
    time, left = load.disk / way.bandwidth, float(load.used)
    while True:
        once = left / way.bandwidth
        time += once
        after = load.written(once)
        need = after / way.bandwidth
        if after >= left:
            # From now on each is like the one before.
            time = max(time, _allowed_at(way, data, need))
        if time > limit or time == math.inf:
            return None
        if need <= _allowed(way, data, time):
            return Forecast(End.CONVERGES, time + need, need)
        left = after


def _step(way: Way) -> tuple[float, float]:
    """The first downtime, and by how much it grows at each step
    (nova/virt/libvirt/migration.py, downtime_steps)."""
    base = way.downtime / way.steps
    return base, (way.downtime - base) / way.steps


def _allowed(way: Way, data: float, time: float) -> float:
    base, more = _step(way)
    if way.delay <= 0:
        return way.downtime
    return base + more * min(way.steps, time // (way.delay * data))


def _allowed_at(way: Way, data: float, pause: float) -> float:
    """When a pause as long as that is allowed; infinite if never."""
    base, more = _step(way)
    if pause > way.downtime:
        return math.inf
    steps = math.ceil((pause - base) / more) if more else 0
    return max(0, steps) * way.delay * data
