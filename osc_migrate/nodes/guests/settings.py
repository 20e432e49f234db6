"""Compares the XML of a running guest with the current state of the APIs.

The XML dates from the start of the guest. Nova generates the XML for the
destination from the current state of Nova and Neutron.
"""

import re

from osc_migrate.checks import requested
from osc_migrate.checks.check import Concern, Problem, Skip
from osc_migrate.cloud.network import Port
from osc_migrate.facts import or_none
from osc_migrate.nodes.guests.facts import Domain
from osc_migrate.nodes.guests.guest_move import GuestMove, of_guest
from osc_migrate.nodes.node_check import LIVE
from osc_migrate.text import command, listed, paste

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Maximum of cpu.weight in cgroup v2 (libvirt, vircgroupv2.c).
_MOST_SHARES = 10000
_SHARES = "quota:cpu_shares"


def _domain(guest: GuestMove) -> Domain:
    """Return the running guest.

    :raises Skip: the source does not run it, which another check reports.
    """
    domain = guest.source.guests.running.get(guest.id)
    if domain is None:
        raise Skip("libvirt on the source does not run it")
    return domain


def _reboot(guest: GuestMove) -> str:
    server = paste(guest.move.server.name, guest.id)
    return f"openstack server reboot --hard {server}"


@of_guest(LIVE)
def guest_has_the_volumes_that_nova_attached(guest: GuestMove) -> str:
    """The guest's disks are the volumes that Nova has attached to it.

    After a swap or retype that Nova did not complete, the disk's serial is
    another volume's: the destination would connect a volume that the guest
    does not use.
    """
    disks = _domain(guest).disks
    serials = {
        disk.serial.lower()
        for disk in disks
        if _UUID.fullmatch(disk.serial.lower())
    }
    attached = {volume.lower() for volume in guest.move.server.volume_ids}
    # libvirt sets no serial for SCSI passthrough.
    unnamed = any(disk.device == "lun" and not disk.serial for disk in disks)
    missing = sorted(attached - serials) if not unnamed else []
    unknown = sorted(serials - attached)
    if not missing and not unknown:
        return f"{len(attached)} of them"
    parts = []
    if unknown:
        parts.append(
            f"the guest uses volume {listed(unknown, 3)}, not attached to it"
            " by Nova"
        )
    if missing:
        parts.append(
            f"Nova has attached volume {listed(missing, 3)}, which the guest"
            " does not use"
        )
    raise Problem(
        "; ".join(parts),
        "find out which volume holds the data (openstack volume show; virsh"
        f" {command('domblklist', guest.id)} on {guest.source.name}), correct"
        f" the attachment, then {_reboot(guest)} before the move",
    )


def _shown(port: Port) -> tuple[str, int]:
    """Return MAC address and network MTU of a port; empty if unknown."""
    return or_none(lambda: port.mac) or "", or_none(lambda: port.mtu) or 0


@of_guest(LIVE)
def guest_has_the_mtu_of_its_networks(guest: GuestMove) -> str:
    """Each interface of the guest has the MTU that its network has now.

    'Target network card MTU 1500 does not match source 1450' (libvirt,
    domain_conf.c): Nova takes the destination's from Neutron, and none where
    the guest has none (nova/virt/libvirt/migration.py, _update_vif_xml).
    """
    mtus = _domain(guest).mtus
    ports = or_none(lambda: guest.move.ports)
    if ports is None:
        raise Skip("its ports are not known")
    compared = []
    for port in ports:
        mac, network_mtu = _shown(port)
        mtu = mtus.get(mac)
        if not mtu or not network_mtu:
            continue
        if mtu != network_mtu:
            raise Problem(
                f"port {port.id} has MTU {mtu} in the guest, and its network"
                f" has {network_mtu} now: libvirt refuses the move",
                f"{_reboot(guest)} gives the guest the network's MTU; or set"
                f" the old one: openstack network set --mtu {mtu} NETWORK",
            )
        compared.append(str(mtu))
    if not compared:
        raise Skip("no MTU to compare")
    return ", ".join(dict.fromkeys(compared))


@of_guest()
def destination_takes_the_guests_cpu_shares(guest: GuestMove) -> str:
    """The destination's cgroups allow as many CPU shares as the guest has.

    At most 10000 in cgroup v2, and Nova before Zed set 1024 for each
    processor: 'Invalid value for cpu.weight' otherwise. Nova since removes
    what no flavor asks for (nova/virt/libvirt/migration.py,
    _update_quota_xml).
    """
    flavor_shares = guest.move.server.flavor.extra_specs.get(_SHARES, "")
    asked_for = (
        int(flavor_shares) if re.fullmatch(r"\d{1,9}", flavor_shares) else 0
    )
    live = guest.kind in LIVE
    shares = asked_for or (_domain(guest).cpu_shares if live else 0)
    if shares <= _MOST_SHARES:
        return f"{shares or 'none'} set"
    if not asked_for and guest.move.nova >= requested.ZED:
        return f"{shares}, which Nova removes in a live migration"
    name = guest.destination.name
    if guest.destination.guests.cgroup == 1:
        return f"{shares}, and {name} has cgroup v1"
    if asked_for:
        raise Problem(
            f"the flavor asks for {shares} CPU shares, and cgroup v2 on"
            f" {name} allows {_MOST_SHARES}",
            f"resize the server to a flavor with {_SHARES} up to"
            f" {_MOST_SHARES}; or move it to a host with cgroup v1",
        )
    raise Concern(
        f"the guest has {shares} CPU shares, and cgroup v2 on {name} allows"
        f" {_MOST_SHARES}: Nova before Zed keeps them unless it was fixed"
        " (bug 1978489)",
        f"move it to a host with cgroup v1, or cold: openstack server migrate"
        f" {paste(guest.move.server.name, guest.id)}",
    )
