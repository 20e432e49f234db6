"""Watches all migrations in flight, of any user."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

from osc_migrate import errors
from osc_migrate.cloud import in_flight
from osc_migrate.cloud.cloud import Cloud, in_parallel
from osc_migrate.cloud.migrations import ENDED, Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Unread, or_none
from osc_migrate.migration.follow import FAILED, SETTLE, Clock
from osc_migrate.migration.orphaned import Silence
from osc_migrate.migration.outage import Outage
from osc_migrate.migration.pace import Pace
from osc_migrate.migration.progress import Progress
from osc_migrate.text import utc

# Seconds between polls: a poll of the whole cloud is ten small requests.
INTERVAL = 2.0
# Maximum number of counters read per poll; Nova updates them every 5 s.
COUNTED = 16
# Nova shows counters only in this status (see follow.py).
_WITH_COUNTERS = "running"


@dataclasses.dataclass(frozen=True)
class Watched:
    """One migration at one poll.

    :ivar abandoned: no service will end it (see
        :class:`~osc_migrate.migration.orphaned.Silence`).
    """

    server: str
    server_id: str
    record: Migration
    progress: Progress
    abandoned: bool = False

    @property
    def over(self) -> bool:
        return self.record.status in ENDED

    COLUMNS = (
        "server",
        "id",
        "migration_id",
        "type",
        "source",
        "destination",
        "status",
        "phase",
        "memory_total",
        "memory_remaining",
        "disk_total",
        "disk_remaining",
        "since",
    )
    LONG = (*COLUMNS, "uuid", "updated", "percent", "bytes_per_second")

    @property
    def row(self) -> Sequence[object]:
        record, progress = self.record, self.progress
        since = or_none(lambda: record.created_at)
        counted = progress.total > 0
        return (
            self.server,
            self.server_id,
            record.id,
            record.type,
            or_none(lambda: record.source),
            or_none(lambda: record.destination),
            record.status,
            progress.phase,
            progress.memory_total if counted else None,
            progress.memory_remaining if counted else None,
            progress.disk_total if counted else None,
            progress.disk_remaining if counted else None,
            utc(since),
            record.uuid,
            utc(or_none(lambda: record.updated_at)),
            100 - 100 * progress.remaining // progress.total
            if counted
            else None,
            round(progress.rate) if progress.rate is not None else None,
        )


class Watcher:
    """Polls the migrations of a server, of a host, or of the cloud.

    :param server: only its migrations.
    :param host: only migrations from or to it.
    """

    def __init__(
        self,
        cloud: Cloud,
        server: Server | None,
        host: str | None,
        clock: Clock,
    ) -> None:
        self._cloud = cloud
        self._server = server
        self._host = host
        self._clock = clock
        self._start = clock.now()
        self._names: dict[str, str] = {}
        self._paces: dict[int, Pace] = {}
        self._silences: dict[int, Silence] = {}
        # Migrations in flight at the last poll.
        self._open: dict[int, Watched] = {}
        # When each was first seen as failed.
        self._failed: dict[int, float] = {}
        # Index of the next one to read counters of.
        self._turn = 0
        if server:
            self._names[server.id] = server.name

    def looks(
        self, for_ever: bool, trouble: Callable[[str], None]
    ) -> Iterator[list[Watched]]:
        """Yield the migrations in flight and those that have just ended.

        Stops when only orphaned ones are left.

        :param for_ever: do not stop.
        :param trouble: called once when the API does not respond, and with ''
            when it responds again.
        :raises ApiError: the API refuses, or does not respond for
            :data:`~osc_migrate.migration.outage.PATIENCE` seconds.
        """
        outage = Outage(self._clock.now)
        while True:
            try:
                watched = self.look()
                if outage:
                    trouble("")
                    self._missed(outage.end())
            except errors.ApiError as error:
                is_new = not outage
                outage.tolerate(error)
                if is_new:
                    trouble(str(error))
                self._clock.sleep(INTERVAL)
                continue
            yield watched
            active = [
                migration
                for migration in watched
                if not (migration.over or migration.abandoned)
            ]
            if not for_ever and not active:
                return
            self._clock.sleep(INTERVAL)

    def look(self) -> list[Watched]:
        """Poll once; oldest first.

        :raises ApiError: the migrations cannot be listed.
        """
        records_by_id = {record.id: record for record in self._listed()}
        for id, before in self._open.items():
            if id not in records_by_id and (ended := self._ended(before)):
                records_by_id[id] = ended
        records = self._counted(
            [records_by_id[id] for id in sorted(records_by_id)]
        )
        all_watched = [self._watched(record) for record in records]
        self._open = {
            watched.record.id: watched
            for watched in all_watched
            if not watched.over
        }
        for watched in all_watched:
            if watched.over:
                self._paces.pop(watched.record.id, None)
                self._silences.pop(watched.record.id, None)
                self._failed.pop(watched.record.id, None)
        return all_watched

    def _listed(self) -> list[Migration]:
        if self._server:
            return in_flight.of_server(self._cloud, self._server)
        return in_flight.migrations_in_flight(self._cloud, self._host)

    def _ended(self, before: Watched) -> Migration | None:
        """Return the record of one that is no longer listed as in flight."""
        id = before.record.id
        records = self._cloud.migrations(before.server_id, limit=20)
        record = next((r for r in records if r.id == id), None)
        if record is None or record.status not in FAILED:
            return record
        # Since Nova 32.2 it changes to 'error' together with the server.
        since = self._failed.setdefault(id, self._clock.now())
        if self._clock.now() - since < SETTLE:
            return before.record
        return record

    def _counted(self, records: list[Migration]) -> list[Migration]:
        """Return the records, with counters for as many as allowed."""
        running = [r for r in records if r.status == _WITH_COUNTERS]
        if not running:
            return records
        first = self._turn % len(running)
        chosen = (running[first:] + running[:first])[:COUNTED]
        self._turn += len(chosen)
        asks = [
            lambda record=record: in_flight.counted(
                self._cloud, self._id(record), record
            )
            for record in chosen
        ]
        fresh = {
            r.id: r for r in in_parallel(*asks) if isinstance(r, Migration)
        }
        return [fresh.get(record.id, record) for record in records]

    def _watched(self, record: Migration) -> Watched:
        server_id = self._id(record)
        pace = self._paces.setdefault(record.id, Pace())
        before = self._open.get(record.id)
        elapsed = self._clock.now() - self._start
        uncounted = record.memory_total is None
        if before and uncounted and before.record.status == record.status:
            # Not polled this time: the last values are close enough.
            progress = dataclasses.replace(before.progress, elapsed=elapsed)
        else:
            progress = pace.look(record, elapsed)
        if record.status in ENDED:
            progress = dataclasses.replace(progress, phase=record.status)
        name = self._name(server_id)
        silence, abandoned = self._silence(record, server_id)
        progress = dataclasses.replace(progress, silence=silence)
        return Watched(name, server_id, record, progress, abandoned)

    def _missed(self, seconds: float) -> None:
        """Discount time in which no record could be read."""
        for pace in self._paces.values():
            pace.missed(seconds)
        for silence in self._silences.values():
            silence.missed(seconds)

    def _silence(self, record: Migration, server_id: str) -> tuple[str, bool]:
        """Return a message about missing updates, and if it is orphaned."""
        if not server_id:
            return "", False
        if record.id not in self._silences:
            self._silences[record.id] = Silence(self._cloud, server_id)
        silence = self._silences[record.id]
        try:
            text = silence.look(record, self._clock.now())
        except errors.ApiError:
            return "", False  # not known
        if not silence.abandoned:
            return text, False
        return (
            f"orphaned: openstack migrate explain {server_id}",
            True,
        )

    def _id(self, record: Migration) -> str:
        if self._server:
            return self._server.id
        return or_none(lambda: record.server_id) or ""

    def _name(self, server_id: str) -> str:
        if server_id not in self._names:
            try:
                now = self._cloud.server_now(server_id) if server_id else None
                self._names[server_id] = now.name if now else server_id
            except (errors.ApiError, Unread):
                return server_id or "?"
        return self._names[server_id]
