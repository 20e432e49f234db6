"""What a node knows of certain servers."""

import dataclasses
import hashlib
from collections.abc import Mapping

from osc_migrate.facts import Facts


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
    # Nova sets it to the volume's ID; empty for local disks.
    serial: str = ""


@dataclasses.dataclass(frozen=True)
class LostFile:
    """A file of a running guest's disks whose path no longer leads to it."""

    path: str
    # Where QEMU still holds it: '/proc/4711/fd/12'; empty where the path
    # alone is known to be gone.
    open_at: str


@dataclasses.dataclass(frozen=True)
class GuestCpu:
    """The processor that a running guest sees, as libvirt has it."""

    # 'custom', 'host-passthrough', 'maximum' ...; empty without any.
    mode: str
    # 'kvm' or 'qemu'.
    virt: str
    # 'x86_64' ...
    architecture: str
    machine: str
    # The element <cpu> alone.
    xml: str

    @property
    def key(self) -> str:
        """The same for guests that are alike."""
        parts = (self.virt, self.architecture, self.machine, self.xml)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@dataclasses.dataclass(frozen=True)
class Writing:
    """How fast a guest writes its memory, and how much it has; bytes."""

    # A second, in whole MiB as QEMU measures it: within one second, and
    # within three; less where the same pages are written again.
    rate: int
    longer: int
    # What it may have.
    memory: int
    # What it ever wrote; all of it where that is not known.
    used: int


@dataclasses.dataclass(frozen=True, repr=False)
class Domain(Facts):
    """A running guest, as libvirt has it."""

    # Such as 'pc-q35-7.2', in full also where Nova asked for 'q35'.
    machine: str
    disks: tuple[Disk, ...]
    # When its QEMU was started here, in seconds since the epoch.
    started: int
    cpu: GuestCpu
    # Of its disks and their backing files.
    lost_files: tuple[LostFile, ...] = ()
    # MAC of an interface, in lower case -> its MTU, where one is set.
    mtus: Mapping[str, int] = dataclasses.field(default_factory=dict)
    # Of the CPU; 0 where none are set.
    cpu_shares: int = 0


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
    # UUID -> how it writes; those that were measured.
    writing: Mapping[str, Writing]
    # Key of the processor of a guest elsewhere -> what libvirt here says of
    # it: 'superset', 'identical', 'incompatible', or another word.
    processors: Mapping[str, str]
    # Version of the cgroups that control processors: 1 or 2.
    cgroup: int = 2
