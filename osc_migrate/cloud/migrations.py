"""Migration records."""

import dataclasses
import datetime
import enum

from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.facts import Facts, fact


@dataclasses.dataclass(frozen=True, repr=False)
class Migration(Facts):
    """A migration record; counters in bytes, None if not shown."""

    id: int
    uuid: str | None
    # Nova's status: accepted, queued, preparing, running ... completed.
    status: str
    # 'live-migration', 'migration', 'resize' or 'evacuation'.
    type: str | None
    source: str | None
    destination: str | None
    memory_total: int | None = None
    memory_processed: int | None = None
    memory_remaining: int | None = None
    disk_total: int | None = None
    disk_processed: int | None = None
    disk_remaining: int | None = None
    # UTC.
    created_at: datetime.datetime | None = None
    updated_at: datetime.datetime | None = None
    # None where Nova does not repeat it.
    server_id: str | None = None


class Kind(enum.StrEnum):
    """Kind of move, in Nova's terms."""

    LIVE = "live"
    BLOCK = "block"
    COLD = "cold"


# Statuses of a migration that will not change any more
# (nova/compute/manager.py, nova/objects/migration.py).
ENDED = frozenset(
    {
        "completed",
        "failed",
        "error",
        "cancelled",
        "done",
        "finished",
        "confirmed",
        "reverted",
    }
)


# Nova's status of a live migration -> the phase shown to operators.
PHASES = {
    "accepted": "accepted",
    "queued": "queued",
    "preparing": "preparing",
    "pre-migrating": "preparing",
    "running": "running",
    "running (post-copy)": "post-copy",
    "post-migrating": "finishing",
    # Of a cold migration, which has no counters.
    "migrating": "copying",
    "completed": "finishing",
}


def parse_migration(body: JsonObject) -> Migration:
    """Parse a record of os-migrations or of a server's migrations.

    Only the latter has counters.
    """

    def counter(name: str) -> int | None:
        return body.maybe_whole(name) if name in body else None

    return Migration(
        id=body.whole("id"),
        uuid=body.maybe_text("uuid") if "uuid" in body else None,
        status=body.text("status"),
        type=(
            body.maybe_text("migration_type")
            if "migration_type" in body
            else None
        ),
        source=fact(body.maybe_text, "source_compute"),
        destination=fact(body.maybe_text, "dest_compute"),
        memory_total=fact(counter, "memory_total_bytes"),
        memory_processed=fact(counter, "memory_processed_bytes"),
        memory_remaining=fact(counter, "memory_remaining_bytes"),
        disk_total=fact(counter, "disk_total_bytes"),
        disk_processed=fact(counter, "disk_processed_bytes"),
        disk_remaining=fact(counter, "disk_remaining_bytes"),
        created_at=fact(body.time, "created_at"),
        updated_at=fact(body.time, "updated_at"),
        server_id=(
            fact(body.maybe_text, "instance_uuid")
            if "instance_uuid" in body
            else None
        ),
    )
