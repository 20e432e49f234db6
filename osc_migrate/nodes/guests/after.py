"""Checks after a move, on its two nodes: nothing is left behind."""

from osc_migrate.checks.check import Concern, Problem, Skip
from osc_migrate.nodes.guests import disk_files
from osc_migrate.nodes.guests.guest_move import GuestMove, of_guest, shared
from osc_migrate.text import command

# nova/compute/power_state.py
_ON = (1, 3)


@of_guest()
def guest_runs_on_the_destination(guest: GuestMove) -> str:
    """libvirt on the destination has the guest, and runs it if it should."""
    node = guest.destination
    if guest.id in node.guests.active:
        return f"libvirt on {node.name} runs it"
    defined = guest.id in node.guests.domains
    if defined and guest.move.server.power_state not in _ON:
        return f"libvirt on {node.name} has it, and it is off"
    raise Problem(
        f"libvirt on {node.name} "
        + ("does not run it" if defined else "does not know it"),
        "virsh list --all on both hosts; if it runs on none: openstack"
        f" server reboot --hard {guest.id}",
    )


@of_guest()
def guest_has_left_the_source(guest: GuestMove) -> str:
    """libvirt on the source does not know the guest any more."""
    node, id = guest.source, guest.id
    if id in node.guests.active:
        raise Problem(
            f"it still runs on {node.name}",
            "two guests on one disk destroy it: compare virsh list on both"
            f" hosts, and stop the wrong one at once; on {node.name}:"
            f" {command('virsh', 'destroy', id)}",
        )
    if id in node.guests.domains:
        raise Concern(
            f"libvirt on {node.name} still has a domain of it, which is off",
            f"on {node.name}: {command('virsh', 'undefine', id)}",
        )
    return f"libvirt on {node.name} does not know it"


@of_guest()
def no_directory_is_left_at_the_source(guest: GuestMove) -> str:
    """No directory of the server is left where it was."""
    node, id = guest.source, guest.id
    leftovers = {id, f"{id}_resize"} & node.guests.directories
    if not leftovers:
        return "there is none"
    if shared(node):
        if f"{id}_resize" not in leftovers:
            raise Skip("the instances directory is shared")
        leftovers = {f"{id}_resize"}
    paths = [
        f"{node.config.instances_path}/{name}" for name in sorted(leftovers)
    ]
    raise Concern(
        f"{', '.join(paths)} on {node.name} is left",
        f"on {node.name}, when the server is well where it is:"
        f" {command('rm', '-r', '--', *paths)}",
    )


#: of a server that has moved, on the nodes of its move
AFTER = (
    guest_runs_on_the_destination,
    guest_has_left_the_source,
    no_directory_is_left_at_the_source,
    disk_files.disk_files_are_there_after_the_move,
)
