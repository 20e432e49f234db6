"""Checks of a server on the source and destination nodes of its move."""

from osc_migrate.checks.check import Concern, NotChecked, Problem, Skip
from osc_migrate.checks.findings import Gap
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.guests import copying, disk_files, settings
from osc_migrate.nodes.guests.guest_move import (
    GuestMove,
    of_guest,
    shared,
    storage_classes,
)
from osc_migrate.nodes.libvirt.transport import native_tls
from osc_migrate.nodes.node_check import LIVE
from osc_migrate.text import command, paste, printable


@of_guest(LIVE)
def guest_runs_on_the_source(guest: GuestMove) -> str:
    """libvirt on the source runs the guest that Nova says is there."""
    node = guest.source
    if guest.id in node.guests.active:
        return f"libvirt on {node.name} runs it"
    server = paste(guest.move.server.name, guest.id)
    defined = guest.id in node.guests.domains
    state = "has it, but does not run it" if defined else "does not know it"
    raise Problem(
        f"libvirt on {node.name} {state}",
        f"on {node.name}: virsh list --all; where it is off, 'openstack"
        f" server stop {server}' and 'start' bring Nova and libvirt"
        " together; where it is gone, see that it runs on no other host"
        f" before 'openstack server reboot --hard {server}'",
    )


@of_guest()
def destination_is_clean(guest: GuestMove) -> str:
    """Nothing of the server is on the destination yet."""
    node, id = guest.destination, guest.id
    if id in node.guests.active:
        raise Problem(
            f"it runs on {node.name} already",
            "find out where it is used before anything else: two guests on"
            " one disk destroy it. 'virsh list --all' on both hosts;"
            " 'openstack server show' shows where Nova thinks it is",
        )
    if id in node.guests.domains:
        raise Problem(
            f"libvirt on {node.name} has a domain of it, left from an"
            " earlier move",
            f"on {node.name}, when it surely does not run there:"
            f" {command('virsh', 'undefine', id)}",
        )
    return f"libvirt on {node.name} does not know it"


@of_guest([Kind.COLD])
def no_resize_directory_is_left(guest: GuestMove) -> str:
    """No directory of an earlier resize stands in the way."""
    # nova/virt/libvirt/driver.py, migrate_disk_and_power_off: renames the
    # server's directory to this name.
    name = f"{guest.id}_resize"
    for node in (guest.source, guest.destination):
        if name in node.guests.directories:
            path = f"{node.config.instances_path}/{name}"
            raise Problem(
                f"{path} is left on {node.name}",
                f"on {node.name}, when no resize of the server waits for its"
                f" confirmation: {command('mv', path, path + '.old')}",
            )
    return "there is none"


@of_guest(LIVE)
def destination_knows_the_guests_machine_type(guest: GuestMove) -> str:
    """The destination's QEMU has the machine type that the guest runs on."""
    domain = guest.source.guests.running.get(guest.id)
    if domain is None:
        raise Skip("libvirt on the source does not run it")
    node, machine = guest.destination, domain.machine
    if machine in node.libvirt.machines or machine in node.libvirt.aliases:
        return f"{node.name} has {machine}"
    raise Problem(
        f"machine type {machine} is not supported by QEMU on {node.name}",
        f"update QEMU on {node.name}, or move it to a host with as new a QEMU"
        " as the source's",
    )


@of_guest(LIVE)
def guest_knows_tls(guest: GuestMove) -> str:
    """The guest's QEMU was started when it had certificates already.

    It reads them at its start alone, and cannot migrate with TLS without
    ('Unable to access credentials').
    """
    node = guest.source
    if not native_tls(node.config):
        raise Skip("live_migration_with_native_tls is off")
    domain = node.guests.running.get(guest.id)
    certificates_written = node.guests.certificates
    if domain is None or certificates_written is None:
        raise Skip("no guest, or no certificates: see the other checks")
    if domain.started >= certificates_written:
        return "it was started after they came"
    server = paste(guest.move.server.name, guest.id)
    raise Concern(
        f"the guest was started before the certificates of QEMU on"
        f" {node.name} were written",
        f"if it had none when it was started, it cannot move: openstack"
        f" server stop {server}, then start",
    )


@of_guest()
def disks_are_where_the_move_needs_them(guest: GuestMove) -> str:
    """A live move finds shared disks, a block move local ones.

    And both hosts have one class of storage: Nova converts none.
    """
    # nova/virt/libvirt/driver.py, check_can_live_migrate_source.
    if not guest.move.server.image_id and not _own_disks(guest):
        raise Skip("its disks are volumes")
    if text := storage_classes(guest.pair):
        raise Problem(
            text,
            f"choose a host with the storage of {guest.source.name}",
        )
    if guest.kind is Kind.COLD:
        raise Skip("Nova copies the disks where they are not shared")
    both_share = shared(guest.source) and shared(guest.destination)
    server = paste(guest.move.server.name, guest.id)
    if guest.kind is Kind.BLOCK and both_share:
        raise Problem(
            "the hosts share its disks, and a block migration copies them",
            f"openstack migrate live {server} {guest.destination.name}",
        )
    if guest.kind is Kind.LIVE and not both_share:
        raise Problem(
            "its disks are local to a host, and a live migration copies none",
            f"openstack migrate block {server} {guest.destination.name}"
            " copies them",
        )
    return "shared" if both_share else "local"


def _own_disks(guest: GuestMove) -> bool:
    """Return whether it has local disks besides a root volume."""
    flavor = guest.move.server.flavor
    return bool(flavor.ephemeral or flavor.swap)


@of_guest(LIVE)
def destination_has_the_guests_processor(guest: GuestMove) -> str:
    """The destination can give the guest the processor that it sees.

    libvirt there is asked about the guest's own, every feature named, as
    Nova does for new ones (nova/virt/libvirt/host.py,
    compare_hypervisor_cpu).
    """
    domain = guest.source.guests.running.get(guest.id)
    if domain is None:
        raise Skip("libvirt on the source does not run it")
    cpu, node = domain.cpu, guest.destination
    if cpu.mode != "custom":
        # host-passthrough is covered by checks of the two nodes.
        raise Skip(f"its processor is {cpu.mode or 'not described'}")
    comparison = node.guests.processors.get(cpu.key)
    if comparison in ("superset", "identical"):
        return f"{node.name} has all of it ({comparison})"
    if comparison is None or "unknown command" in comparison:
        raise NotChecked(
            f"libvirt on {node.name} was not asked, or cannot compare it",
            Gap("CPU of the guest", "virsh hypervisor-cpu-compare shows it"),
        )
    if comparison != "incompatible":
        raise Unread(
            f"libvirt on {node.name} reports: {printable(comparison, 200)}"
        )
    raise Problem(
        f"the guest's CPU has features that {node.name} lacks",
        f"move it to another host; or set [libvirt] cpu_mode = custom and a"
        f" cpu_models that {guest.source.name} and {node.name} have, and"
        " restart the guest",
    )


#: of a server, on the nodes of its move
GUEST = (
    guest_runs_on_the_source,
    destination_is_clean,
    no_resize_directory_is_left,
    destination_knows_the_guests_machine_type,
    destination_has_the_guests_processor,
    guest_knows_tls,
    disks_are_where_the_move_needs_them,
    disk_files.guests_disk_files_are_there,
    settings.guest_has_the_volumes_that_nova_attached,
    settings.guest_has_the_mtu_of_its_networks,
    settings.destination_takes_the_guests_cpu_shares,
    copying.guest_writes_slower_than_it_is_copied,
)
