"""A virt driver without a hypervisor, whose migrations take realistic time.

It imitates the libvirt driver of Nova 34 as far as a client can see: checks
and their messages, progress, abort, force-complete, timeout, and the outcome
of a failure.  Nova loads it as ``nova.virt.unreal``, so it must not use
relative imports.
"""

import json
import pathlib
import time
import uuid
from collections import deque

import nova.conf
from nova import exception, objects
from nova.compute import power_state
from nova.virt import fake

from testbed.cloud.virt import checks, guests, knobs, migrating, numa

CONF = nova.conf.CONF
# where the libvirt driver stores it, since Wallaby
_MACHINE_TYPE = "image_hw_machine_type"


class UnrealDriver(fake.FakeDriver):
    """The driver of one host."""

    #: All drivers by host: guests move between them without Nova, as QEMU
    #: moves them between real hosts.
    hosts: dict = {}
    #: used by the knobs while the parent class initialises
    _host = None

    def init_host(self, host):
        """Store the host's name and load its guests."""
        super().init_host(host)
        path = pathlib.Path(CONF.state_path) / f"guests-{host}.json"
        self.instances = guests.Guests(path)
        self.hosts[host] = self

    # Resources that are reported to Nova

    def knob(self, key, instance=None):
        """Return the value of a knob on this host, or for one guest."""
        metadata = instance.metadata if instance is not None else None
        return knobs.get(self._host or CONF.host, key, metadata)

    @property
    def vcpus(self):
        """VCPUs; the parent class reads this and the next two properties."""
        return self.knob("vcpus")

    @property
    def memory_mb(self):
        """Memory in MiB."""
        return self.knob("memory_mb")

    @property
    def local_gb(self):
        """Disk in GiB."""
        return self.knob("local_gb")

    @property
    def disk_available_least(self):
        """Disk space that is not reserved, in GiB."""
        given = self.knob("disk_available_least")
        return self.local_gb if given is None else given

    def get_nodenames_by_uuid(self, refresh=False):
        """Return a fixed identity: the parent's changes at each start."""
        return {
            str(uuid.uuid5(uuid.NAMESPACE_DNS, name)): name
            for name in self.get_available_nodes()
        }

    def get_available_resource(self, nodename):
        """Return the host's resources as the knobs describe them now."""
        resource = super().get_available_resource(nodename)
        for node_uuid, name in self.get_nodenames_by_uuid().items():
            if name == nodename:
                resource.update(
                    uuid=node_uuid,
                    vcpus=self.vcpus,
                    memory_mb=self.memory_mb,
                    local_gb=self.local_gb,
                    disk_available_least=self.disk_available_least,
                    numa_topology=numa.topology(
                        self.knob("numa_nodes"), self.vcpus, self.memory_mb
                    ),
                    hypervisor_type=self.knob("hypervisor_type"),
                    hypervisor_version=self.knob("hypervisor_version"),
                    cpu_info=json.dumps(
                        {
                            "arch": "x86_64",
                            "model": self.knob("cpu_model"),
                            "vendor": self.knob("cpu_vendor"),
                            "features": self.knob("cpu_features"),
                            "topology": {
                                "cells": 1,
                                "sockets": 1,
                                "cores": self.vcpus,
                                "threads": 1,
                            },
                        }
                    ),
                )
        return resource

    # Guests

    def fail_in(self, phase, instance, error=exception.MigrationError):
        """Raise `error` if a knob requests a failure in this phase."""
        if self.knob("fail", instance) == phase:
            text = self.knob("fail_message", instance)
            raise error(reason=text or f"asked to fail in {phase}")

    def spawn(self, context, instance, *args, **kwargs):
        """Boot a guest, unless a knob requests a failure."""
        self.fail_in("spawn", instance, exception.InstanceDeployFailure)
        machine_type = self.knob("machine_type")
        if machine_type and _MACHINE_TYPE not in instance.system_metadata:
            instance.system_metadata[_MACHINE_TYPE] = machine_type
            instance.save()
        super().spawn(context, instance, *args, **kwargs)

    def power_off(self, instance, timeout=0, retry_interval=0):
        """Shut down."""
        super().power_off(instance, timeout, retry_interval)
        self.instances.set_state(instance.uuid, power_state.SHUTDOWN)

    def power_on(self, context, instance, *args, **kwargs):
        """Start."""
        super().power_on(context, instance, *args, **kwargs)
        self.instances.set_state(instance.uuid, power_state.RUNNING)

    def pause(self, instance):
        """Pause. In the parent, this and the next three do nothing."""
        self.instances.set_state(instance.uuid, power_state.PAUSED)

    def unpause(self, instance):
        """Continue."""
        self.instances.set_state(instance.uuid, power_state.RUNNING)

    def suspend(self, context, instance):
        """Save the guest to disk."""
        self.instances.set_state(instance.uuid, power_state.SUSPENDED)

    def resume(self, context, instance, *args, **kwargs):
        """Restore the guest from disk."""
        self.instances.set_state(instance.uuid, power_state.RUNNING)

    # Live migration: before

    def check_can_live_migrate_destination(
        self,
        context,
        instance,
        src_compute_info,
        dst_compute_info,
        block_migration=False,
        disk_over_commit=False,
    ):
        """On the destination: check the CPU."""
        self.fail_in(
            "check_destination", instance, exception.MigrationPreCheckError
        )
        checks.compare_cpu(
            src_compute_info["cpu_info"], dst_compute_info["cpu_info"]
        )
        data = super().check_can_live_migrate_destination(
            context,
            instance,
            src_compute_info,
            dst_compute_info,
            block_migration,
            disk_over_commit,
        )
        size = "free_disk_gb" if disk_over_commit else "disk_available_least"
        data.disk_available_mb = dst_compute_info[size] * 1024
        checks.leave_mark(data, self.knob("shared_storage"))
        if instance.numa_topology:
            data.dst_supports_numa_live_migration = True
        return data

    def check_can_live_migrate_source(
        self, context, instance, dest_check_data, block_device_info=None
    ):
        """On the source: check the storage, and whether to copy disks."""
        self.fail_in(
            "check_source", instance, exception.MigrationPreCheckError
        )
        checks.check_storage(
            dest_check_data,
            self.knob("shared_storage"),
            self._host,
            instance,
        )
        if instance.numa_topology:
            dest_check_data.src_supports_numa_live_migration = True
        return dest_check_data

    def pre_live_migration(self, context, instance, *args, **kwargs):
        """On the destination: prepare for the guest."""
        time.sleep(self.knob("pre_seconds", instance))
        self.fail_in("pre_live_migration", instance)
        return super().pre_live_migration(context, instance, *args, **kwargs)

    # Live migration: while it runs

    def live_migration(
        self,
        context,
        instance,
        dest,
        post_method,
        recover_method,
        block_migration=False,
        migrate_data=None,
    ):
        """On the source: migrate; return or raise at the very end."""
        self.active_migrations[instance.uuid] = deque()
        try:
            migrating.run(
                self,
                context,
                instance,
                dest,
                post_method,
                recover_method,
                block_migration,
                migrate_data,
            )
        finally:
            self.active_migrations.pop(instance.uuid, None)

    def live_migration_abort(self, instance):
        """Abort like libvirt's abortJob, which fails without a job and in
        post-copy."""
        tasks = self.active_migrations.get(instance.uuid)
        if tasks is None:
            raise migrating.HypervisorError(migrating.NO_JOB)
        tasks.append(migrating.ABORT)

    def live_migration_force_complete(self, instance):
        """Pause the guest or switch to post-copy."""
        try:
            self.active_migrations[instance.uuid].append(migrating.FORCE)
        except KeyError:
            raise exception.NoActiveMigrationForInstance(
                instance_id=instance.uuid
            ) from None

    def metadata(self, context, instance):
        """Return the server's current metadata, not those at the start."""
        fresh = objects.Instance.get_by_uuid(
            context, instance.uuid, expected_attrs=["metadata"]
        )
        return fresh.metadata

    # Live migration: after

    def post_live_migration(
        self, context, instance, block_device_info, migrate_data=None
    ):
        """On the source: nothing of the guest is left to clean up."""
        time.sleep(self.knob("post_seconds", instance))
        self.fail_in("post_live_migration", instance)

    def post_live_migration_at_destination(
        self, context, instance, *args, **kwargs
    ):
        """Do not boot the guest, as the parent does: it already runs."""
        if instance.uuid not in self.instances:
            self.instances.define(instance)

    # Cold migration and resize

    def migrate_disk_and_power_off(
        self, context, instance, dest, flavor, network_info, *args, **kwargs
    ):
        """On the source: shut down, copy the disk unless it is shared."""
        self.fail_in("migrate_disk", instance)
        self.instances.set_state(instance.uuid, power_state.SHUTDOWN)
        if not self.knob("shared_storage"):
            rate = max(self.knob("disk_bandwidth_mb", instance), 1)
            time.sleep(instance.flavor.root_gb * 1024 / rate)
        return super().migrate_disk_and_power_off(
            context, instance, dest, flavor, network_info, *args, **kwargs
        )

    def finish_migration(
        self, context, migration, instance, *args, power_on=True, **kwargs
    ):
        """On the destination: define the guest, and start it if it ran."""
        self.fail_in("finish_migration", instance)
        self.instances.define(
            instance,
            power_state.RUNNING if power_on else power_state.SHUTDOWN,
        )

    def confirm_migration(self, context, migration, instance, network_info):
        """On the source: delete the guest."""
        self.fail_in("confirm_migration", instance)
        super().confirm_migration(context, migration, instance, network_info)
