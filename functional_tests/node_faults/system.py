"""Faults of osc_migrate/nodes/system

Containers share the machine's kernel: there, files are laid over those of
/proc and /sys, which the real questions read.
"""

from functional_tests.node_faults.fault import NodeFault
from functional_tests.node_faults.scripts import (
    RESTORE,
    both,
    cover,
    on,
    options,
    uncover,
)

_USERFAULTFD = "/proc/sys/vm/unprivileged_userfaultfd"
_SELINUX = "/sys/fs/selinux"
_PAGES = "/sys/devices/system/node/node0/hugepages/hugepages-2048kB"
_KVM = "[ -e /dev/kvm ] || mknod /dev/kvm c 10 232\n" + options(
    "libvirt", virt_type="kvm", cpu_mode="host-passthrough"
)
_NO_KVM = f"rm -f /dev/kvm; {RESTORE}"


def _pages(total: int, free: int) -> str:
    return cover(f"{_PAGES}/nr_hugepages", f"echo {total}") + cover(
        f"{_PAGES}/free_hugepages", f"echo {free}"
    )


_NO_PAGES = uncover(f"{_PAGES}/nr_hugepages") + uncover(
    f"{_PAGES}/free_hugepages"
)


def _clock(seconds: int) -> str:
    return f"systemctl stop chrony; date -s @$(($(date +%s) + {seconds}))"


FAULTS: tuple[NodeFault, ...] = (
    NodeFault(
        "kvm-is-available",
        "system",
        "Nova is to use KVM, which is not there",
        both(options("libvirt", virt_type="kvm")),
        by_hand=both(RESTORE),
    ),
    NodeFault(
        "hosts-can-post-copy",
        "system",
        "QEMU may not handle page faults",
        cover(_USERFAULTFD, "echo 0"),
        undo=uncover(_USERFAULTFD),
    ),
    NodeFault(
        "hosts-can-post-copy",
        "system",
        "QEMU may not handle page faults, on a kernel of its own",
        "sysctl -q -w vm.unprivileged_userfaultfd=0",
        lab="vm",
        name="hosts-can-post-copy-vm",
    ),
    NodeFault(
        "memory-is-available",
        "system",
        "hardly any memory is left",
        cover(
            "/proc/meminfo",
            "sed '/^MemAvailable:/s/:.*/:      100000 kB/' /proc/meminfo",
        ),
        status="WARN",
        by_hand=uncover("/proc/meminfo"),
    ),
    NodeFault(
        "destination-cpu-has-the-guests-features",
        "cpu",
        "a processor lacks AVX2, which the guests of the other see",
        on(
            HostB=_KVM,
            HostC=_KVM + cover("/proc/cpuinfo", "sed s/avx2// /proc/cpuinfo"),
        ),
        by_hand=uncover("/proc/cpuinfo"),
        undo=both(_NO_KVM),
    ),
    NodeFault(
        "passthrough-hosts-are-identical",
        "cpu",
        "another microcode, with processors passed through",
        on(
            HostB=_KVM,
            HostC=_KVM
            + cover(
                "/proc/cpuinfo",
                "sed '/^microcode/s/:.*/: 0x1/' /proc/cpuinfo",
            ),
        ),
        status="WARN",
        by_hand=uncover("/proc/cpuinfo"),
        undo=both(_NO_KVM),
    ),
    NodeFault(
        "destination-has-huge-pages",
        "memory",
        "guests use huge pages, of which another node has none",
        _pages(64, 32),
        node="HostB",
        status="WARN",
        by_hand=on(HostC=_pages(64, 64)),
        undo=both(_NO_PAGES),
    ),
    NodeFault(
        "security-modules-agree",
        "permission",
        "SELinux enforces on one node alone",
        f"mount -t tmpfs lab {_SELINUX}; echo 1 >{_SELINUX}/enforce",
        status="WARN",
        by_hand=uncover(_SELINUX),
    ),
    NodeFault(
        "architectures-agree",
        "system",
        "a node says that it is of another architecture",
        "printf '%s\\n' '#!/bin/sh' 'echo aarch64' >/usr/local/bin/uname;"
        " chmod 755 /usr/local/bin/uname",
        by_hand="rm /usr/local/bin/uname",
    ),
    NodeFault(
        "clock-is-synchronised",
        "clock",
        "nothing sets the clock",
        "systemctl -q disable --now chrony",
        status="WARN",
        lab="vm",
    ),
    NodeFault(
        "clocks-agree",
        "clock",
        "a clock is an hour ahead",
        _clock(3600),
        lab="vm",
        # It stays off only where nothing sets it.
        beside=("clock-is-synchronised",),
        name="clock-hour",
    ),
    NodeFault(
        "clocks-agree",
        "clock",
        "a clock is three seconds late",
        _clock(-3),
        status="WARN",
        lab="vm",
        beside=("clock-is-synchronised",),
        name="clock-seconds",
    ),
)
