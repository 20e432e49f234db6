"""Facts about a node's operating system, CPUs, memory and clock."""

import dataclasses
import re
from collections.abc import Mapping

from osc_migrate.facts import Facts, Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput, fact, parse_int
from osc_migrate.nodes.config.facts import Config


@dataclasses.dataclass(frozen=True)
class ClockOffset:
    """Difference between a node's clock and ours, in seconds."""

    # Positive if the node's clock is ahead.
    offset: float
    # Margin of error: half of the round trip.
    uncertainty: float


@dataclasses.dataclass(frozen=True, repr=False)
class TimeService(Facts):
    """The service that sets a node's clock."""

    # In a container: its clock is that of the host.
    container: bool
    # The running program, such as 'chronyd'; empty if there is none.
    running: str
    # systemd unit of an installed service that is not masked.
    unit: str
    # Whether the clock is synchronized, from timedatectl's NTPSynchronized or
    # chronyc's leap status; None if neither is available.
    synchronised: bool | None


@dataclasses.dataclass(frozen=True, repr=False)
class Cpu(Facts):
    """A node's first CPU; the others are assumed to be identical."""

    # From /proc/cpuinfo; on ARM, implementer and part instead.
    vendor: str
    model: str
    flags: frozenset[str]
    # For Intel and AMD, such as '0xb000040'; empty otherwise.
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
    """Memory in KiB, from /proc/meminfo."""

    total: int
    # Available to programs without swapping.
    available: int


@dataclasses.dataclass(frozen=True, repr=False)
class System(Facts):
    """A node's operating system, processors, memory and clock."""

    # ID in /etc/os-release: 'debian', 'rhel', 'rocky' ...
    os_id: str
    # ID_LIKE, such as ('rhel', 'centos', 'fedora').
    os_like: tuple[str, ...]
    # VERSION_ID, such as '12'; empty for rolling releases.
    os_version: str
    # Output of uname -r and uname -m.
    kernel: str
    architecture: str
    # Seconds since boot.
    uptime: float
    # Whether /dev/kvm exists.
    kvm: bool
    # vm.unprivileged_userfaultfd; None before Linux 5.2, or without it.
    userfaultfd: int | None
    # 'selinux enforcing', 'selinux permissive', 'apparmor', or 'none'.
    security: str
    # Addresses of all interfaces, without prefix lengths.
    addresses: frozenset[str]
    cpu: Cpu
    memory: Memory
    pages: tuple[Pages, ...]
    clock: ClockOffset
    time: TimeService

    @property
    def red_hat(self) -> bool:
        """Whether it is a distribution of the Red Hat family."""
        return bool({"rhel", "fedora"} & {self.os_id, *self.os_like})

    @property
    def kernel_version(self) -> tuple[int, int]:
        """Version such as (6, 1) for '6.1.0-18-amd64'; (0, 0) if unknown."""
        numbers = [
            int(part[:9]) if part[:9].isdecimal() else 0
            for part in (*self.kernel.split("."), "", "")
        ]
        return numbers[0], numbers[1]

    @property
    def sizes(self) -> Mapping[int, tuple[int, int]]:
        """Size of huge pages in KiB -> (total, free)."""
        counts: dict[int, tuple[int, int]] = {}
        for pool in self.pages:
            total, free = counts.get(pool.size, (0, 0))
            counts[pool.size] = total + pool.total, free + pool.free
        return counts


# grep prints each file with its name. The shell's `read` does not work: it
# reads single bytes, and /proc/sys only answers the first read.
_MACHINE = r"""(
grep -sH . /proc/uptime /proc/sys/kernel/osrelease \
    /proc/sys/vm/unprivileged_userfaultfd \
    /sys/fs/selinux/enforce /sys/module/apparmor/parameters/enabled \
    /sys/devices/system/node/node[0-9]*/hugepages/hugepages-*/nr_hugepages \
    /sys/devices/system/node/node[0-9]*/hugepages/hugepages-*/free_hugepages
echo "arch:$(uname -m)"
[ ! -c /dev/kvm ] || echo kvm:yes
grep -E '^Mem(Total|Available):' /proc/meminfo
ip -o addr show 2>/dev/null | awk '
    { sub(/\/.*/, "", $4); print "address:" $4 }'
echo end:
)"""


# Up to the end of the first CPU.
_CPU = r"""awk '
    /^$/ { if (seen) exit }
    { seen = 1 }
    /^(vendor_id|model name|flags|microcode|Features|CPU (impl|part))/ {
        print substr($0, 1, 8000)
    }' /proc/cpuinfo"""


# Services that could set the clock: processes, then units.
_TIME = r"""(
[ ! -e /run/systemd/container ] || echo container=yes
grep -hxE 'chronyd|ntpd|openntpd|systemd-timesyn|ntp-daemon|ptp4l|phc2sys' \
    /proc/[0-9]*/comm 2>/dev/null | sed -n '1s/^/running=/p'
# The unit first, then names that are but another's alias.
for unit in chrony chronyd ntpsec ntp ntpd openntpd systemd-timesyncd; do
    [ ! -L "/etc/systemd/system/$unit.service" ] ||
        [ -s "/etc/systemd/system/$unit.service" ] || continue
    for dir in etc lib usr/lib; do
        [ -e "/$dir/systemd/system/$unit.service" ] || continue
        echo "unit=$unit.service"
        break 2
    done
done
# chronyd first: with a local reference the kernel stays unsynchronised.
{ timeout -k 1 5 chronyc -n tracking || timeout -k 1 5 timedatectl show; } \
    2>/dev/null |
    sed -n 's/^Leap status *: /leap=/p; /^NTPSynchronized=/p'
echo end=time
)"""


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    return {
        "release": Question("cat /etc/os-release || cat /usr/lib/os-release"),
        "machine": Question(_MACHINE),
        "cpu": Question(_CPU),
        "time": Question(_TIME, limit=15.0),
    }


def read(output: CommandOutput) -> System:
    return System(
        os_id=fact(_release, output, "ID"),
        os_like=fact(lambda: tuple(_release(output, "ID_LIKE").split())),
        os_version=fact(_release, output, "VERSION_ID"),
        kernel=fact(_value, output, "/proc/sys/kernel/osrelease"),
        uptime=fact(
            lambda: float(
                parse_int(
                    _value(output, "/proc/uptime").partition(".")[0], "uptime"
                )
            )
        ),
        architecture=fact(_value, output, "arch"),
        kvm=fact(lambda: "kvm" in _machine(output)),
        userfaultfd=fact(_userfaultfd, output),
        security=fact(_security, output),
        addresses=fact(_addresses, output),
        cpu=fact(_cpu, output),
        memory=fact(_memory, output),
        pages=fact(_pages, output),
        clock=fact(_clock, output),
        time=fact(_time, output),
    )


def _release(output: CommandOutput, name: str) -> str:
    return output.pairs("release").get(name, "").lower()


def _machine(output: CommandOutput) -> dict[str, str]:
    """Return path or name -> value.

    :raises Unread: the answer is incomplete.
    """
    rows = [line.partition(":") for line in output.lines("machine")]
    names = [name for name, _, _ in rows]
    if names[:1] != ["/proc/uptime"] or names[-1] != "end":
        raise Unread("system.machine: the answer is incomplete")
    return {name: value.strip() for name, _, value in rows}


def _value(output: CommandOutput, name: str) -> str:
    value = _machine(output).get(name, "")
    if not value:
        raise Unread(f"the node does not report {name}")
    return value


def _addresses(output: CommandOutput) -> frozenset[str]:
    _machine(output)
    start = "address:"
    addresses = frozenset(
        line.removeprefix(start)
        for line in output.lines("machine")
        if line.startswith(start)
    )
    if not addresses:
        raise Unread("the node shows no addresses: ip(8) or awk(1) failed")
    return addresses


def _userfaultfd(output: CommandOutput) -> int | None:
    value = _machine(output).get("/proc/sys/vm/unprivileged_userfaultfd")
    return None if value is None else parse_int(value, "userfaultfd")


def _security(output: CommandOutput) -> str:
    values = _machine(output)
    selinux = values.get("/sys/fs/selinux/enforce")
    if selinux:
        return "selinux " + ("enforcing" if selinux == "1" else "permissive")
    apparmor = values.get("/sys/module/apparmor/parameters/enabled")
    return "apparmor" if apparmor == "Y" else "none"


def _memory(output: CommandOutput) -> Memory:
    def read(name: str) -> int:
        return parse_int(_value(output, name).removesuffix("kB"), name)

    return Memory(total=read("MemTotal"), available=read("MemAvailable"))


_PAGES = re.compile(
    r"(/sys/devices/system/node/node(\d{1,5})/hugepages"
    r"/hugepages-(\d{1,9})kB/)nr_hugepages"
)


def _pages(output: CommandOutput) -> tuple[Pages, ...]:
    values = _machine(output)
    return tuple(
        Pages(
            numa=int(match[2]),
            size=int(match[3]),
            total=parse_int(value, name),
            free=parse_int(values.get(f"{match[1]}free_hugepages", ""), name),
        )
        for name, value in values.items()
        if (match := _PAGES.fullmatch(name))
    )


def _cpu(output: CommandOutput) -> Cpu:
    fields: dict[str, str] = {}
    for line in output.lines("cpu"):
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), value.strip())
    if not {"flags", "Features", "CPU part", "vendor_id"} & fields.keys():
        raise Unread("/proc/cpuinfo does not show the processor")
    return Cpu(
        vendor=fields.get("vendor_id", fields.get("CPU implementer", "")),
        model=fields.get("model name", fields.get("CPU part", "")),
        flags=frozenset(
            fields.get("flags", fields.get("Features", "")).split()
        ),
        microcode=fields.get("microcode", ""),
    )


_SECONDS = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?")


def _clock(output: CommandOutput) -> ClockOffset:
    """Return the offset of the clock.

    busybox's date has no %N: its seconds are truncated, by half a second on
    average.
    """
    text = output.out("clock")
    match = _SECONDS.match(text)
    local_times = output.out("here").split()
    if not match or len(local_times) != 2:
        raise Unread(f"date(1) returned '{text[:40]}', which is not a time")
    before, after = float(local_times[0]), float(local_times[1])
    cut = 0.0 if match[2] else 0.5
    node_time = float(match[0]) + cut
    return ClockOffset(
        offset=node_time - (before + after) / 2,
        uncertainty=(after - before) / 2 + cut,
    )


_TIME_KEYS = frozenset(
    {"container", "running", "unit", "leap", "NTPSynchronized"}
)
# Values of timedatectl(1) and `chronyc tracking`.
_SYNCHRONISED = {
    "NTPSynchronized": {"yes": True, "no": False},
    "leap": {
        "Normal": True,
        "Insert second": True,
        "Delete second": True,
        "Not synchronised": False,
    },
}


def _time(output: CommandOutput) -> TimeService:
    values = dict(output.rows("time", _TIME_KEYS))
    synchronised = None
    for key, meanings in _SYNCHRONISED.items():
        if key in values and synchronised is None:
            synchronised = meanings.get(values[key])
    running = values.get("running", "")
    return TimeService(
        container="container" in values,
        # comm has at most 15 characters.
        running=running.replace("systemd-timesyn", "systemd-timesyncd"),
        unit=values.get("unit", ""),
        synchronised=synchronised,
    )
