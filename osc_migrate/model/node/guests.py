"""What a node knows of certain servers."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Disk(Facts):
    """A disk of a running guest, as libvirt has it."""

    # 'file', 'block', 'network' ...
    type: str
    # 'disk', 'cdrom', 'floppy' or 'lun'.
    device: str
    # A path, or pool and image.
    source: str
    read_only: bool


@dataclasses.dataclass(frozen=True, repr=False)
class Domain(Facts):
    """A running guest, as libvirt has it."""

    # Such as 'pc-q35-7.2', in full also where Nova asked for 'q35'.
    machine: str
    disks: tuple[Disk, ...]
    # When its QEMU was started here, in seconds since the epoch.
    began: int


@dataclasses.dataclass(frozen=True, repr=False)
class Guests(Facts):
    """What a node knows of certain servers, by their UUIDs."""

    # All that libvirt has, running or not.
    domains: frozenset[str]
    # Those that run, or are paused.
    active: frozenset[str]
    # In the instances directory: 'UUID' or 'UUID_resize'.
    directories: frozenset[str]
    # Of the servers that were asked for and run here.
    running: Mapping[str, Domain]
    # When QEMU's certificates came here, in seconds since the epoch; None
    # where there are none.
    certificates: int | None
