"""A move that Nova has accepted: follow it, control it, verify it."""

from collections.abc import Callable, Iterator

from osc_migrate import errors
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server
from osc_migrate.explain.node_logs.collect import Reach
from osc_migrate.migration import outcome
from osc_migrate.migration.follow import Follower
from osc_migrate.migration.outcome import End, Outcome
from osc_migrate.migration.pace import STALL_AFTER
from osc_migrate.migration.progress import Progress
from osc_migrate.nodes.counters.job import Job

# Seconds to wait for the record of a request that Nova accepted or may have
# accepted: the conductor creates it some time after the response.
RECORD_WITHIN = 15.0
# Returns libvirt's current job of a move, None if unknown; never blocks.
Counters = Callable[[], Job | None]


class Move:
    """A move that Nova has accepted.

    :ivar request_id: ID of the request that started it; None if the response
        was lost.
    :ivar follower_name: name of its follower in reports: this command, or run.
    :ivar aborted: whether Nova has accepted an abort by its follower.
    """

    def __init__(
        self, cloud: Cloud, facts: MoveFacts, follower: Follower, kind: str
    ) -> None:
        self._cloud = cloud
        self._facts = facts
        self._follower = follower
        self._kind = kind
        self.request_id: str | None = None
        self.follower_name = "this command"
        self.aborted = False

    @property
    def migration_id(self) -> int | None:
        return self._follower.record.id if self._follower.record else None

    def follow(
        self,
        timeout: float | None = None,
        stall_after: float = STALL_AFTER,
    ) -> Iterator[Progress]:
        """Yield one Progress per second until the migration record has ended.

        :param stall_after: seconds without progress that count as a stall.
        :raises TimeUp: after `timeout` seconds; the move continues.
        """
        return self._follower.progress(timeout, stall_after)

    def count_by(self, counters: Counters) -> None:
        """Use these counters from now on, and Nova's where there are none."""
        self._follower.counters = counters

    def find(self) -> None:
        """Wait for the record, so that its ID can be shown."""
        self._follower.find(RECORD_WITHIN)

    def abort(self) -> None:
        """Ask Nova to abort the move; the record will show the result.

        :raises ApiError: Nova refused, or did not respond.
        """
        abort(self._cloud, self._facts.server, self._known())
        self.aborted = True

    def force(self) -> None:
        """Ask Nova to pause the guest or to switch to post-copy.

        :raises ApiError: Nova refused, or did not respond.
        """
        server = self._facts.server
        self._cloud.nova.post(
            f"/servers/{server.id}/migrations/{self._known()}/action",
            f"force server {server.name} to complete its migration",
            {"force_complete": None},
        )

    def _known(self) -> int:
        if self.migration_id is None:
            raise errors.MigrateError("the migration has no record yet")
        return self.migration_id

    def outcome(
        self, waited: bool = True, reach: Reach | None = None
    ) -> Outcome:
        """Return the outcome, after the record has ended or before.

        :param waited: False if the end was deliberately not waited for.
        :param reach: connects to the nodes whose logs show why it failed.
        """
        return outcome.of_move(
            self._cloud,
            self._facts,
            self._follower,
            self.request_id,
            self._kind,
            End.RUNNING_ON if waited else End.ACCEPTED,
            self.follower_name if self.aborted else "",
            reach,
        )


def abort(cloud: Cloud, server: Server, migration_id: int) -> None:
    cloud.nova.delete(
        f"/servers/{server.id}/migrations/{migration_id}",
        f"abort migration {migration_id} of server {server.name}",
    )
