"""Checks of a server's devices, some of which prevent a kind of move."""

import re

from osc_migrate.checks import requested
from osc_migrate.checks.check import Concern, Problem, check
from osc_migrate.checks.requested import (
    extra_spec,
    extra_specs,
    requested_value,
)
from osc_migrate.checks.server import COLD, LIVE, arg, server
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import Unread, or_none
from osc_migrate.text import paste, some

VGPU = re.compile(r"resources[0-9A-Za-z_-]*:VGPU")
# First QEMU that live-migrates mediated devices (virt/libvirt/driver.py,
# MIN_MDEV_LIVEMIG_QEMU_VERSION).
QEMU_8_1 = 8001000


@check(server)
def flavor_and_image_are_known(move: MoveFacts) -> str:
    """What the server's flavor and image ask for can be read.

    Nova copies both at boot, and shows the copies from 2.61 and 2.98 on.
    Checks of unreadable properties are skipped. Before 2.98 the properties
    of a deleted image cannot be read at all. This is only a warning: Nova
    has a copy of them, and refuses a server that cannot move.
    """
    specs = move.server.flavor.extra_specs
    try:
        properties = move.server.image_properties
    except Unread as unread:
        if move.nova >= requested.IMAGE_IN_SERVER or move.image_exists:
            raise
        raise Concern(
            f"image properties are not checked: {unread.reason}. They matter"
            " for an encrypted guest, a TPM, traits and the machine type",
            "on a controller: nova-manage image_property show"
            f" {paste(move.server.id)} hw_machine_type"
            " (also hw_mem_encryption, hw_tpm_version)",
        ) from None
    return (
        f"{some(len(specs), 'extra spec')},"
        f" image properties: {len(properties)}"
    )


@check(server, LIVE)
def guest_memory_is_not_encrypted(move: MoveFacts) -> str:
    """The guest's memory is not encrypted (AMD SEV and such).

    Nova refuses at once (nova/compute/api.py, reject_mem_enc_instances).
    """
    spec = extra_spec(move, "hw:mem_encryption", requested.TRAIN)
    if not requested.is_true(spec) and not requested.is_true(
        requested_value(move, "mem_encryption", requested.TRAIN)
    ):
        return "not encrypted"
    raise Problem(
        "the guest's memory is encrypted: no host can read it to copy it",
        f"move it cold: openstack server migrate {arg(move)}",
    )


@check(server, LIVE)
def guest_tpm_can_move(move: MoveFacts) -> str:
    """The guest has no TPM, or one whose secret its host may pass on.

    Nova moves only hw:tpm_secret_security=host, from 2026.1 on
    (nova/compute/api.py, reject_legacy_vtpm_live_migration).
    """
    version = requested_value(move, "tpm_version", requested.VICTORIA)
    if not version:
        return "no TPM"
    security = extra_spec(move, "hw:tpm_secret_security") or "user"
    if security == "host" and move.nova >= requested.GAZPACHO:
        return f"TPM {version}, security {security}"
    raise Problem(
        f"the guest has a TPM {version} with secret security '{security}'",
        f"move it cold: openstack server migrate {arg(move)}",
    )


@check(server)
def server_has_no_accelerator(move: MoveFacts) -> str:
    """The server has no accelerator of Cyborg.

    Nova refuses every move at once (nova/compute/api.py,
    block_accelerators).
    """
    profile = extra_spec(move, "accel:device_profile", requested.USSURI)
    if not profile:
        return "none"
    raise Problem(
        f"its flavor has the device profile '{profile}'",
        # Shelving frees the device; unshelving binds one on another host.
        f"openstack server shelve {arg(move)}, then openstack server"
        f" unshelve {arg(move)}: the scheduler chooses the host",
    )


@check(server, LIVE)
def server_has_no_share(move: MoveFacts) -> str:
    """No Manila share is attached.

    Nova refuses at once (nova/compute/api.py, block_shares_not_supported).
    """
    if not move.shares:
        return "none"
    raise Problem(_shares(move), _detach(move))


@check(server, COLD)
def shares_can_move(move: MoveFacts) -> str:
    """No Manila share is attached, or every host can take it along.

    Nova moves them cold from 2026.2 on, once every nova-compute is of that
    release (nova/compute/api.py, MIN_COMPUTE_COLD_MIGRATE_WITH_SHARES); no
    API shows that.
    """
    if not move.shares:
        return "none"
    severity = Problem if move.nova < requested.HIBISCUS else Concern
    raise severity(_shares(move), _detach(move))


def _shares(move: MoveFacts) -> str:
    return f"Manila share attached: {', '.join(move.shares)}"


def _detach(move: MoveFacts) -> str:
    # A share can only be attached and detached while the server is stopped.
    return (
        f"openstack server stop {arg(move)}; openstack server remove share"
        f" {arg(move)} {move.shares[0]}"
    )


@check(server, LIVE)
def guest_pmem_can_move(move: MoveFacts) -> str:
    """The guest has no persistent memory, or Nova can move it.

    Nova can from Victoria on (nova/conductor/tasks/live_migrate.py,
    supports_vpmem_live_migration).
    """
    labels = extra_spec(move, "hw:pmem", requested.TRAIN)
    if not labels:
        return "none"
    if move.nova >= requested.WALLABY:
        return labels
    # Ussuri cannot move it, but has the same microversions as Victoria.
    severity = Problem if move.nova < requested.VICTORIA else Concern
    raise severity(
        f"virtual persistent memory ({labels}) moves live from Victoria on",
        f"move it cold: openstack server migrate {arg(move)}",
    )


@check(server, LIVE)
def pci_devices_can_move(move: MoveFacts) -> str:
    """The flavor asks for no PCI device, or for one that Nova can move.

    Nova can from Epoxy on, if the alias sets live_migratable
    (nova/conductor/tasks/live_migrate.py, _check_can_migrate_pci). The alias
    is in nova.conf, which no API shows: the result is UNKNOWN.
    """
    alias = extra_spec(move, "pci_passthrough:alias")
    if not alias:
        return "none"
    if move.nova >= requested.EPOXY:
        raise Unread(
            f"its flavor asks for PCI devices ({alias}), which move live only"
            " when [pci]alias in nova.conf says live_migratable; if it does:"
            " --ignore pci-devices-can-move"
        )
    raise Problem(
        f"its flavor asks for PCI devices ({alias})",
        f"move it cold: openstack server migrate {arg(move)}",
    )


@check(server, LIVE)
def vgpus_can_move(move: MoveFacts) -> str:
    """The flavor asks for no virtual GPU, or both hosts can move it.

    This needs Caracal, and QEMU 8.1 on both (nova/virt/libvirt/driver.py,
    _assert_source_can_live_migrate_mdevs). The types of the virtual GPUs must
    be equal; they are set in nova.conf of both hosts.
    """
    if not any(
        VGPU.fullmatch(name) for name in extra_specs(move, requested.QUEENS)
    ):
        return "none"
    cold = f"move it cold: openstack server migrate {arg(move)}"
    if move.nova < requested.CARACAL:
        raise Problem("virtual GPUs move live from Caracal on", cold)
    hosts = (or_none(lambda: move.source), or_none(lambda: move.destination))
    old = [h.name for h in hosts if h and _is_older_nova(h)]
    if old:
        raise Problem(f"QEMU is older than 8.1 on {', '.join(old)}", cold)
    raise Concern(
        "a virtual GPU moves only to a host with its type, with a long pause",
        "compare [devices]enabled_mdev_types of both hosts, and their"
        " [libvirt]live_migration_downtime",
    )


def _is_older_nova(host: Host) -> bool:
    hypervisor = or_none(lambda: host.hypervisor)
    return bool(
        hypervisor
        and hypervisor.type == "QEMU"
        and hypervisor.version < QEMU_8_1
    )
