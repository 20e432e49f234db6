"""The checks before a live migration, with the texts of libvirt's driver."""

import json

from nova import exception
from oslo_utils import units

#: Intel's generations, oldest first: a guest can move to a newer one
_GENERATIONS = (
    "Nehalem",
    "Westmere",
    "SandyBridge",
    "IvyBridge",
    "Haswell",
    "Broadwell",
    "Skylake-Server",
    "Cascadelake-Server",
    "Icelake-Server",
    "SapphireRapids",
)
_SHARED = "a file on shared storage"
_LOCAL = "a file on local storage"
_COMPARE = (
    "http://libvirt.org/html/libvirt-libvirt-host.html#virCPUCompareResult"
)


def _generation(model: str) -> int:
    """Return the position of a model in the list; -1 if it is missing."""
    for number, name in enumerate(_GENERATIONS):
        if model == name or model.startswith(f"{name}-"):
            return number
    return -1


def compare_cpu(source: str, destination: str) -> None:
    """Refuse a destination whose CPU lacks features of the source.

    libvirt compares the features of each model. This compares the generation
    of the model, and the additional features that the hosts list.
    """
    ours, theirs = json.loads(source), json.loads(destination)
    lacking = set(ours["features"]) - set(theirs["features"])
    if ours["vendor"] == theirs["vendor"] and not lacking:
        if ours["model"] == theirs["model"]:
            return
        if -1 < _generation(ours["model"]) <= _generation(theirs["model"]):
            return
    reason = exception.InvalidCPUInfo(
        reason=f"CPU doesn't have compatibility.\n\n0\n\nRefer to {_COMPARE}"
    )
    raise exception.MigrationPreCheckError(reason=reason)


def leave_mark(data, shared: bool) -> None:
    """On the destination: set the name of the test file for the source."""
    data.filename = _SHARED if shared else _LOCAL


def check_storage(data, shared: bool, source: str, instance) -> None:
    """On the source: decide about block migration, or refuse.

    :param shared: whether the disks of the source are on shared storage
    """
    shared = shared and data.filename == _SHARED
    data.is_shared_instance_path = data.is_shared_block_storage = shared
    if "block_migration" not in data:
        data.block_migration = not shared
    if data.block_migration and shared:
        raise exception.InvalidLocalStorage(
            reason="Block migration can not be used with shared storage.",
            path=source,
        )
    # Nova requests it only below microversion 2.25.
    if data.block_migration and "disk_over_commit" in data:
        _check_space(data, instance)
    if not data.block_migration and not shared:
        raise exception.InvalidSharedStorage(
            reason="Shared storage live-migration requires either shared "
            "storage or boot-from-volume with no local disks.",
            path=source,
        )


def _check_space(data, instance) -> None:
    available = data.disk_available_mb * units.Mi
    necessary = instance.flavor.root_gb * units.Gi
    if available < necessary:
        raise exception.MigrationPreCheckError(
            reason=f"Unable to migrate {instance.uuid}: Disk of instance is "
            f"too large(available on destination host:{available} "
            f"< need:{necessary})"
        )
