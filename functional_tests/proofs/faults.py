"""What is wrong where: the faults of servers, hosts and whole clouds.

In the order of the checks.  The functions get a :class:`lab.Lab` and the
name of the server or host.
"""

from functional_tests.proofs.fault import EDITED, RECORDED, Fault

PORTS = {"networks": ["provider", "tenant"]}
NO_HOST = "No valid host was found"
OTHER_PROJECT = "0" * 32
NOBODY = "00000000-0000-4000-8000-000000000000"
# Whom no policy lets move: everything else it may not read either.
MANAGER = ("--os-cloud", "manager")


def _flavor(**specs):
    """Extra specs of the server's copy of its flavor; '__' for ':'."""
    return lambda lab, name: lab.edits.extra_specs(lab.id(name), **specs)


def _encrypted(lab, name):
    server = lab.id(name)
    lab.edits.extra_specs(server, hw__mem_encryption="true")
    # Nova boots such a guest with these alone.
    lab.edits.image_properties(
        server, hw_firmware_type="uefi", hw_machine_type="q35"
    )


def _columns(**columns):
    return lambda lab, name: lab.edits.server(lab.id(name), **columns)


def _action(state, **body):
    """An action of the server, and the state to wait for."""
    return lambda lab, name: lab.action(name, body, state)


def _service(**body):
    return lambda lab, name: lab.service(name, **body)


def _metadata(**metadata):
    """The host is in an aggregate with these metadata; '__' for ':'."""
    return lambda lab, name: lab.aggregate(name, [name], **metadata)


def _vnic(vnic_type):
    return lambda lab, name: lab.edit_ports(name, vnic_type)


def _moving(lab, name):
    lab.live(name, "HostC")
    lab.wait_running(name)


def _resized(lab, name):
    lab.action(name, {"migrate": {"host": "HostB"}}, "VERIFY_RESIZE")


def _open_record(lab, name):
    lab.edits.migration(lab.id(name), "running")


def _twice_allocated(lab, name):
    lab.allocate(lab.id(name), ["HostB", "HostC"])


def _no_machine_type(lab, name):
    lab.edits.image_properties(lab.id(name), hw_machine_type=None)


def _stale_binding(lab, name):
    lab.bind(name, "HostC")


def _crowded(lab, name):
    # Servers that move in from elsewhere; which ones does not matter.
    for _ in range(3):
        lab.edits.migration(lab.id("bystander"), "running", "HostD", name)


def _image_gone(lab, name):
    lab.delete_image(name)


def _dead_agent(lab, name):
    lab.cloud.agent(name, alive=False)


def _no_mapping(lab, name):
    lab.cloud.agent(name, mappings={"other": "br-other"})


def _silent(lab, name):
    lab.silence(name)


MOVES = (
    Fault(
        "user-may-move-it-live",
        "FAIL",
        "a manager of the project names a host",
        options=MANAGER,
        nova="Policy doesn't allow os_compute_api:os-migrate-server:"
        "migrate_live:host to be performed",
        boot={"cloud": "manager"},
    ),
    Fault(
        "user-may-move-it-cold",
        "FAIL",
        "a manager of the project names a host",
        kind="cold",
        options=MANAGER,
        nova="Policy doesn't allow os_compute_api:os-migrate-server:"
        "migrate:host to be performed",
        boot={"cloud": "manager"},
    ),
    Fault(
        "server-is-running",
        "FAIL",
        "the server is suspended",
        nova="Cannot 'os-migrateLive' instance",
        inject=_action("SUSPENDED", suspend=None),
    ),
    Fault(
        "server-is-running-or-off",
        "FAIL",
        "the server is paused",
        kind="cold",
        nova="Cannot 'migrate' instance",
        inject=_action("PAUSED", pause=None),
    ),
    Fault(
        "guest-is-on",
        "FAIL",
        "the guest was shut down from within",
        how=EDITED,
        nova="in power_state shutdown",
        inject=_columns(power_state=4),
    ),
    Fault(
        "server-is-idle",
        "FAIL",
        "Nova is powering the server off",
        how=EDITED,
        nova="while it is in task_state powering-off",
        inject=_columns(task_state="powering-off"),
    ),
    Fault(
        "server-is-unlocked",
        "FAIL",
        "the server is locked",
        inject=_action(None, lock={"locked_reason": "mine"}),
    ),
    Fault(
        "server-host-is-known",
        "SKIP",
        "the server is shelved: on no host",
        inject=_action("SHELVED_OFFLOADED", shelve=None),
    ),
    Fault(
        "source-is-up",
        "FAIL",
        "the server's own host is silent",
        boot={"host": "source-is-up"},
        nova="is unavailable at this time",
        inject=_silent,
    ),
    Fault(
        "server-is-not-being-moved",
        "FAIL",
        "the server is being moved",
        boot={"bandwidth_mb": 0.2, "dirty_mb": 0, "update_seconds": 5},
        nova="while it is in task_state migrating",
        inject=_moving,
    ),
    Fault(
        "server-waits-for-no-confirmation",
        "FAIL",
        "a cold migration was not confirmed",
        boot={"host": "HostC"},
        nova="while it is in vm_state resized",
        inject=_resized,
    ),
    Fault(
        "server-has-no-open-record",
        "WARN",
        "a migration's record stayed open",
        how=EDITED,
        inject=_open_record,
    ),
    Fault(
        "server-is-allocated-where-it-is",
        "WARN",
        "placement counts the server on two hosts",
        inject=_twice_allocated,
    ),
    Fault(
        "flavor-and-image-are-known",
        "UNKNOWN",
        "the image was deleted, and the API does not show its copy",
        name="flavor-and-image-are-known",
        options=("--os-compute-api-version", "2.97"),
        boot={"image": "flavor-and-image-are-known"},
        inject=_image_gone,
    ),
    Fault(
        "guest-memory-is-not-encrypted",
        "FAIL",
        "the flavor asks for encrypted memory",
        how=EDITED,
        nova="not supported for mem encryption enabled instance",
        inject=_encrypted,
    ),
    Fault(
        "guest-tpm-can-move",
        "FAIL",
        "the flavor asks for a TPM",
        how=EDITED,
        nova="not supported for vTPM-enabled instance",
        inject=_flavor(hw__tpm_version="2.0", hw__tpm_model="tpm-crb"),
    ),
    Fault(
        "server-has-no-accelerator",
        "FAIL",
        "the flavor asks for an accelerator",
        how=EDITED,
        nova="not supported with instances that have accelerators",
        inject=_flavor(accel__device_profile="gpu"),
    ),
    Fault(
        "server-has-no-share",
        "FAIL",
        "a Manila share is attached",
        how=EDITED,
        nova="not supported with instances that have shares",
        inject=lambda lab, name: lab.edits.share(lab.id(name)),
    ),
    Fault(
        "shares-can-move",
        "WARN",
        "a Manila share is attached",
        how=EDITED,
        kind="cold",
        inject=lambda lab, name: lab.edits.share(lab.id(name)),
    ),
    Fault(
        "guest-pmem-can-move",
        "FAIL",
        "persistent memory, before Victoria",
        how=RECORDED,
        nova="Cannot live migrate with virtual persistent memory",
    ),
    Fault(
        "pci-devices-can-move",
        "UNKNOWN",
        "the flavor asks for a PCI device",
        how=EDITED,
        nova="does not explicitly request live-migratable devices",
        inject=_flavor(pci_passthrough__alias="card:1"),
    ),
    Fault(
        "vgpus-can-move",
        "WARN",
        "the flavor asks for a virtual GPU",
        how=EDITED,
        inject=_flavor(resources__VGPU="1"),
    ),
    Fault(
        "bound-guest-can-move",
        "FAIL",
        "a guest bound to NUMA nodes, before Train",
        how=RECORDED,
        nova="Instance has an associated NUMA topology",
    ),
    Fault(
        "guest-is-not-bound",
        "WARN",
        "the flavor asks for a NUMA node",
        boot={"flavor": "numa"},
    ),
    Fault(
        "disks-are-there-to-copy",
        "FAIL",
        "the server boots from a volume",
        how=EDITED,
        kind="block",
        nova="Block migration can not be used with shared storage",
        inject=_columns(image_ref=""),
    ),
    Fault(
        "config-drive-is-copied",
        "WARN",
        "the server has a config drive",
        kind="block",
        boot={"config_drive": True},
    ),
    Fault(
        "image-is-in-glance",
        "WARN",
        "the server's image was deleted",
        kind="block",
        boot={"image": "image-is-in-glance"},
        inject=_image_gone,
    ),
    Fault(
        "volumes-can-be-attached",
        "FAIL",
        "a volume is in error",
        how=RECORDED,
        nova="Invalid volume",
    ),
    Fault(
        "ports-can-move",
        "FAIL",
        "a port has an accelerator",
        how=EDITED,
        nova="not supported with Ports that have accelerators",
        boot=PORTS,
        inject=_vnic("accelerator-direct"),
    ),
    Fault(
        "sriov-ports-can-move",
        "FAIL",
        "an SR-IOV port, Neutron without binding-extended",
        how=RECORDED,
        nova="Cannot live migrate VIF with related PCI",
    ),
    Fault(
        "ports-stay-plugged",
        "WARN",
        "a port has a device passed through",
        how=EDITED,
        boot=PORTS,
        inject=_vnic("direct"),
    ),
    Fault(
        "ports-are-bound-before-the-move",
        "WARN",
        "Neutron without binding-extended",
        how=RECORDED,
    ),
    Fault(
        "ports-are-bound-where-it-is",
        "FAIL",
        "a binding of an earlier move was left on the destination",
        nova=NO_HOST,
        boot=PORTS,
        inject=_stale_binding,
    ),
    Fault(
        "destination-exists",
        "FAIL",
        "no host is called so",
        on="pair",
        to="HostX",
        nova="could not be found",
    ),
    Fault(
        "destination-is-elsewhere",
        "FAIL",
        "the server is there already",
        on="pair",
        to="HostB",
        nova=NO_HOST,
    ),
    Fault(
        "destination-is-not-forced-down",
        "FAIL",
        "the destination is forced down",
        on="host",
        nova=NO_HOST,
        inject=_service(forced_down=True),
    ),
    Fault(
        "destination-is-up",
        "FAIL",
        "the destination is silent",
        on="host",
        nova=NO_HOST,
        inject=_silent,
    ),
    Fault(
        "destination-heartbeat-is-fresh",
        "WARN",
        "up, but heard of long after the others",
        how=RECORDED,
    ),
    Fault(
        "destination-is-enabled",
        "FAIL",
        "the destination is disabled",
        on="host",
        nova=NO_HOST,
        inject=_service(status="disabled"),
    ),
    Fault(
        "destination-has-room",
        "FAIL",
        "the destination has too little memory",
        on="host",
        nova=NO_HOST,
        knobs={"memory_mb": 768},
    ),
    Fault(
        "destination-receives-few-servers",
        "WARN",
        "three servers are moving there",
        how=EDITED,
        on="host",
        inject=_crowded,
    ),
    Fault(
        "destination-has-space-for-the-copy",
        "WARN",
        "the destination's disk is full",
        on="host",
        kind="block",
        knobs={"disk_available_least": 0},
    ),
    Fault(
        "destination-has-the-same-hypervisor",
        "FAIL",
        "the destination has another hypervisor",
        on="host",
        nova=NO_HOST,
        knobs={"hypervisor_type": "Xen"},
    ),
    Fault(
        "destination-hypervisor-is-not-older",
        "FAIL",
        "the destination's QEMU is older",
        on="host",
        nova=NO_HOST,
        knobs={"hypervisor_version": 8001000},
    ),
    Fault(
        "destination-hypervisor-can-start-it",
        "WARN",
        "the destination's QEMU is older",
        on="pair",
        to="destination-hypervisor-is-not-older",
        kind="cold",
    ),
    Fault(
        "destination-cpu-has-every-feature",
        "WARN",
        "the destination's CPU lacks a feature",
        on="host",
        nova="CPU doesn't have compatibility",
        knobs={"cpu_features": "aes,avx,clflush,pcid,pge,x2apic"},
    ),
    Fault(
        "machine-type-is-recorded",
        "WARN",
        "no machine type was written down, the destination's QEMU is newer",
        how=EDITED,
        to="newer",
        inject=_no_machine_type,
    ),
    Fault(
        "destination-zone-suits-the-server",
        "FAIL",
        "the server is pinned to another zone",
        to="HostD",
        nova=NO_HOST,
        boot={"availability_zone": "az1"},
    ),
    Fault(
        "server-groups-allow-the-destination",
        "FAIL",
        "another one of its anti-affinity group is there",
        nova=NO_HOST,
        boot={"group": "apart"},
    ),
    Fault(
        "destination-is-open-to-the-project",
        "WARN",
        "the destination is set apart for another project",
        on="host",
        inject=_metadata(filter_tenant_id=OTHER_PROJECT),
    ),
    Fault(
        "destination-aggregates-suit-the-flavor",
        "WARN",
        "the flavor asks for aggregates that the destination is not in",
        boot={"flavor": "ssd"},
    ),
    Fault(
        "destination-is-not-set-apart",
        "WARN",
        "the destination is set apart for flavors with a trait",
        on="host",
        inject=_metadata(trait__CUSTOM_LICENSED="required"),
    ),
    Fault(
        "volumes-are-in-the-destinations-zone",
        "WARN",
        "a volume is in the zone that the server leaves",
        how=RECORDED,
    ),
    Fault(
        "destination-network-agent-is-alive",
        "FAIL",
        "Neutron's agent on the destination is dead",
        on="host",
        nova=NO_HOST,
        inject=_dead_agent,
    ),
    Fault(
        "destination-reaches-the-physical-networks",
        "FAIL",
        "the destination's agent does not map the physical network",
        on="host",
        nova=NO_HOST,
        inject=_no_mapping,
    ),
    # Never more than PASS or SKIP.
    Fault(
        "disks-need-no-copy",
        "SKIP",
        "a local disk, of which no API tells whether hosts share it",
        on="pair",
        nova="Shared storage live-migration requires",
    ),
)


def _undo_service(lab):
    lab.service("HostC", status="enabled", forced_down=False)


def _stuck(lab, name):
    lab.edits.migration(lab.id("guest"), "running", age="20 minutes")
    # As it is while one runs: otherwise something else is wrong too.
    lab.edits.server(lab.id("guest"), task_state="migrating")


def _at_rest(lab):
    lab.edits.forget_migrations(lab.id("guest"))
    lab.edits.server(lab.id("guest"), task_state=None)


def _orphan(lab, name):
    lab.allocate(NOBODY, ["HostC"])


def _left_binding(lab, name):
    # One is looked for where a move failed lately.
    lab.edits.migration(lab.id("guest"), "error")
    lab.bind("guest", "HostC")


def _no_left_binding(lab):
    lab.unbind("guest", "HostC")
    lab.edits.forget_migrations(lab.id("guest"))


CLOUDS = (
    Fault(
        "services-are-up",
        "FAIL",
        "a host is silent",
        on="cloud",
        inject=lambda lab, name: lab.silence("HostC"),
        undo=lambda lab: lab.wake("HostC"),
    ),
    Fault(
        "no-service-is-forced-down",
        "WARN",
        "a host is forced down",
        on="cloud",
        inject=lambda lab, name: lab.service("HostC", forced_down=True),
        undo=_undo_service,
    ),
    Fault(
        "no-service-is-disabled",
        "WARN",
        "a host is disabled",
        on="cloud",
        inject=lambda lab, name: lab.service("HostC", status="disabled"),
        undo=_undo_service,
    ),
    Fault(
        "computes-have-hypervisors",
        "FAIL",
        "a host was never mapped to its cell",
        how=EDITED,
        on="cloud",
        inject=lambda lab, name: lab.unmap("HostC"),
        undo=lambda lab: lab.map_again(),
    ),
    Fault(
        "hypervisor-versions-agree",
        "WARN",
        "a host has a newer QEMU",
        on="cloud",
        inject=lambda lab, name: lab.version("HostC", 9000000),
        undo=lambda lab: lab.version("HostC", None),
    ),
    Fault(
        "no-migration-is-stuck",
        "FAIL",
        "a record was not written for 20 minutes",
        how=EDITED,
        on="cloud",
        inject=_stuck,
        undo=_at_rest,
    ),
    Fault(
        "no-server-migrates-by-itself",
        "FAIL",
        "a server is migrating, without a record",
        how=EDITED,
        on="cloud",
        inject=lambda lab, name: lab.edits.server(
            lab.id("guest"), task_state="migrating"
        ),
        undo=_at_rest,
    ),
    Fault(
        "no-resize-is-unconfirmed",
        "WARN",
        "a cold migration was not confirmed",
        on="cloud",
        inject=lambda lab, name: lab.action(
            "guest", {"migrate": {"host": "HostC"}}, "VERIFY_RESIZE"
        ),
        undo=lambda lab: lab.action("guest", {"revertResize": None}, "ACTIVE"),
    ),
    Fault(
        "no-server-is-in-error",
        "WARN",
        "a server is in ERROR",
        on="cloud",
        inject=lambda lab, name: lab.action(
            "guest", {"os-resetState": {"state": "error"}}, "ERROR"
        ),
        undo=lambda lab: lab.action(
            "guest", {"os-resetState": {"state": "active"}}, "ACTIVE"
        ),
    ),
    Fault(
        "no-allocation-is-orphaned",
        "FAIL",
        "placement holds room for a server that does not exist",
        on="cloud",
        inject=_orphan,
        undo=lambda lab: lab.allocate(NOBODY, []),
    ),
    Fault(
        "no-binding-is-stale",
        "FAIL",
        "a failed move left a port's binding behind",
        on="cloud",
        inject=_left_binding,
        undo=_no_left_binding,
    ),
    Fault(
        "machine-types-are-set",
        "WARN",
        "a server without a machine type",
        how=EDITED,
        on="cloud",
        inject=lambda lab, name: lab.edits.image_properties(
            lab.id("guest"), hw_machine_type=None
        ),
        undo=lambda lab: lab.edits.image_properties(
            lab.id("guest"), hw_machine_type="pc-i440fx-8.2"
        ),
    ),
)

ALL = (*MOVES, *CLOUDS)
