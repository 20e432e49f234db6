"""Aborts a migration and reports its end."""

import dataclasses
from collections.abc import Callable, Iterator

from osc_migrate import errors, microversions
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.migrations import ENDED, Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Unread, or_none
from osc_migrate.migration.follow import FAILED, Clock, Follower
from osc_migrate.migration.progress import Progress
from osc_migrate.text import paste


@dataclasses.dataclass(frozen=True)
class AbortResult:
    """The result of an abort, as printed."""

    server: str
    id: str
    migration_id: int
    source: str | None
    destination: str | None
    # Nova's status of the migration.
    status: str
    # The server afterwards; None if it could not be read.
    server_status: str | None
    host: str | None
    next: str
    # True if the migration was stopped and the server is on its source.
    stopped: bool = False
    # The server is in ERROR although its guest is running.
    broken: bool = False

    COLUMNS = (
        "server",
        "id",
        "migration_id",
        "source",
        "destination",
        "status",
        "server_status",
        "host",
        "next",
    )


# Statuses that can be aborted, below and from 2.65 (nova/compute/api.py).
RUNNING = frozenset({"running"})


QUEUED = frozenset({"running", "queued", "preparing"})


# Seconds until a request without effect is repeated.
REPEAT_AFTER = 10.0


# Nova's responses if the migration has progressed meanwhile.
_CHANGED = (400, 404, 409)


def refuse_abort(
    server: Server,
    record: Migration,
    has: Callable[[str], bool],
    version: str,
) -> None:
    """Raise an error if the migration can never be aborted.

    :param has: whether a microversion is available; `version` is the newest.
    :raises MigrateError: it cannot be aborted, and why.
    """
    name = paste(server.name, server.id)
    if record.type not in ("live-migration", None):
        raise errors.MigrateError(cold(server, record))
    microversion, operation = microversions.ABORT, "aborting a live migration"
    if record.status == "queued":
        microversion = microversions.ABORT_QUEUED
        operation = "aborting one that is still queued"
    if not has(microversion):
        problem = microversions.needs_newer_api(
            operation, microversion, version
        )
        raise errors.MigrateError(
            f"{problem}; wait for it: openstack migrate watch {name}"
        )


def cold(server: Server, record: Migration) -> str:
    """Say why another migration cannot be aborted, and what to do instead."""
    name = paste(server.name, server.id)
    back = {
        "migration": f"openstack migrate cold {name} --revert",
        "resize": f"openstack server resize revert {name}",
    }.get(record.type or "", "")
    revert_hint = f", then revert it: {back}" if back else ""
    kind = {"migration": "cold migration"}.get(record.type or "", record.type)
    return (
        f"migration {record.id} of server {server.name} is a {kind}, which"
        f" Nova cannot abort; wait until it ends (openstack migrate watch"
        f" {name}){revert_hint}"
    )


class Stop:
    """A migration to be aborted.

    :ivar refused: Nova's last error message.
    """

    def __init__(
        self,
        cloud: Cloud,
        server: Server,
        record: Migration,
        abortable: frozenset[str],
        request: Callable[[], None],
        clock: Clock,
    ) -> None:
        """:param request: sends the abort request."""
        self.server = server
        self._cloud = cloud
        self._abortable = abortable
        self._request = request
        self._requested_at: float | None = None
        self._follower = Follower.of(cloud, server, record, clock)
        self.refused = ""
        self._refusals = 0

    @property
    def record(self) -> Migration:
        record = self._follower.record
        assert record is not None  # noqa: S101 - set from the start
        return record

    def begin(self) -> None:
        """Send the abort request, if the migration can be aborted now.

        :raises ApiError: refused for another reason than progress.
        """
        now = self._follower.elapsed
        lately = (
            self._requested_at is not None
            and now - self._requested_at < REPEAT_AFTER
        )
        if self.record.status not in self._abortable or lately:
            return
        self._requested_at = now
        try:
            self._request()
            self._refusals = 0
        except errors.ApiError as error:
            self.refused = error.message
            if error.passing:
                return  # sent again
            self._refusals += 1
            # One refusal may fall between two phases; a lock stays.
            if error.status not in _CHANGED or self._refusals > 1:
                raise
            self._requested_at = now - REPEAT_AFTER

    def follow(self, timeout: float | None = None) -> Iterator[Progress]:
        """Yield one Progress per second until the record has ended.

        :raises TimeUp: after `timeout` seconds.
        :raises ApiError: see :meth:`begin`, or the API does not respond.
        """
        for look in self._follower.progress(timeout):
            if not look.trouble and look.status not in ENDED:
                self.begin()
            requested = self._requested_at is not None
            over = look.status in ENDED
            phase = "aborting" if requested and not over else look.phase
            yield dataclasses.replace(look, phase=phase)

    def outcome(self) -> AbortResult:
        """Return the current status of record and server.

        None where the API does not respond.
        """
        now: Server | None = None
        status: str | None = None
        try:
            if self.record.status in ENDED:
                now = self._follower.settled()
            else:
                now = self._cloud.server_now(self.server.id)
            status = now.status if now else "deleted"
        except errors.ApiError:
            pass  # not known
        record = self.record
        host = or_none(lambda: now.host) if now else None
        at_home = host is None or host == record.source
        stopped = bool(now and record.status in FAILED and at_home)
        broken = stopped and status == "ERROR"
        return AbortResult(
            server=self.server.name,
            id=self.server.id,
            migration_id=record.id,
            source=or_none(lambda: record.source),
            destination=or_none(lambda: record.destination),
            status=record.status,
            server_status=status,
            host=host,
            next=self._next(now, status, stopped, broken),
            stopped=stopped,
            broken=broken,
        )

    def _next(
        self,
        now: Server | None,
        status: str | None,
        stopped: bool,
        broken: bool,
    ) -> str:
        name = paste(self.server.name, self.server.id)
        try:
            if status is None:
                return f"openstack server show {self.server.id}"
            if now is None:
                return "see 'openstack server list --deleted --all-projects'"
            if broken:
                return f"openstack migrate repair {name}"
            if stopped:
                return ""
            if self.record.status not in ENDED and (
                not self._follower.abandoned
            ):
                return f"openstack migrate watch {name}"
            if self.record.status == "completed":
                return (
                    f"it was too late: the server is on {now.host}. To move it"
                    f" back: openstack migrate live {name}"
                    f" {self.record.source}"
                )
        except Unread:
            pass
        return f"openstack migrate explain {name}"
