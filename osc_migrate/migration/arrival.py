"""Detects that a guest has left its source before Nova's record ends.

After libvirt has copied the guest, Nova rebinds its ports and waits for
Neutron before the record changes (nova/compute/manager.py,
_post_live_migration). With OVN this can take minutes, during which the
counters do not change.
"""

from osc_migrate import errors
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.migrations import Migration
from osc_migrate.facts import Unread

# Seconds between two requests.
ASK_AFTER = 10.0


class Arrival:
    """Arrival of one guest.

    :ivar copied: libvirt no longer has a job for it, or the copy was about to
        end according to the last counters.
    :ivar at_destination: Nova shows the server on the destination, or Neutron
        its ports.
    """

    def __init__(self, cloud: Cloud, server_id: str) -> None:
        self._cloud = cloud
        self._server_id = server_id
        self._asked_at: float | None = None
        self.copied = False
        self.at_destination = False

    def look(self, record: Migration, now: float) -> bool:
        """Return whether it has arrived; False if unknown."""
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
