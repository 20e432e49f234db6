"""How often Nova writes the counters of a move, learned from those it wrote.

[libvirt]live_migration_monitor_interval is an option of each compute node, and
no API shows it (5 s by default, nova/virt/libvirt/driver.py,
_live_migration_monitor). Large clouds set up to two minutes.
"""

from osc_migrate.cloud.migrations import Migration

# Seconds: the longest interval that is learned, two minutes and a margin.
# What is longer was a gap: an API, or a conductor, that did not answer.
LONGEST = 125.0


class Interval:
    """Of one move.

    :ivar seconds: the longest between two updates that were both seen to
        come; None while no two were.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._counters: object = None
        # When the last update was seen to come. The first counters of a
        # record that is taken up may be old: they came before.
        self._since: float | None = None
        self._was_read = False

    def look(self, record: Migration, now: float) -> None:
        """
        :param now: seconds, of any clock that does not go back.
        """
        if not (record.memory_total or record.disk_total):
            # Not counted yet; or it was not this record's turn to be read.
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
