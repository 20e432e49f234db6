"""Follows a migration record to its end and determines the outcome.

The server's own status proves nothing during a move: it is ACTIVE before,
after a failure, and for a moment before Nova sets it to ERROR.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Iterator

from osc_migrate import errors, microversions
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.migrations import ENDED, PHASES, Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Unread, or_none
from osc_migrate.migration.arrival import Arrival
from osc_migrate.migration.orphaned import Silence
from osc_migrate.migration.outage import PATIENCE, Outage
from osc_migrate.migration.pace import STALL_AFTER, Pace
from osc_migrate.migration.progress import Progress
from osc_migrate.nodes.counters.job import Job

# Seconds between two requests: a load that an API can bear from each of many
# operators, and the maximum delay until the end is noticed.
INTERVAL = 1.0
# A slow response must not hide the end for long.
ANSWER = 20.0
# Nova sets ERROR about half a second after the record has ended (since 33).
SETTLE = 3.0
# Maximum time that Nova may take to finish with the server after that.
SETTLE_AT_MOST = 60.0
# Number of newest records searched for this move: other users may have
# started new moves since it ended.
RECENT = 20
# Phases in which memory or disks are being copied.
_COPYING = ("running", "post-copy")
# A record with such a status may change to 'error' a moment later.
FAILED = ("failed", "cancelled", "error")
# Nova lists these under the server, with counters; the others elsewhere
# (nova/api/openstack/compute/server_migrations.py).
_LISTED = frozenset({"queued", "preparing", "running", "post-migrating"})


@dataclasses.dataclass
class Clock:
    """The clock; replaced in tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    # Seconds between two polls: longer if many moves are followed.
    interval: Callable[[], float] = lambda: INTERVAL


class TimeUp(Exception):
    """The timeout expired; the move continues."""


class Follower:
    """Follows the first move of a server after record `after`.

    :ivar record: the record as last read, None until it was found.
    :ivar counted: the record as last read with byte counters.
    :ivar counters: libvirt's counters on the source, finer than Nova's, or
        None.
    """

    def __init__(
        self,
        cloud: Cloud,
        server_id: str,
        project_id: str | None,
        after: int,
        clock: Clock,
    ) -> None:
        self._cloud = cloud
        self._server_id = server_id
        self._project_id = project_id
        self._after = after
        self._clock = clock
        self._start = clock.now()
        self._next = self._start
        self.record: Migration | None = None
        self.counted: Migration | None = None
        self.counters: Callable[[], Job | None] = lambda: None
        self._arrival = Arrival(cloud, server_id)
        # libvirt had a job for it, and no longer has one.
        self._job_over = False
        self._silence = Silence(cloud, server_id, self._arrival)

    @classmethod
    def of(
        cls, cloud: Cloud, server: Server, record: Migration, clock: Clock
    ) -> "Follower":
        """Follow a record that is already known."""
        project = or_none(lambda: server.project_id)
        follower = cls(cloud, server.id, project, record.id - 1, clock)
        follower.record = record
        return follower

    @property
    def elapsed(self) -> float:
        return self._clock.now() - self._start

    @property
    def abandoned(self) -> bool:
        """Whether no service will end the record: see :class:`Silence`."""
        return self._silence.abandoned

    def progress(
        self, until: float | None, stall_after: float = STALL_AFTER
    ) -> Iterator[Progress]:
        """Yield a Progress for each poll, until the record has ended or is
        orphaned.

        :param until: seconds until :class:`TimeUp` is raised; None follows
            without a limit.
        :param stall_after: seconds without progress until it counts as
            stalled.
        :raises ApiError: the API refuses, or has not responded for
            :data:`~osc_migrate.migration.outage.PATIENCE` seconds.
        """
        pace = Pace(stall_after)
        last: Progress | None = None
        outage = Outage(self._clock.now)
        while True:
            try:
                self.look()
                if outage:
                    missed = outage.end()
                    pace.missed(missed)
                    self._silence.missed(missed)
                progress = self._progress(pace)
                silence = self._silence.look(self.record, self._clock.now())
                progress = dataclasses.replace(progress, silence=silence)
            except errors.ApiError as error:
                outage.tolerate(error)
                progress = self._troubled(last, error)
            yield progress
            last = progress
            if self.record and self.record.status in ENDED:
                return
            if self.abandoned:
                return
            self._wait(until)

    def find(self, within: float) -> bool:
        """Wait for the record; return False if none appeared in time."""
        until = self.elapsed + within
        while self.record is None:
            try:
                self.look()
            except errors.ApiError as error:
                if not error.passing:
                    raise
            if self.record is None:
                try:
                    self._wait(until)
                except TimeUp:
                    return False
        return True

    def look(self) -> None:
        """Poll: one request, or two if the record has just left the list."""
        known = self.record
        if known and known.status in _LISTED and self._counters:
            counted = self._count(known.id)
            if counted:
                self.record = self.counted = counted
                return
        records = self._cloud.migrations(
            self._server_id, self._project_id, limit=RECENT, timeout=ANSWER
        )
        own_records = [
            record
            for record in records
            if (record.id == known.id if known else record.id > self._after)
        ]
        if own_records:
            # Nova refuses a second move during the first: the first new
            # record is ours, whatever came later.
            self.record = own_records[-1]

    @functools.cached_property
    def _counters(self) -> bool:
        """Return whether Nova shows counters to this user in this version."""
        return self._cloud.nova.has(microversions.SERVER_MIGRATIONS)

    def _count(self, migration_id: int) -> Migration | None:
        try:
            return self._cloud.live_counters(
                self._server_id, migration_id, timeout=ANSWER
            )
        except errors.ApiError as error:
            if error.status != 403:
                raise
            self._counters = False
            return None

    def settled(self) -> Server | None:
        """Return the server once Nova has finished with it; None if gone.

        The record is read again too: since Nova 32.2, 'failed' or 'cancelled'
        changes to 'error' together with the server.

        :raises ApiError: see :meth:`progress`.
        """
        since = self._clock.now()
        while True:
            passed = self._clock.now() - since
            try:
                server = self._cloud.server_now(self._server_id)
                if (
                    server is None
                    or _is_at_rest(server, passed, self.record)
                    or passed > SETTLE_AT_MOST
                ):
                    if self.record and self.record.status in FAILED:
                        self.look()
                    return server
            except errors.ApiError as error:
                if not error.passing or passed > PATIENCE:
                    raise
            self._clock.sleep(INTERVAL)

    def _progress(self, pace: Pace) -> Progress:
        if self.record is None:
            return Progress("accepted", "", self.elapsed)
        copying = PHASES.get(self.record.status) in _COPYING
        job = self.counters()
        if not copying:
            return pace.look(self.record, self.elapsed)
        if job is not None and not job.over:
            self._job_over = self._arrival.copied = False
            return pace.look(self.record, self.elapsed, job)
        progress = pace.look(self.record, self.elapsed)
        overdue = pace.overdue(progress.age)
        self._job_over = self._job_over or job is not None
        self._arrival.copied = self._job_over or (overdue and pace.near_end)
        if not (self._arrival.copied or (overdue and progress.stalled)):
            return progress
        # The record is 'running' until Nova has finished with the guest.
        if self._arrival.look(self.record, self.elapsed):
            return pace.arrived(self.record, self.elapsed)
        if self._arrival.copied:
            return dataclasses.replace(progress, stalled=False)
        return progress

    def _troubled(
        self, last: Progress | None, error: errors.ApiError
    ) -> Progress:
        last = last or Progress("accepted", "", 0)
        return dataclasses.replace(
            last, elapsed=self.elapsed, trouble=str(error)
        )

    def _wait(self, until: float | None) -> None:
        """Sleep until the next poll, measured from the start of the last."""
        now = self._clock.now()
        self._next = max(self._next + self._clock.interval(), now)
        if until is not None and self._next - self._start > until:
            self._clock.sleep(max(0.0, self._start + until - now))
            raise TimeUp
        self._clock.sleep(self._next - now)


def _is_at_rest(
    server: Server, passed: float, record: Migration | None
) -> bool:
    try:
        if server.status == "ERROR":
            return True
        if server.task_state is not None:
            return False
        if record and record.status in ("completed", "finished", "confirmed"):
            return server.host == record.destination
        if record and record.status == "reverted":
            return server.host == record.source
    except Unread:
        pass
    return passed >= SETTLE
