"""Distinguishes a slow move from an orphaned one.

Nova updates an open record every few seconds while a guest is copied. If a
nova-compute dies or RabbitMQ loses a message, there may be no service left to
end it, and Nova itself does not notice (nova/compute/manager.py has no such
periodic task).
"""

from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.migrations import ENDED, Migration
from osc_migrate.explain.server_status import host_problem
from osc_migrate.facts import Unread, or_none
from osc_migrate.migration.arrival import Arrival
from osc_migrate.migration.interval import Interval

# Seconds without a change until the server is read, and between reads.
CHECK_AFTER = 10.0
# Until it is reported: the libvirt driver updates every 5 s by default.
REPORT_AFTER = 60.0
# How long Nova must have finished with the server while its record is open
# until the record counts as orphaned. Nova cleans up the source after it has
# released the server, which takes seconds, or longer on a busy host.
ABANDONED = 60.0
# How long counters may stay unchanged until nova-compute counts as lost, if
# its service is down: many times the driver's interval.
LOST = 90.0
# The same if its service is up: three of the observed intervals, or
# LOST_UNSEEN until one was observed. Large clouds use two minutes.
INTERVALS = 3
LOST_UNSEEN = 400.0
# The same once the guest has left its source: nova-compute waits for the
# destination, for up to 1800 s ([DEFAULT]long_rpc_timeout).
LOST_BEHIND = 2000.0
# Queued and preparing migrations are not updated for a long time.
_WRITES = ("running", "running (post-copy)")
# The source is cleaned up after the server was released (confirm_resize sets
# no task), which takes as long as deleting its disks.
_FREE = ("confirming",)


class Silence:
    """How long Nova has not updated one move.

    :param arrival: of its guest.
    :ivar abandoned: no service will end the record.
    """

    def __init__(
        self, cloud: Cloud, server_id: str, arrival: Arrival | None = None
    ) -> None:
        self._cloud = cloud
        self._server_id = server_id
        self._arrival = arrival or Arrival(cloud, server_id)
        self._last: object = self  # equal to nothing
        self._since = self._checked_at = 0.0
        self._idle: float | None = None
        self._counted = False
        self._interval = Interval()
        self._text = ""
        self.abandoned = False

    def look(self, record: Migration | None, now: float) -> str:
        """Return a message about it; usually empty.

        :param now: seconds.
        :raises ApiError: the server cannot be read.
        """
        counters = (
            (
                record.status,
                or_none(lambda: record.updated_at),
                record.memory_processed,
                record.disk_processed,
            )
            if record
            else None
        )
        if record:
            self._interval.look(record, now)
        if counters != self._last:
            self._counted = bool(record and record.memory_processed)
            self._last, self._since, self._checked_at = counters, now, now
            self._idle, self._text = None, ""
        if record and record.status in ENDED:
            return ""
        if now - self._checked_at >= CHECK_AFTER:
            self._checked_at = now
            self._check_server(record, now)
            self.abandoned = self.abandoned or self._lost(record, now)
            self._text = self._describe(record, now)
        return self._text

    def missed(self, seconds: float) -> None:
        """Discount time in which nothing could be read."""
        self._since += seconds
        self._checked_at += seconds
        if self._idle is not None:
            self._idle += seconds

    def _check_server(self, record: Migration | None, now: float) -> None:
        server = self._cloud.server_now(self._server_id)
        try:
            busy = server is not None and server.task_state is not None
        except Unread:
            busy = True  # not known
        if busy or (server and record and record.status in _FREE):
            self._idle = None
            return
        if self._idle is None:
            self._idle = now
        self.abandoned = now - self._idle >= ABANDONED

    def _lost(self, record: Migration | None, now: float) -> bool:
        silent_for = now - self._since
        if not (
            self._counted
            and record
            and record.status == "running"
            and silent_for >= LOST
        ):
            return False
        if self._sick(record):
            return True
        patience = LOST_UNSEEN
        if self._interval.seconds is not None:
            patience = max(LOST, INTERVALS * self._interval.seconds)
        if silent_for < patience:
            return False
        behind = self._arrival.copied or self._arrival.look(record, now)
        return not behind or silent_for >= LOST_BEHIND

    def _describe(self, record: Migration | None, now: float) -> str:
        seconds = now - self._since
        if seconds < REPORT_AFTER:
            return ""
        sick = self._sick(record)
        if not sick and record and record.status not in _WRITES:
            return ""
        text = "Nova has no record of it" if record is None else "no news"
        return ", ".join([f"{text} for {seconds:.0f} s", *sick])

    def _sick(self, record: Migration | None) -> list[str]:
        """Return the problems of its hosts, as text."""
        try:
            hosts: dict[str, Host] = self._cloud.hosts()
        except Unread:
            return []
        names = (
            (
                or_none(lambda: record.source),
                or_none(lambda: record.destination),
            )
            if record
            else ()
        )
        return [
            problem
            for name in names
            if name in hosts and (problem := host_problem(hosts[name]))
        ]
