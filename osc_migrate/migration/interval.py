"""Learns from the counters of a move how often Nova updates them.

[libvirt]live_migration_monitor_interval is an option of each compute node, and
no API shows it (5 s by default, nova/virt/libvirt/driver.py,
_live_migration_monitor). Large clouds use up to two minutes.
"""

from osc_migrate.cloud.migrations import Migration

# The longest interval that is learned, in seconds: two minutes and a margin.
# Anything longer was an outage of the API or of a conductor.
LONGEST = 125.0


class Interval:
    """The interval between updates of one move.

    :ivar seconds: longest time between two observed updates; None until two
        were observed.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._counters: object = None
        # When the last update was observed. The first counters of a move
        # joined halfway do not count: they may be old.
        self._since: float | None = None
        self._was_read = False

    def look(self, record: Migration, now: float) -> None:
        """Take a record.

        :param now: seconds of a monotonic clock.
        """
        if not (record.memory_total or record.disk_total):
            # No counters yet, or this record was not polled this time.
            self._was_read = True
            return
        counters = (
            record.memory_processed,
            record.memory_remaining,
            record.disk_processed,
            record.disk_remaining,
        )
        if counters == self._counters:
            return
        if self._since is not None and now > self._since:
            gap = min(LONGEST, now - self._since)
            self.seconds = max(self.seconds or 0.0, gap)
        self._since = now if self._was_read else None
        self._counters, self._was_read = counters, True
