"""Sends requests that change the cloud, as do move.py and compute_service.py.

The facts of a move are read (:meth:`Mover.facts`) and judged (``checks``); it
is started with one request (:meth:`Mover.live`), followed
(:meth:`Move.follow`) and verified (:meth:`Move.outcome`).
"""

from collections.abc import Iterator
from typing import Any

from osc_migrate import errors, microversions
from osc_migrate.cloud import host_pairs
from osc_migrate.cloud import in_flight as inflight
from osc_migrate.cloud import move_facts as read_move
from osc_migrate.cloud import whole_cloud as whole
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.migrations import Kind, Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server
from osc_migrate.cloud.whole_cloud import CloudFacts
from osc_migrate.facts import Unread, or_none
from osc_migrate.migration import force as forcing
from osc_migrate.migration.abort import QUEUED, RUNNING, Stop, refuse_abort
from osc_migrate.migration.confirm import Decision, Verb
from osc_migrate.migration.follow import Clock, Follower
from osc_migrate.migration.move import RECORD_WITHIN, Move, abort
from osc_migrate.migration.settling import settled
from osc_migrate.migration.start_gate import StartGate
from osc_migrate.migration.watch import Watcher
from osc_migrate.text import confirm_or_revert, paste


class Mover:
    """Moves servers of one cloud.

    :param connection: an ``openstack.connection.Connection``.
    :param tries: number of attempts for each read.
    :ivar gate: once it is closed, nothing is started: :class:`Closed` is
        raised and no request is sent.
    """

    def __init__(
        self, connection: Any, clock: Clock | None = None, tries: int = 1
    ) -> None:
        self.cloud = Cloud(connection, tries)
        self._clock = clock or Clock()
        self.gate = StartGate()

    def facts(self, server: str, host: str | None) -> MoveFacts:
        """Read the facts about a server and a destination."""
        return read_move.read_move(self.cloud, server, host)

    def facts_after(
        self, server: str, clock: Clock | None = None
    ) -> MoveFacts:
        """What is known of a server that has moved, once its ports are up,
        or have had time for it."""
        facts = self.facts(server, None)
        return settled(self.cloud, facts, clock or self._clock)

    def facts_of_every_host(self, server: str) -> list[MoveFacts]:
        """Read the facts about a server and each possible destination."""
        return read_move.every(self.cloud, server)

    def facts_of_every_server(self, host: str) -> Iterator[list[MoveFacts]]:
        """Like :meth:`facts_of_every_host`, for each server on a host."""
        return read_move.every_server(self.cloud, host)

    def whole_cloud(self) -> CloudFacts:
        """Read the facts about the whole cloud."""
        return whole.whole_cloud(self.cloud)

    def host_pairs(self) -> host_pairs.HostPairs:
        """Read the facts about each host as source and destination."""
        return host_pairs.read(self.cloud)

    def live(self, facts: MoveFacts, *, auto: bool = False) -> Move:
        """Ask Nova, once, to live-migrate a server.

        :param auto: let Nova decide whether disks are copied; otherwise they
            are not.
        :raises ApiError: Nova refused; nothing was changed.
        :raises Unclear: it is unknown whether the request arrived.
        """
        if auto and not self.cloud.nova.has(microversions.BLOCK_AUTO):
            raise errors.MigrateError(
                microversions.needs_newer_api(
                    "--auto", microversions.BLOCK_AUTO, self.cloud.nova.version
                )
            )
        return self._live(facts, "auto" if auto else False)

    def block(self, facts: MoveFacts) -> Move:
        """Like :meth:`live`, but copy the local disks.

        :raises ApiError, Unclear: see :meth:`live`.
        """
        return self._live(facts, True)

    def cold(self, facts: MoveFacts) -> Move:
        """Ask Nova, once, to move a server that may be stopped for it.

        :raises MigrateError: this Nova does not accept a destination.
        :raises ApiError, Unclear: see :meth:`live`.
        """
        host = _requested_host(facts)
        body: dict[str, object] = {"migrate": None}
        if host and not self.cloud.nova.has(microversions.COLD_TO_HOST):
            raise errors.MigrateError(
                microversions.needs_newer_api(
                    "a destination",
                    microversions.COLD_TO_HOST,
                    self.cloud.nova.version,
                )
            )
        if host:
            body = {"migrate": {"host": host}}
        return self._start(facts, body, Kind.COLD.value, "cold-migrate")

    def waiting(self, server: Server) -> Migration:
        """Return the migration of a server that is awaiting confirmation.

        :raises MigrateError: there is none, or it is a resize.
        """
        name = paste(server.name, server.id)
        if server.status != "VERIFY_RESIZE":
            raise errors.MigrateError(
                f"server {name} is {server.status}: no cold migration is"
                " awaiting confirmation or reverting"
            )
        records = self.cloud.migrations(
            server.id, or_none(lambda: server.project_id), limit=20
        )
        for record in records:
            if record.status == "finished" and record.type != "resize":
                return record
        raise errors.MigrateError(
            f"server {name} waits after a resize, not a migration:"
            f" {confirm_or_revert(name, resized=True)}"
        )

    def decide(
        self, server: Server, record: Migration, verb: Verb
    ) -> Decision:
        """Ask Nova, once, to confirm or revert a cold migration.

        :param record: from :meth:`waiting`.
        :raises ApiError: Nova refused, or did not respond. A second request
            is harmless: Nova refuses it.
        """
        description = (
            f"{verb.name.lower()} the migration of server {server.name}"
        )
        self.cloud.nova.post(
            f"/servers/{server.id}/action", description, {verb.value: None}
        )
        return Decision(self.cloud, server, record, verb, self._clock)

    def in_flight(
        self, server: Server | None = None, host: str | None = None
    ) -> list[Migration]:
        """Return the migrations in flight: of a server, of a host, or all.

        :raises ApiError: they cannot be listed.
        """
        if server is not None:
            return inflight.of_server(self.cloud, server)
        return inflight.migrations_in_flight(self.cloud, host)

    def watch(self, server: Server | None, host: str | None) -> Watcher:
        """Return a watcher of the migrations in flight."""
        return Watcher(self.cloud, server, host, self._clock)

    def counted(self, server: Server, record: Migration) -> Migration:
        """Return the record with byte counters, if Nova shows them."""
        return inflight.counted(self.cloud, server.id, record)

    def stop(self, server: Server, record: Migration) -> Stop:
        """Prepare to abort a live migration: see :class:`Stop`.

        :raises MigrateError: it can never be aborted.
        """
        nova = self.cloud.nova
        refuse_abort(server, record, nova.has, nova.version)
        new = nova.has(microversions.ABORT_QUEUED)
        return Stop(
            self.cloud,
            server,
            record,
            QUEUED if new else RUNNING,
            lambda: abort(self.cloud, server, record.id),
            self._clock,
        )

    def force(self, facts: MoveFacts, record: Migration) -> Move:
        """Ask Nova, once, to complete a running live migration.

        :param facts: of its server, read during the move.
        :raises MigrateError: its status or this version does not allow it.
        :raises ApiError: Nova refused or, with an unknown result, did not
            respond.
        """
        nova = self.cloud.nova
        forcing.refuse(facts.server, record, nova.has, nova.version)
        # Nova only accepts active servers; the status is MIGRATING now.
        facts = facts.but(server=facts.server.but(status="ACTIVE"))
        follower = Follower.of(self.cloud, facts.server, record, self._clock)
        move = Move(self.cloud, facts, follower, forcing.kind(record))
        move.force()
        return move

    def taken_up(self, facts: MoveFacts, record: Migration, kind: str) -> Move:
        """Return a move started by another user or by a process that died.

        :param facts: of the server before that move.
        :param kind: the requested kind of move.
        """
        follower = Follower.of(self.cloud, facts.server, record, self._clock)
        return Move(self.cloud, facts, follower, kind)

    def shut_down(self, server: Server) -> None:
        """Ask Nova, once, to stop a running server in place.

        :raises ApiError: Nova refused, or did not respond. A second request
            is harmless: Nova refuses it.
        """
        self._start_action(
            server, f"stop server {server.name}", {"os-stop": None}
        )

    def activate(self, server: Server) -> Server | None:
        """Reset a server in ERROR to active; return the server afterwards.

        Only if its guest runs on the host that Nova shows: see repair.py.

        :raises ApiError: Nova refused, or did not respond.
        """
        self.cloud.nova.post(
            f"/servers/{server.id}/action",
            f"reset the state of server {server.name}",
            {"os-resetState": {"state": "active"}},
        )
        return self.cloud.server_now(server.id)

    def unbind(self, port: str, host: str) -> None:
        """Delete a port's binding on a host; a missing one is not an error.

        :raises ApiError: Neutron refused (403: newer releases require the
            service role), or did not respond.
        """
        try:
            self.cloud.neutron.delete(
                f"/ports/{port}/bindings/{host}",
                f"delete the binding of port {port} on {host}",
            )
        except errors.ApiError as error:
            if error.status != 404:
                raise

    def _live(self, facts: MoveFacts, copy: bool | str) -> Move:
        body = self._live_body(_requested_host(facts), copy)
        return self._start(
            facts, {"os-migrateLive": body}, KINDS[copy], "live-migrate"
        )

    def _start(
        self, facts: MoveFacts, body: object, kind: str, verb: str
    ) -> Move:
        after = _newest_record_id(facts)
        follower = Follower(
            self.cloud,
            facts.server.id,
            or_none(lambda: facts.server.project_id),
            after,
            self._clock,
        )
        move = Move(self.cloud, facts, follower, kind)
        description = f"{verb} server {facts.server.name}"
        try:
            move.request_id = self._start_action(
                facts.server, description, body
            )
        except errors.ApiError as error:
            if not error.passing:
                raise
            # The response was lost, or a proxy gave up while Nova continues:
            # a second request could move the server twice.
            if not follower.find(RECORD_WITHIN):
                raise _unclear_error(facts, error) from error
        return move

    def _start_action(
        self, server: Server, description: str, body: object
    ) -> str | None:
        """Send a request that starts something; all of them are sent here.

        :raises Closed: nothing may be started; no request was sent.
        :raises ApiError: Nova refused, or did not respond.
        """
        with self.gate.passing():
            return self.cloud.nova.post(
                f"/servers/{server.id}/action", description, body
            )

    def _live_body(
        self, host: str | None, copy: bool | str
    ) -> dict[str, object]:
        body: dict[str, object] = {"host": host, "block_migration": copy}
        if not self.cloud.nova.has(microversions.BLOCK_AUTO):
            body["disk_over_commit"] = False
        return body


# block_migration in the request -> the kind of move, empty if Nova decides.
KINDS: dict[bool | str, str] = {
    False: Kind.LIVE.value,
    True: Kind.BLOCK.value,
    "auto": "",
}


def _requested_host(facts: MoveFacts) -> str | None:
    """Return the host to name in the request."""
    # If it does not exist and its check is ignored, it must still be named:
    # Nova must refuse it rather than choose another host.
    return facts.destination.name if facts.destination else facts.wanted


def _newest_record_id(facts: MoveFacts) -> int:
    """Return the ID of the newest record before the move."""
    try:
        return facts.last_migration
    except Unread as unread:
        raise errors.MigrateError(
            f"the migrations of server {facts.server.name} cannot be read,"
            f" so a move could not be followed: {unread.reason}; the user"
            " needs Nova's policy os_compute_api:os-migrations:index"
        ) from None


def _unclear_error(facts: MoveFacts, error: errors.ApiError) -> errors.Unclear:
    server = paste(facts.server.name, facts.server.id)
    return errors.Unclear(
        f"{error}. It is not known whether the request arrived: no migration"
        f" of the server appeared within {RECORD_WITHIN:.0f} s. Before you"
        f" try again: openstack migrate watch {server} shows one that came"
        f" later, openstack migrate explain {server} one that has ended"
    )
