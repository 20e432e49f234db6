"""Whether a live migration can be forced to complete, and the effect.

nova/virt/libvirt/driver.py, live_migration_force_complete: post-copy where
``live_migration_permit_post_copy`` and both hosts permit it, else the guest
is paused.
"""

from collections.abc import Callable

from osc_migrate import errors, microversions
from osc_migrate.cloud.migrations import Kind, Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import or_none
from osc_migrate.text import paste, size

POST_COPY = "running (post-copy)"


def refuse(
    server: Server,
    record: Migration,
    has: Callable[[str], bool],
    version: str,
) -> None:
    """:raises MigrateError: it cannot be forced, and why."""
    name = paste(server.name, server.id)
    migration = f"migration {record.id} of server {server.name}"
    if record.type not in ("live-migration", None):
        raise errors.MigrateError(
            f"{migration} is not a live migration and cannot be forced;"
            f" watch it: openstack migrate watch {name}"
        )
    if not has(microversions.FORCE_COMPLETE):
        raise errors.MigrateError(
            microversions.needs_newer_api(
                "force-complete", microversions.FORCE_COMPLETE, version
            )
        )
    if record.status == POST_COPY:
        raise errors.MigrateError(
            f"{migration} is in post-copy already: it ends by itself;"
            f" openstack migrate watch {name}"
        )
    if record.status != "running":
        raise errors.MigrateError(
            f"{migration} is {record.status}, and Nova forces only one that is"
            f" running; openstack migrate watch {name}"
        )


def warning(server: Server, record: Migration) -> tuple[str, ...]:
    """Return sentences about the effect on the guest."""
    left = or_none(lambda: record.memory_remaining)
    remaining = f" ({size(left)} now)" if left else ""
    return (
        f"Forcing the migration of {server.name} from {record.source} to"
        f" {record.destination} to complete: its guest is paused until the"
        f" rest of its memory{remaining} is copied, and unreachable"
        " meanwhile.",
        "Where the hosts permit post-copy it is not paused: it runs on at"
        f" {record.destination} at once and fetches the rest as it needs it,"
        " slower at first; it can then not be aborted any more, and is lost"
        " if the network between the hosts fails.",
    )


def kind(record: Migration) -> str:
    """Return the kind of a record with counters; empty if unknown."""
    if not or_none(lambda: record.memory_total):
        return ""
    disks = or_none(lambda: record.disk_total)
    return (Kind.BLOCK if disks else Kind.LIVE).value
