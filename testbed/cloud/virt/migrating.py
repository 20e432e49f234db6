"""Run one live migration on its source, like the libvirt driver.

copying.py models the copy; this module reports it to Nova.  The behaviour of
nova/virt/libvirt/driver.py that is relevant to a client:

* memory and disk counters go to the migration, the percentage of memory to
  the server, at intervals;
* force-complete pauses the guest, or switches to post-copy if that is
  allowed; post-copy can no longer be aborted;
* after a failure or abort Nova rolls back (server active, no task).  Since
  32.2 (2025.2) the hypervisor's error is still raised afterwards: Nova sets
  the migration and the server to error.  Earlier releases do not.
"""

import time
from dataclasses import dataclass
from typing import Any

from nova.compute import power_state
from oslo_log import log as logging

from testbed.cloud.virt import knobs
from testbed.cloud.virt.copying import MIB, Copying

LOG = logging.getLogger(__name__)
ABORT = "abort"
FORCE = "force-complete"
POST_COPY = "running (post-copy)"
NO_JOB = "Requested operation is not valid: no job is active on the domain"
_ABORTED = "operation aborted: migration out job: canceled by client"
_BROKEN = "internal error: asked to fail in live_migration"
_TICK = 0.1
_GIB = 1024


class HypervisorError(Exception):
    """Represents libvirt.libvirtError."""


@dataclass
class _Failed(Exception):
    """The job ended without success."""

    status: str
    text: str


@dataclass
class _Job:
    """A running migration."""

    driver: Any
    context: Any
    instance: Any
    migration: Any
    copying: Copying
    metadata: dict[str, str]
    paused: bool = False

    def knob(self, key):
        """Return a knob of this guest, from its cached metadata."""
        return knobs.get(self.driver._host, key, self.metadata)


def run(
    driver,
    context,
    instance,
    dest,
    post_method,
    recover_method,
    block_migration,
    migrate_data,
):
    """Migrate; the module's docstring describes the possible outcomes."""
    flavor = instance.flavor
    disk = flavor.root_gb * _GIB * MIB if migrate_data.block_migration else 0
    job = _Job(
        driver,
        context,
        instance,
        migrate_data.migration,
        Copying(flavor.memory_mb * MIB, disk),
        driver.metadata(context, instance),
    )
    try:
        _copy(job)
    except _Failed as failed:
        LOG.error("Live migration: %s", failed.text, instance=instance)
        if job.paused:
            driver.unpause(instance)
        recover_method(
            context,
            instance,
            dest,
            migrate_data,
            migration_status=failed.status,
        )
        if job.knob("old_nova"):
            return
        time.sleep(job.knob("settle_seconds"))
        raise HypervisorError(failed.text) from None
    # The guest runs on the destination from now on, whatever Nova does.
    driver.hosts[dest].instances.define(instance)
    driver.instances.pop(instance.uuid, None)
    post_method(context, instance, dest, block_migration, migrate_data)


def _copy(job: _Job) -> None:
    """Advance the copy until the guest can be switched over."""
    copying = job.copying
    start = last = time.monotonic()
    saved = None
    while True:
        now = time.monotonic()
        if saved is None or now - saved >= job.knob("update_seconds"):
            job.metadata = job.driver.metadata(job.context, job.instance)
            _save(job)
            saved = now
        bandwidth = max(job.knob("bandwidth_mb"), 0.001)
        copying.advance(
            now - last,
            bandwidth,
            job.knob("dirty_mb"),
            max(job.knob("disk_bandwidth_mb"), 0.001),
        )
        last = now
        _do_tasks(job)
        if (
            job.knob("fail") == "live_migration"
            and copying.memory_copied >= copying.memory_total / 2
        ):
            _save(job)
            raise _Failed("failed", job.knob("fail_message") or _BROKEN)
        _check_time(job, now - start)
        if copying.can_finish(bandwidth, job.knob("max_downtime")):
            break
        time.sleep(_TICK)
    copying.finish()


def _save(job: _Job) -> None:
    """Store the counters as libvirt reports them.

    While QEMU copies disks, it has not started with the memory, and libvirt
    reports zeros for it.
    """
    copying, migration = job.copying, job.migration
    begun = copying.copying_memory
    migration.memory_total = int(copying.memory_total) if begun else 0
    migration.memory_processed = int(copying.memory_copied)
    migration.memory_remaining = int(copying.memory_left) if begun else 0
    migration.disk_total = int(copying.disk_total)
    migration.disk_processed = int(copying.disk_total - copying.disk_left)
    migration.disk_remaining = int(copying.disk_left)
    migration.save()
    job.instance.progress = copying.memory_percent
    job.instance.save()


def _do_tasks(job: _Job) -> None:
    tasks = job.driver.active_migrations[job.instance.uuid]
    while tasks:
        task = tasks.popleft()
        if job.migration.status == POST_COPY:
            LOG.warning("Ignored in post-copy: %s", task)
        elif task == ABORT:
            raise _Failed("cancelled", _ABORTED)
        else:
            _force(job)


def _force(job: _Job) -> None:
    if job.knob("post_copy"):
        job.migration.status = POST_COPY
        job.migration.save()
    elif not job.paused:
        guests = job.driver.instances
        guests.set_state(job.instance.uuid, power_state.PAUSED)
        job.paused = True
    job.copying.still = True


def _check_time(job: _Job, elapsed: float) -> None:
    """Apply Nova's completion timeout: seconds per GiB, for at least 2 GiB."""
    copying = job.copying
    memory = max(copying.memory_total / MIB / _GIB, 2)
    disk = max(copying.disk_total / MIB / _GIB, 2) if copying.disk_total else 0
    limit = job.knob("completion_timeout") * (memory + disk)
    if not limit or elapsed <= limit or copying.still:
        return
    if job.knob("timeout_action") == "force_complete":
        _force(job)
    else:
        raise _Failed("cancelled", _ABORTED)
