"""Confirms or reverts a cold migration and follows that to its end.

Confirming removes what is left on the source; reverting starts the server
there again (nova/compute/manager.py, confirm_resize and revert_resize).
"""

import enum
from collections.abc import Iterator

from osc_migrate import errors
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.migrations import ENDED, Kind, Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Unread, or_none
from osc_migrate.migration.follow import (
    ANSWER,
    INTERVAL,
    Clock,
    TimeUp,
)
from osc_migrate.migration.orphaned import Silence
from osc_migrate.migration.outage import Outage
from osc_migrate.migration.outcome import End, Outcome
from osc_migrate.migration.progress import Progress
from osc_migrate.text import paste

_OPEN = ("VERIFY_RESIZE", "REVERT_RESIZE")


class Verb(enum.StrEnum):
    """Confirm or revert; the value is Nova's action."""

    CONFIRM = "confirmResize"
    REVERT = "revertResize"

    @property
    def ended(self) -> str:
        """Status of the record afterwards."""
        return "confirmed" if self is Verb.CONFIRM else "reverted"

    @property
    def phase(self) -> str:
        return "confirming" if self is Verb.CONFIRM else "reverting"


class Decision:
    """A confirmation or reversal that Nova has accepted.

    :ivar server: as last read; None if it is gone.
    :ivar record: the migration record, as last read.
    """

    def __init__(
        self,
        cloud: Cloud,
        server: Server,
        record: Migration,
        verb: Verb,
        clock: Clock,
    ) -> None:
        self._cloud = cloud
        self._before = server
        self.server: Server | None = server
        self.record = record
        self.verb = verb
        self._clock = clock
        self._start = clock.now()
        self._silence = Silence(cloud, server.id)

    @property
    def elapsed(self) -> float:
        return self._clock.now() - self._start

    def follow(self, timeout: float | None = None) -> Iterator[Progress]:
        """Yield one Progress per second until Nova has finished.

        :raises TimeUp: after `timeout` seconds; Nova continues.
        :raises ApiError: the API has not responded for a long time.
        """
        outage = Outage(self._clock.now)
        silence = ""
        while True:
            trouble = None
            try:
                over = self._look()
                silence = self._silence.look(self.record, self._clock.now())
                self._silence.missed(outage.end())
            except errors.ApiError as error:
                over = False
                outage.tolerate(error)
                trouble = str(error)
            yield Progress(
                self.verb.phase,
                self.record.status,
                self.elapsed,
                trouble=trouble,
                silence=silence,
            )
            if over:
                return
            if timeout is not None and self.elapsed + INTERVAL > timeout:
                raise TimeUp
            self._clock.sleep(INTERVAL)

    def _look(self) -> bool:
        """Read record and server; return whether both have settled."""
        id = self._before.id
        project = or_none(lambda: self._before.project_id)
        for record in self._cloud.migrations(
            id, project, limit=20, timeout=ANSWER
        ):
            if record.id == self.record.id:
                self.record = record
        self.server = now = self._cloud.server_now(id)
        if now is None or now.status == "ERROR":
            return True
        busy = or_none(lambda: now.task_state)
        return (
            self.record.status in ENDED - {"finished"}
            and now.status not in _OPEN
            and busy is None
        )

    def outcome(self) -> Outcome:
        """Return the current outcome."""
        doubt = self._doubt()
        end = End.NOT_MOVED
        if doubt is None:
            confirmed = self.verb is Verb.CONFIRM
            end = End.MOVED if confirmed else End.REVERTED
        name = paste(self._before.name, self._before.id)
        return Outcome(
            end=end,
            server=self._before.name,
            id=self._before.id,
            kind=Kind.COLD.value,
            source=self.record.source,
            destination=self.record.destination,
            status=self.record.status,
            migration_id=self.record.id,
            seconds=round(self.elapsed, 1),
            memory_bytes=None,
            disk_bytes=None,
            reason=doubt or "",
            next=f"openstack migrate explain {name}" if doubt else "",
        )

    def _doubt(self) -> str | None:
        """Return why success is not proven; None if it is."""
        now, expected = self.server, self.verb.ended
        if now is None:
            return "the server was deleted meanwhile"
        if self.record.status != expected:
            return f"the migration is '{self.record.status}', not '{expected}'"
        try:
            if now.status in (*_OPEN, "ERROR"):
                return f"the server is {now.status}"
            expected_host = (
                self.record.destination
                if self.verb is Verb.CONFIRM
                else self.record.source
            )
            host = or_none(lambda: now.host)
            if host is not None and host != expected_host:
                return f"the server is on {host}, expected {expected_host}"
        except Unread as unread:
            return f"the record says '{expected}', but {unread.reason}"
        return None
