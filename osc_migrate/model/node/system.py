"""A node's operating system, processors, memory and clock."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True)
class Clock:
    """How far a node's clock is from ours, in seconds."""

    # Positive where the node's is ahead.
    offset: float
    # It may be as much more or less: half of the time that asking took.
    uncertainty: float


@dataclasses.dataclass(frozen=True, repr=False)
class TimeService(Facts):
    """What sets a node's clock."""

    # A container's clock is that of the machine it runs on.
    container: bool
    # The program that runs, such as 'chronyd'; empty where none does.
    running: str
    # systemd's unit of one that is installed and not masked.
    unit: str
    # The kernel was told the right time, as NTPSynchronized of timedatectl
    # or chronyc's leap status say; None where neither is there.
    synchronised: bool | None


@dataclasses.dataclass(frozen=True, repr=False)
class Cpu(Facts):
    """A node's first processor; the others are taken for the same."""

    # As /proc/cpuinfo has them; ARM's tell implementer and part instead.
    vendor: str
    model: str
    flags: frozenset[str]
    # Of Intel and AMD, '0xb000040'; empty elsewhere.
    microcode: str


@dataclasses.dataclass(frozen=True)
class Pages:
    """Huge pages of one size on one NUMA node."""

    numa: int
    # KiB.
    size: int
    total: int
    free: int


@dataclasses.dataclass(frozen=True)
class Memory:
    """In KiB, as /proc/meminfo has them."""

    total: int
    # What programs can get without swapping.
    available: int


@dataclasses.dataclass(frozen=True, repr=False)
class System(Facts):
    """A node's operating system, processors, memory and clock."""

    # As /etc/os-release has them: 'debian', 'rhel', 'rocky' ...
    os_id: str
    # The ones that it is like: ('rhel', 'centos', 'fedora').
    os_like: tuple[str, ...]
    # VERSION_ID, such as '12'; empty with rolling ones.
    os_version: str
    # As uname -r and uname -m say.
    kernel: str
    architecture: str
    # Seconds since it was started.
    uptime: float
    # /dev/kvm is there.
    kvm: bool
    # vm.unprivileged_userfaultfd; None before Linux 5.2, or without it.
    userfaultfd: int | None
    # 'selinux enforcing', 'selinux permissive', 'apparmor', or 'none'.
    security: str
    # Of all interfaces, without prefix lengths.
    addresses: frozenset[str]
    cpu: Cpu
    memory: Memory
    pages: tuple[Pages, ...]
    clock: Clock
    time: TimeService

    @property
    def red_hat(self) -> bool:
        """Packages, units and paths are those of Red Hat's family."""
        return bool({"rhel", "fedora"} & {self.os_id, *self.os_like})

    @property
    def kernel_version(self) -> tuple[int, int]:
        """(6, 1) of '6.1.0-18-amd64'; (0, 0) of what has none."""
        numbers = [
            int(part[:9]) if part[:9].isdecimal() else 0
            for part in (*self.kernel.split("."), "", "")
        ]
        return numbers[0], numbers[1]

    @property
    def sizes(self) -> Mapping[int, tuple[int, int]]:
        """Size of huge pages in KiB -> how many there are, and are free."""
        found: dict[int, tuple[int, int]] = {}
        for one in self.pages:
            total, free = found.get(one.size, (0, 0))
            found[one.size] = total + one.total, free + one.free
        return found
