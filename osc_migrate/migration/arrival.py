"""Whether a guest has left its source, though Nova's record still runs.

Once libvirt has copied it, Nova rebinds its ports and waits for Neutron before
the record changes (nova/compute/manager.py, _post_live_migration). With OVN
that takes up to minutes, in which the last counters stay as they were.
"""

from osc_migrate import errors
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.migrations import Migration
from osc_migrate.facts import Unread

# Seconds from one question to the next.
ASK_AFTER = 10.0


class Arrival:
    """Of one move.

    :ivar copied: libvirt has no job for it any more, or the copy was about to
        end when it was last counted.
    :ivar at_destination: Nova has it on the destination, or Neutron its ports.
    """

    def __init__(self, cloud: Cloud, server_id: str) -> None:
        self._cloud = cloud
        self._server_id = server_id
        self._asked_at: float | None = None
        self.copied = False
        self.at_destination = False

    def look(self, record: Migration, now: float) -> bool:
        """Whether it has arrived; False where that is not known."""
        if self.at_destination:
            return True
        if self._asked_at is None or now - self._asked_at >= ASK_AFTER:
            self._asked_at = now
            try:
                self.at_destination = self._has_arrived(record.destination)
            except (errors.ApiError, Unread):
                self.at_destination = False
        return self.at_destination

    def _has_arrived(self, destination: str | None) -> bool:
        if not destination:
            return False
        server = self._cloud.server_now(self._server_id)
        if server is not None and server.host == destination:
            return True
        hosts = self._cloud.network.active_hosts(self._server_id)
        return destination in hosts
