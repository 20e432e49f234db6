"""Estimates whether and when a live migration will converge. Pure.

QEMU sends the memory, then in further passes what the guest wrote meanwhile,
until the rest can be sent within the permitted downtime. If the guest writes
slower than memory is sent, each pass is smaller; otherwise the migration never
converges by itself. What Nova does then: nova/virt/libvirt/driver.py,
_live_migration_monitor.
"""

import dataclasses
import enum
import math

# A measured rate within this fraction of the bandwidth is inconclusive.
DOUBT = 0.2
# A working set that grows by this factor per second counts as unbounded.
_ENDLESS = 0.9
GiB = 2**30


class CopyEnd(enum.Enum):
    """Expected end of the copy without intervention."""

    CONVERGES = "converges"
    # The two rates are too close to each other.
    DOUBTFUL = "doubtful"
    # It converges because the guest is throttled (auto-converge).
    THROTTLED = "throttled"
    # After the timeout, Nova starts the guest on the destination, which
    # fetches the rest.
    POSTCOPY = "post-copy"
    # After the timeout, Nova pauses the guest.
    PAUSED = "paused"
    # After the timeout, Nova aborts the migration.
    ABORTED = "aborted"
    # There is no timeout.
    NEVER = "never"


@dataclasses.dataclass(frozen=True)
class CopySettings:
    """Bandwidth and options of Nova; sizes in bytes, times in seconds."""

    # Bytes per second on the wire.
    bandwidth: float
    # Maximum downtime at the end; live_migration_
    # downtime, _downtime_steps and _downtime_delay (for each GiB).
    downtime: float = 0.5
    steps: int = 10
    delay: float = 75.0
    # live_migration_completion_timeout (for each GiB); 0 means no limit.
    timeout: float = 800.0
    # Whether live_migration_timeout_action is force_complete, not abort.
    force: bool = False
    # live_migration_permit_post_copy and _auto_converge.
    post_copy: bool = False
    auto_converge: bool = False


@dataclasses.dataclass(frozen=True)
class CopyLoad:
    """The data to copy, in bytes."""

    # Memory of the guest, and memory that was ever written.
    memory: int
    used: int
    # Memory written per second.
    dirty: float
    # Memory that is written repeatedly; None for everything ever written: the
    # guest keeps writing to other pages.
    working_set: float | None = None
    # Disks, which are copied first.
    disk: int = 0

    def written(self, seconds: float) -> float:
        """Return the memory written within a time.

        Proportional within a second, the shortest measured period. Later, more
        and more of the pages were already written before.
        """
        if seconds <= 1 or self.dirty <= 0 or self.working_set is None:
            written = self.dirty * seconds
        else:
            new = max(0.0, 1 - self.dirty / max(self.working_set, self.dirty))
            written = max(self.working_set, self.dirty) * (1 - new**seconds)
        return min(written, self.used)


def working_set(one_second: float, three_seconds: float) -> float | None:
    """Return the working set, from the memory written in 1 and in 3 seconds.

    None if it seems unbounded. For pages chosen at random from a set W, these
    are W (1 - x) and W (1 - x^3).
    """
    if one_second <= 0:
        return None
    ratio = min(max(three_seconds / one_second, 1.0), 3.0)
    x = (math.sqrt(4 * ratio - 3) - 1) / 2
    return one_second / (1 - x) if x < _ENDLESS else None


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Forecast of the copying only, without Nova's work before and after."""

    end: CopyEnd
    # Seconds until the guest runs on the destination, or until Nova
    # intervenes; None if unknown.
    seconds: float | None
    # Downtime in seconds; None if unknown.
    pause: float | None


def forecast(settings: CopySettings, load: CopyLoad) -> Forecast:
    """Forecast a live migration."""
    data = max(2.0, load.memory / GiB)
    if load.disk:
        data += max(2.0, load.disk / GiB)
    limit = settings.timeout * data if settings.timeout > 0 else math.inf
    ratio = load.dirty / settings.bandwidth
    # The maximum that is left after a pass.
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
    # Nova omits it if post-copy is permitted.
    if settings.auto_converge and not settings.post_copy:
        return Forecast(CopyEnd.THROTTLED, None, None)
    if limit < math.inf:
        return Forecast(CopyEnd.ABORTED, limit, None)
    return Forecast(CopyEnd.NEVER, None, None)


def _passes(
    settings: CopySettings, load: CopyLoad, data: float, limit: float
) -> Forecast | None:
    """Simulate the passes; None if they do not end in time."""
    time, left = load.disk / settings.bandwidth, float(load.used)
    while True:
        once = left / settings.bandwidth
        time += once
        after = load.written(once)
        need = after / settings.bandwidth
        if after >= left:
            # From now on all passes are the same.
            time = max(time, _allowed_at(settings, data, need))
        if time > limit or time == math.inf:
            return None
        if need <= _allowed(settings, data, time):
            return Forecast(CopyEnd.CONVERGES, time + need, need)
        left = after


def _step(settings: CopySettings) -> tuple[float, float]:
    """Return the first downtime, and the increase at each step.

    See nova/virt/libvirt/migration.py, downtime_steps.
    """
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
    """Return when such a downtime is permitted; infinity if never."""
    base, increment = _step(settings)
    if pause > settings.downtime:
        return math.inf
    steps = math.ceil((pause - base) / increment) if increment else 0
    return max(0, steps) * settings.delay * data
