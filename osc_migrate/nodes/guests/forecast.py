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


class CopyEnd(enum.Enum):
    """How it will end without intervention."""

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
class CopySettings:
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
class CopyLoad:
    """What is to be copied; bytes."""

    # That the guest has, and those that it ever wrote.
    memory: int
    used: int
    # That it writes to in a second.
    dirty: float
    # That it writes to in the long run, again and again; None for all that
    # it ever wrote: it always moves to other pages.
    working_set: float | None = None
    # Of disks, which are copied before.
    disk: int = 0

    def written(self, seconds: float) -> float:
        """Bytes that it writes to in that time.

        Within a second as if it wrote evenly: less is not measured. Later
        more and more are among those that it has written to already.
        """
        if seconds <= 1 or self.dirty <= 0 or self.working_set is None:
            written = self.dirty * seconds
        else:
            new = max(0.0, 1 - self.dirty / max(self.working_set, self.dirty))
            written = max(self.working_set, self.dirty) * (1 - new**seconds)
        return min(written, self.used)


def working_set(one_second: float, three_seconds: float) -> float | None:
    """Bytes that are written to again and again, from how many were in one
    second and in three; None when they seem not to end.

    Pages taken at random out of a set: W (1 - x), and W (1 - x^3).
    """
    if one_second <= 0:
        return None
    ratio = min(max(three_seconds / one_second, 1.0), 3.0)
    x = (math.sqrt(4 * ratio - 3) - 1) / 2
    return one_second / (1 - x) if x < _ENDLESS else None


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Of the copying alone: what Nova does before and after is not in it."""

    end: CopyEnd
    # Seconds until the guest runs at the destination, or until Nova does
    # something; None where unknown.
    seconds: float | None
    # Seconds that the guest stands still; None where unknown.
    pause: float | None


def forecast(settings: CopySettings, load: CopyLoad) -> Forecast:
    """What will come of a live migration."""
    data = max(2.0, load.memory / GiB)
    if load.disk:
        data += max(2.0, load.disk / GiB)
    limit = settings.timeout * data if settings.timeout > 0 else math.inf
    ratio = load.dirty / settings.bandwidth
    # At most this is left after a pass.
    remainder = load.working_set if load.working_set is not None else load.used
    longest = min(max(remainder, load.dirty), load.used) / settings.bandwidth
    if longest > settings.downtime and abs(ratio - 1) < DOUBT:
        return Forecast(CopyEnd.DOUBTFUL, None, None)
    outcome = _passes(settings, load, data, limit)
    if outcome:
        return outcome
    if settings.force and limit < math.inf:
        if settings.post_copy:
            return Forecast(CopyEnd.POSTCOPY, limit, None)
        return Forecast(CopyEnd.PAUSED, limit, longest)
    # Nova leaves it away where post-copy is permitted.
    if settings.auto_converge and not settings.post_copy:
        return Forecast(CopyEnd.THROTTLED, None, None)
    if limit < math.inf:
        return Forecast(CopyEnd.ABORTED, limit, None)
    return Forecast(CopyEnd.NEVER, None, None)


def _passes(
    settings: CopySettings, load: CopyLoad, data: float, limit: float
) -> Forecast | None:
    """The passes; None when they are not over at the end of the time."""
    time, left = load.disk / settings.bandwidth, float(load.used)
    while True:
        once = left / settings.bandwidth
        time += once
        after = load.written(once)
        need = after / settings.bandwidth
        if after >= left:
            # From now on each is like the one before.
            time = max(time, _allowed_at(settings, data, need))
        if time > limit or time == math.inf:
            return None
        if need <= _allowed(settings, data, time):
            return Forecast(CopyEnd.CONVERGES, time + need, need)
        left = after


def _step(settings: CopySettings) -> tuple[float, float]:
    """The first downtime, and by how much it grows at each step
    (nova/virt/libvirt/migration.py, downtime_steps)."""
    base = settings.downtime / settings.steps
    return base, (settings.downtime - base) / settings.steps


def _allowed(settings: CopySettings, data: float, time: float) -> float:
    base, increment = _step(settings)
    if settings.delay <= 0:
        return settings.downtime
    return base + increment * min(
        settings.steps, time // (settings.delay * data)
    )


def _allowed_at(settings: CopySettings, data: float, pause: float) -> float:
    """When a pause as long as that is allowed; infinite if never."""
    base, increment = _step(settings)
    if pause > settings.downtime:
        return math.inf
    steps = math.ceil((pause - base) / increment) if increment else 0
    return max(0, steps) * settings.delay * data
