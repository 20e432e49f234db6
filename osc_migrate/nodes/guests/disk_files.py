"""Checks that the disk files of a running guest still exist."""

from osc_migrate.checks.check import NotChecked, Problem, Skip
from osc_migrate.checks.findings import Gap
from osc_migrate.facts import Unread
from osc_migrate.nodes.guests.facts import LostFile
from osc_migrate.nodes.guests.guest_move import GuestMove, of_guest
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE
from osc_migrate.text import command, paste, printable


@of_guest(LIVE)
def guests_disk_files_are_there(guest: GuestMove) -> str:
    """QEMU on the source holds no deleted file of the guest's disks.

    The guest runs until its QEMU ends: what is written is then lost, and on
    the destination there is nothing to open.
    """
    return _judged(guest, guest.source)


@of_guest()
def disk_files_are_there_after_the_move(guest: GuestMove) -> str:
    """QEMU on the destination holds no deleted file of the guest's disks.

    Nova deletes the disks on the source where it takes them for local ones
    (nova/compute/manager.py, _live_migration_cleanup_flags).
    """
    return _judged(guest, guest.destination)


def _judged(guest: GuestMove, node: NodeFacts) -> str:
    domain = node.guests.running.get(guest.id)
    if domain is None:
        raise Skip(f"libvirt on {node.name} does not run it")
    try:
        lost = domain.lost_files
    except Unread as unread:
        raise NotChecked(
            unread.reason,
            Gap("files of the guest's disks", "ls -l /proc/PID/fd shows them"),
        ) from None
    if not lost:
        return "all of them"
    paths = ", ".join(printable(file.path, 200) for file in lost[:4])
    raise Problem(
        f"{paths} on {node.name}: deleted, and the guest runs on what QEMU"
        " holds open: its data is lost when QEMU ends",
        _rescue(guest, node, lost[0]),
    )


def _rescue(guest: GuestMove, node: NodeFacts, file: LostFile) -> str:
    if not file.open_at:
        return (
            f"do not stop, reboot or move it. On {node.name}, ls -l"
            " /proc/PID/fd of its QEMU shows the open files; copy them from"
            " there"
        )
    copy = command("cp", "--sparse=always", file.open_at, file.path)
    server = paste(guest.move.server.name, guest.id)
    return (
        "do not stop, reboot or move it before the file is copied. On"
        f" {node.name}: {command('virsh', 'suspend', guest.id)} && {copy} &&"
        f" {command('chown', '--reference', file.open_at, file.path)}; then"
        f" openstack server reboot --hard {server}"
    )
