"""What is wrong with the host where a server is to go."""

from functional_tests.proofs.fault import EDITED, NO_HOST, RECORDED, Fault
from functional_tests.proofs.inject import silent

OTHER_PROJECT = "0" * 32


def _service(**body):
    return lambda lab, name: lab.service(name, **body)


def _metadata(**metadata):
    """The host is in an aggregate with these metadata; '__' for ':'."""
    return lambda lab, name: lab.aggregate(name, [name], **metadata)


def _no_machine_type(lab, name):
    lab.edits.image_properties(lab.id(name), hw_machine_type=None)


def _crowded(lab, name):
    # Servers that move in from elsewhere; which ones does not matter.
    for _ in range(3):
        lab.edits.migration(lab.id("bystander"), "running", "HostD", name)


def _failing(lab, name):
    """Three servers that the host does not take."""
    servers = [f"{name}-{number}" for number in range(3)]
    for server in servers:
        lab.boot(server)
    lab.booted()
    for number, server in enumerate(servers, 1):
        lab.live(server, name)
        lab.wait_failed(name, number)


def _failed_cold(lab, name):
    for server in ("plain", "healthy", "plain"):
        lab.edits.migration(
            lab.id(server), "error", "HostB", name, kind="migration"
        )


def _dead_agent(lab, name):
    lab.cloud.agent(name, alive=False)


def _no_mapping(lab, name):
    lab.cloud.agent(name, mappings={"other": "br-other"})


FAULTS = (
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
        inject=silent,
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
        "recent-moves-succeeded",
        "WARN",
        "the last three live migrations there failed",
        on="host",
        knobs={"fail": "pre_live_migration"},
        inject=_failing,
    ),
    Fault(
        "recent-cold-moves-succeeded",
        "WARN",
        "the last three cold migrations there failed",
        how=EDITED,
        on="host",
        kind="cold",
        inject=_failed_cold,
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
    # Never more than PASS or NOT_CHECKED.
    Fault(
        "disks-need-no-copy",
        "NOT_CHECKED",
        "a local disk, of which no API tells whether hosts share it",
        on="pair",
        nova="Shared storage live-migration requires",
    ),
)
