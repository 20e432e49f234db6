"""Checks of whether a server fits a host: hypervisor, CPU and the rules of
the scheduler."""

from osc_migrate.checks.check import Concern, NotChecked, Problem, Skip, check
from osc_migrate.checks.destination import destination, requested_host
from osc_migrate.checks.findings import Gap
from osc_migrate.checks.requested import image_properties
from osc_migrate.checks.server import COLD, LIVE, arg
from osc_migrate.cloud.hosts import Hypervisor
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import Unread, or_none
from osc_migrate.text import listed, paste

# Missing CPU features to print before the list is cut.
NAMED = 6
PROCESSOR = Gap(
    "CPU features",
    "--nodes checks it",
    (
        "destination-cpu-has-the-guests-features",
        "destination-has-the-guests-processor",
    ),
)
MACHINE_TYPE = Gap(
    "machine type",
    "--nodes checks it",
    ("destination-knows-the-guests-machine-type",),
)
# From here on a server shows the zone requested at boot (2024.1).
PINNED_ZONE = (2, 96)


def hypervisors(move: MoveFacts) -> tuple[Hypervisor, Hypervisor]:
    """Return the hypervisors of the source and of the destination.

    :raises Skip: one of them is missing.
    """
    target = destination(move).hypervisor
    source = move.source.hypervisor if move.source else None
    if source is None or target is None:
        raise Skip("Nova does not list the hypervisors of both hosts")
    return source, target


def _version(hypervisor: Hypervisor) -> str:
    """Format type and version: 8002002 -> 'QEMU 8.2.2'."""
    major, minor_and_release = divmod(hypervisor.version, 1000000)
    minor, release = divmod(minor_and_release, 1000)
    return f"{hypervisor.type} {major}.{minor}.{release}"


@check(requested_host, LIVE)
def destination_has_the_same_hypervisor(move: MoveFacts) -> str:
    """Both hosts have a hypervisor of the same type.

    Nova skips any other host (nova/conductor/tasks/live_migrate.py,
    _check_compatible_with_source_hypervisor).
    """
    source, target = hypervisors(move)
    if source.type == target.type:
        return target.type
    raise Problem(
        f"{source.type} here, {target.type} there",
        "choose a host of the same type, or move it cold",
    )


@check(requested_host, LIVE)
def destination_hypervisor_is_not_older(move: MoveFacts) -> str:
    """The destination's hypervisor is as new as the source's.

    Nova skips an older one, unless nova.conf of its conductor sets
    [workarounds]skip_hypervisor_version_check_on_lm, which no API shows
    (nova/conductor/tasks/live_migrate.py).
    """
    source, target = hypervisors(move)
    if source.type != target.type:
        raise Skip("the hypervisors differ")
    if source.version <= target.version:
        return f"{_version(source)} -> {_version(target)}"
    raise Problem(
        f"{_version(source)} here, {_version(target)} there",
        f"update {target.name}, or choose a host with {_version(source)} or"
        " newer: openstack hypervisor list --long",
    )


@check(requested_host, COLD)
def destination_hypervisor_can_start_it(move: MoveFacts) -> str:
    """The destination's hypervisor knows the server's machine type.

    Nova does not check this for a cold migration. An older QEMU cannot start
    a newer machine type, so that the guest stays off on the destination.
    """
    source, target = hypervisors(move)
    if source.version <= target.version or source.type != target.type:
        return _version(target)
    raise Concern(
        f"{_version(source)} here, {_version(target)} there",
        f"on {target.name}: virsh domcapabilities --machine MACHINE_TYPE; or"
        " choose a host with the same version",
    )


@check(requested_host, LIVE)
def destination_cpu_has_every_feature(move: MoveFacts) -> str:
    """The destination's CPU has every feature that the source's has.

    A guest has at most its host's features, and fewer with a CPU model of its
    own. A missing feature is therefore only a risk. Nova compares the guest's
    CPU, which no API shows, on the destination; it compares nothing with
    virt_type=qemu or [workarounds]skip_cpu_compare_on_dest
    (nova/virt/libvirt/driver.py, _compare_cpu).
    """
    source, target = hypervisors(move)
    if not source.cpu_features or not target.cpu_features:
        raise NotChecked("the driver reports no CPU features", PROCESSOR)
    missing = sorted(source.cpu_features - target.cpu_features)
    if not missing:
        return f"all {len(source.cpu_features)}"
    raise Concern(
        f"missing there: {listed(missing, NAMED)}",
        "harmless when [libvirt]cpu_models in nova.conf names a model that"
        " both have; otherwise choose a host with the same CPU",
    )


@check(requested_host)
def machine_type_is_recorded(move: MoveFacts) -> str:
    """The server keeps its machine type on a newer QEMU.

    Without a recorded machine type, the next start uses the new host's
    default, and the guest's hardware changes (nova/virt/libvirt/utils.py,
    get_machine_type).
    """
    source, target = hypervisors(move)
    if (source.type, target.type) != ("QEMU", "QEMU"):
        raise Skip("no QEMU")
    if source.version >= target.version:
        return "no newer QEMU"
    if move.nova < (2, 98):
        raise NotChecked(
            "Nova shows it from microversion 2.98 on", MACHINE_TYPE
        )
    if move.server.image_id is None:
        raise NotChecked(
            "Nova does not show it for a server that boots from a volume",
            MACHINE_TYPE,
        )
    machine = image_properties(move).get("hw_machine_type")
    if machine:
        return machine
    raise Concern(
        f"none is recorded: {_version(source)} here, {_version(target)} there",
        "on a controller, while it is shut off: nova-manage libvirt"
        f" update_machine_type {paste(move.server.id)} MACHINE_TYPE",
    )


@check(requested_host)
def destination_zone_suits_the_server(move: MoveFacts) -> str:
    """The destination is in the zone to which the server is pinned.

    Nova restricts a server that was booted with a zone to the aggregates of
    that zone (nova/scheduler/request_filter.py,
    map_az_to_placement_aggregate).
    """
    host = destination(move)
    # If the server is pinned, then to its current zone. Nova shows the pinned
    # zone from 2.96 on only.
    if move.source is not None and move.source.zone == host.zone:
        return f"{host.zone}, as now"
    try:
        pin = move.server.pinned_zone
    except Unread as unread:
        if move.nova >= PINNED_ZONE:
            raise
        raise Concern(
            f"it is in another zone, {host.zone}, and whether the server is"
            f" pinned to its zone is not known: {unread.reason}",
            "try it: Nova refuses a pinned server before anything moves ('No"
            " valid host')",
        ) from None
    if pin is None or pin == host.zone:
        return f"{host.zone}, " + ("pinned to it" if pin else "not pinned")
    if not any(
        a.metadata.get("availability_zone") == pin for a in move.aggregates
    ):
        return f"{host.zone}: zone {pin} has no aggregate to keep it in"
    raise Problem(
        f"it is in zone {host.zone}, the server is pinned to {pin}",
        f"choose a host of zone {pin}; or (2.104): openstack server unset"
        f" --pinned-availability-zone {arg(move)}",
    )


@check(requested_host)
def server_groups_allow_the_destination(move: MoveFacts) -> str:
    """The policies of the server's groups allow the destination.

    Nova enforces strict policies (ServerGroupAntiAffinityFilter,
    ServerGroupAffinityFilter). An affinity group is only allowed on the hosts
    of its members, so that none of them can leave a shared host
    (nova/scheduler/utils.py, setup_instance_group).
    """
    host = destination(move)
    if host.name == or_none(lambda: move.server.host):
        raise Skip("the server is there already")
    for group in move.groups:
        members = group.members.get(host.name, 0)
        if group.policy == "anti-affinity" and members >= group.max_per_host:
            raise Problem(
                f"{members} of its anti-affinity group '{group.name}' there"
                f" already, {group.max_per_host} allowed",
                "choose another host, or move the other one first: openstack"
                f" server group show {paste(group.name)}",
            )
        if group.policy == "affinity" and not members:
            raise Problem(
                f"none of its affinity group '{group.name}' is there",
                "Nova moves no member of a strict affinity group away from"
                f" the others: openstack server group show"
                f" {paste(group.name)}",
            )
    policies = (f"{group.name} ({group.policy})" for group in move.groups)
    return ", ".join(policies) or "in no group"
