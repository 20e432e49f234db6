"""Facts of a node about the requested servers."""

import dataclasses
import hashlib
from collections.abc import Mapping

from osc_migrate.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Disk(Facts):
    """A disk of a running guest, from libvirt."""

    # 'file', 'block', 'network' ...
    type: str
    # 'disk', 'cdrom', 'floppy' or 'lun'.
    device: str
    # A path, or pool and image.
    source: str
    read_only: bool
    # The volume ID, set by Nova; empty for local disks.
    serial: str = ""


@dataclasses.dataclass(frozen=True)
class LostFile:
    """A disk file of a running guest that no longer exists at its path."""

    path: str
    # Where QEMU still has it open: '/proc/4711/fd/12'; empty if only the
    # missing path is known.
    open_at: str


@dataclasses.dataclass(frozen=True)
class GuestCpu:
    """The CPU of a running guest, from libvirt."""

    # 'custom', 'host-passthrough', 'maximum' ...; empty without any.
    mode: str
    # 'kvm' or 'qemu'.
    virt: str
    # 'x86_64' ...
    architecture: str
    machine: str
    # The <cpu> element.
    xml: str

    @property
    def key(self) -> str:
        """A key that is the same for guests with the same CPU."""
        parts = (self.virt, self.architecture, self.machine, self.xml)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@dataclasses.dataclass(frozen=True)
class Writing:
    """Write rate and size of a guest's memory, in bytes."""

    # Bytes per second, measured by QEMU in whole MiB: over one second, and
    # over three, which is less if the same pages are written again.
    rate: int
    longer: int
    # Maximum memory.
    memory: int
    # Memory that was ever written; all of it if unknown.
    used: int


@dataclasses.dataclass(frozen=True, repr=False)
class Domain(Facts):
    """A running guest, from libvirt."""

    # Full name, such as 'pc-q35-7.2', even if Nova requested 'q35'.
    machine: str
    disks: tuple[Disk, ...]
    # When its QEMU was started, in seconds since the epoch.
    started: int
    cpu: GuestCpu
    # Missing files of its disks, including backing files.
    lost_files: tuple[LostFile, ...] = ()
    # MAC address in lower case -> MTU, if one is set.
    mtus: Mapping[str, int] = dataclasses.field(default_factory=dict)
    # 0 if not set.
    cpu_shares: int = 0


@dataclasses.dataclass(frozen=True, repr=False)
class Guests(Facts):
    """Facts of a node about the requested servers, by UUID."""

    # All domains in libvirt, running or not.
    domains: frozenset[str]
    # Running or paused domains.
    active: frozenset[str]
    # In the instances directory: 'UUID' or 'UUID_resize'.
    directories: frozenset[str]
    # The requested servers that run on this node.
    running: Mapping[str, Domain]
    # When QEMU's certificates were created, in seconds since the epoch; None
    # if there are none.
    certificates: int | None
    # UUID -> write rate, for guests that were measured.
    writing: Mapping[str, Writing]
    # Key of a guest's CPU on another node -> result of libvirt's comparison
    # here: 'superset', 'identical', 'incompatible', or another word.
    processors: Mapping[str, str]
    # Version of the cgroups that control CPUs: 1 or 2.
    cgroup: int = 2
