"""Copies at any pace in virtual time: what a follower makes of each.

    python -m osc_migrate.tests.unit.migration.pace_table

prints the table of doc/source/move/stalls.rst.
"""

import dataclasses
import functools
import types
from collections.abc import Callable, Iterator

from osc_migrate import errors
from osc_migrate.cloud.migrations import Migration
from osc_migrate.migration.follow import Clock, Follower, TimeUp
from osc_migrate.migration.on_stall import act_on_stall
from osc_migrate.nodes.counters.job import Job
from osc_migrate.tests.unit import shapes

MiB = 1024 * 1024
INTERVALS = (1, 5, 20, 60, 120)
TOTAL = 8000
# For so long the record stays 'running' after libvirt has finished.
REBINDING = 300


@dataclasses.dataclass(frozen=True)
class Copy:
    """How a copy goes: times in intervals, sizes in MiB.

    :ivar remaining: what remains at a time.
    :ivar frozen_at: from then on nothing is sent; None for never.
    :ivar ends_at: libvirt has finished; None for never.
    :ivar stalls_at: from then on it makes no progress; None for never.
    :ivar bound: Neutron has the ports on the destination from then on.
    """

    name: str
    remaining: Callable[[float], float]
    ends_at: float | None = None
    frozen_at: float | None = None
    stalls_at: float | None = None
    bound: bool = True


def _passes(at: float) -> float:
    """Each pass copies what was written in the one before: half of it."""
    size, length = float(TOTAL), 8.0
    while length >= 1 and at >= length:
        at, size, length = at - length, size / 2, length / 2
    return max(0.0, size * (1 - at / length))


def _same_passes(at: float) -> float:
    """A first pass over all, then as much is written in each."""
    if at < 4:
        return TOTAL * (1 - at / 4)
    return TOTAL / 2 * (1 - (at % 2) / 2)


def _falls(at: float) -> float:
    return max(0.0, TOTAL * (1 - at / 12))


COPIES = (
    Copy("steady", _falls, ends_at=12),
    Copy("slow: 1 MiB for each update", lambda at: TOTAL - at, ends_at=9),
    Copy("in four passes, each half of the last", _passes, ends_at=15),
    Copy("finished, ports bound at once", _falls, ends_at=11.6),
    Copy("finished, ports not bound yet", _falls, ends_at=11.6, bound=False),
    Copy(
        "finished before the second update",
        lambda at: TOTAL * (1 - at / 0.7),
        ends_at=0.7,
    ),
    Copy(
        "the guest writes as fast",
        lambda at: max(TOTAL - 500 * at, TOTAL - 1500),
        stalls_at=3,
    ),
    Copy("passes that do not get smaller", _same_passes, stalls_at=6),
    Copy("nothing is sent any more", _falls, frozen_at=3.5, stalls_at=3.5),
)


@dataclasses.dataclass
class Seen:
    """Seconds; None for never."""

    stalled: float | None = None
    acted: float | None = None
    # The interval was known then, or libvirt's counters were there.
    known_when_acted: bool = True
    abandoned: float | None = None
    ended: float | None = None


class Nova:
    """Nova, Neutron and libvirt of one move, at a moment of a clock."""

    def __init__(
        self,
        copy: Copy,
        interval: int,
        now: Callable[[], float],
        outage: float = 0,
    ) -> None:
        self.copy, self.interval, self.now = copy, interval, now
        # In it nothing answers, and nova-compute writes nothing.
        self.outage = 2.5 * interval, 2.5 * interval + outage
        self.nova = types.SimpleNamespace(has=lambda wanted: True)
        self.network = self
        self.ends = (
            None if copy.ends_at is None else copy.ends_at * self.interval
        )

    def _counters(self, seconds: float) -> dict[str, int]:
        at = seconds / self.interval
        if self.copy.frozen_at is not None:
            at = min(at, self.copy.frozen_at)
        return {
            "memory_total": TOTAL * MiB,
            "memory_remaining": int(self.copy.remaining(at) * MiB),
            "memory_processed": int((1 + at) * 700 * MiB),
            "disk_total": 0,
            "disk_processed": 0,
            "disk_remaining": 0,
        }

    def record(self) -> Migration:
        now = self.now()
        if self.ends is not None and now >= self.ends + REBINDING:
            return shapes.migration("completed", id=7)
        if now < 2:
            return shapes.migration("preparing", id=7)
        counted = now if self.ends is None else min(now, self.ends - 0.001)
        written = counted // self.interval * self.interval
        if self.outage[0] < written < self.outage[1]:
            written = self.outage[0] // self.interval * self.interval
        return shapes.migration("running", id=7, **self._counters(written))

    def job(self) -> Job | None:
        now = self.now()
        if now < 2:
            return None
        over = self.ends is not None and now >= self.ends
        seconds = self.ends or 0.0 if over else now
        return Job(at=now, **self._counters(seconds), over=over)

    # What a follower asks a cloud

    def migrations(self, *_: object, **__: object) -> list[Migration]:
        if self.outage[0] <= self.now() < self.outage[1]:
            raise errors.ApiError("Nova", "list migrations", 503, "down")
        return [self.record()]

    def live_counters(self, *_: object, **__: object) -> Migration | None:
        (record,) = self.migrations()
        return None if record.status == "completed" else record

    def server_now(self, _id: str) -> object:
        return shapes.server(host="HostB", task_state="migrating")

    def hosts(self) -> dict[str, object]:
        return {}

    def active_hosts(self, _id: str) -> frozenset[str]:
        over = self.ends is not None and self.now() >= self.ends
        return frozenset({"HostC" if over and self.copy.bound else "HostB"})


class Actions:
    """What --on-stall did first."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.first: float | None = None

    def abort(self) -> None:
        self.first = self.now() if self.first is None else self.first


@functools.cache
def follow(
    copy: Copy,
    interval: int,
    libvirt: bool,
    outage: int = 0,
    libvirt_until: float = float("inf"),
    begin: float = 0,
) -> Seen:
    """
    :param libvirt: its counters are read too.
    :param outage: for so many seconds, in the midst of the copy, no API
        answers.
    :param libvirt_until: the node is lost then.
    :param begin: it is followed from then on.
    """
    time = [begin]
    cloud = Nova(copy, interval, lambda: time[0], outage)

    def sleep(seconds: float) -> None:
        time[0] += seconds

    follower = Follower(cloud, "id", None, 0, Clock(lambda: time[0], sleep))
    if libvirt:
        follower.counters = lambda: (
            cloud.job() if time[0] < libvirt_until else None
        )
    actions, seen, last = Actions(lambda: time[0]), Seen(), None
    looks = act_on_stall(
        follower.progress(3000.0), actions, "abort", lambda _: None
    )
    try:
        for look in looks:
            if look.stalled and seen.stalled is None:
                seen.stalled = time[0]
            if actions.first is not None and seen.acted is None:
                seen.acted = actions.first
                seen.known_when_acted = bool(last and last.interval_known)
            if seen.acted is not None and time[0] > seen.acted + 10:
                break
            last = look
    except TimeUp:
        pass
    if follower.abandoned:
        seen.abandoned = time[0]
    elif follower.record and follower.record.status == "completed":
        seen.ended = time[0]
    return seen


def cell(copy: Copy, interval: int, libvirt: bool) -> str:
    seen = follow(copy, interval, libvirt)
    if seen.stalled is None:
        return "no stall"
    if copy.stalls_at is None:
        return f"FALSE after {seen.stalled:.0f} s"
    return f"{seen.stalled - copy.stalls_at * interval:.0f} s"


def rows() -> Iterator[tuple[str, ...]]:
    for libvirt in (False, True):
        for copy in COPIES:
            yield (
                copy.name + (", ``--nodes``" if libvirt else ""),
                *(cell(copy, interval, libvirt) for interval in INTERVALS),
            )


def page() -> str:
    """The table as reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    header = ("copy", *(f"{interval} s" for interval in INTERVALS))
    for row in (header, *rows()):
        for mark, text in zip("*" + " " * len(row), row, strict=False):
            lines.append(f"   {mark} - {text}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
