import dataclasses

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.system.facts import ClockOffset, Memory, Pages
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import (
    config,
    node,
    nodes,
    storage,
    system,
)

POST = "hosts-can-post-copy"
CPU = "destination-cpu-has-the-guests-features"
SAME = "passthrough-hosts-are-identical"
HUGE = "destination-has-huge-pages"
CLOCK = "clock-is-synchronised"
CLOCKS = "clocks-agree"


def changed(name="HostC", options=None, **changes):
    return node(
        name,
        config=config.healthy(name, **(options or {})),
        system=system.healthy(name, **changes),
    )


def kvm(mode, **changes):
    """HostB and HostC with KVM; the changes are of HostC's processor."""
    options = {"libvirt__virt_type": "kvm", "libvirt__cpu_mode": mode}
    return [
        changed("HostB", options),
        changed(options=options, cpu=system.CPU.but(**changes)),
    ]


def clock(seconds, uncertainty=0.02):
    return changed(clock=ClockOffset(seconds, uncertainty))


def time(**changes):
    return changed(time=system.TIME.but(**changes))


LACKING = {"flags": system.CPU.flags - {"avx2", "vmx", "acpi"}}
NO_KVM = {"libvirt__virt_type": "kvm"}
NO_POST = {"libvirt__live_migration_permit_post_copy": "false"}
PAGES = (Pages(0, 2048, 64, 0), Pages(1, 2048, 64, 32))
FREE = (Pages(0, 2048, 64, 64),)
# A third compute node, with a file server's name: it mounts as HostB does.
OTHERS = [
    changed("HostA").but(storage=storage.healthy("HostB")),
    changed("HostB"),
]
BAD = {"running": "", "synchronised": None}

CASES = [
    Case("kvm-is-available", nodes(), SKIP),
    Case("kvm-is-available", kvm("none"), PASS),
    Case(
        "kvm-is-available",
        [changed("HostB", NO_KVM, kvm=False), changed("HostC", NO_KVM)],
        FAIL,
        "/dev/kvm",
        "modprobe kvm_intel",
    ),
    Case(POST, nodes(), PASS),
    Case(POST, [changed(n, NO_POST) for n in ("HostB", "HostC")], SKIP),
    Case(
        POST,
        nodes(HostC=changed(userfaultfd=0)),
        FAIL,
        "= 0",
        "sysctl -q -w vm.unprivileged_userfaultfd=1",
    ),
    Case(
        POST,
        nodes(HostC=changed(userfaultfd=None)),
        FAIL,
        "has no userfaultfd",
    ),
    Case(
        POST,
        [
            changed(n, userfaultfd=None, kernel="4.18.0-553.el8.x86_64")
            for n in ("HostB", "HostC")
        ],
        PASS,
        "4.18",
    ),
    Case(POST, nodes(HostC=changed(userfaultfd=Unread("no root"))), UNKNOWN),
    Case("memory-is-available", nodes(), PASS),
    Case(
        "memory-is-available",
        nodes(HostC=changed(memory=Memory(16 << 20, 100 << 10))),
        WARN,
        "100 MiB of 16.0 GiB",
    ),
    # What huge pages hold is not the node's to use.
    Case(
        "memory-is-available",
        nodes(
            HostC=changed(
                memory=Memory(16 << 20, 600 << 10),
                pages=(Pages(0, 1 << 20, 12, 12),),
            )
        ),
        PASS,
    ),
    Case(CLOCK, nodes(), PASS, "chronyd runs"),
    Case(
        CLOCK,
        nodes(HostC=time(synchronised=None)),
        UNKNOWN,
        "chronyd runs, but neither chronyc nor timedatectl",
        subject="HostC",
    ),
    Case(CLOCK, nodes(HostC=time(container=True, running="")), SKIP),
    Case(
        CLOCK,
        nodes(HostC=time(running="", unit="")),
        PASS,
        "kernel",
        subject="HostC",
    ),
    Case(CLOCK, nodes(HostC=time(running="")), WARN, "not running"),
    Case(
        CLOCK,
        nodes(HostC=time(**BAD)),
        WARN,
        "not running",
        "systemctl enable --now chronyd.service",
    ),
    Case(
        CLOCK,
        nodes(HostC=time(**BAD, unit="")),
        WARN,
        "no time service",
        "apt-get install chrony",
    ),
    Case(CLOCK, nodes(HostC=time(synchronised=False)), WARN, "not synch"),
    Case(
        CLOCK,
        nodes(
            HostC=changed(
                uptime=60.0, time=system.TIME.but(synchronised=False)
            )
        ),
        PASS,
    ),
    Case(CLOCKS, nodes(), PASS, "within 0.0 s"),
    Case(CLOCKS, [*OTHERS, clock(3601.0)], FAIL, "+3601.0", "makestep"),
    Case(CLOCKS, [*OTHERS, clock(-3.0)], WARN, "HostC by -3.0 s"),
    Case(CLOCKS, [*OTHERS, clock(-3.0, 2.0)], PASS),
    # Of two, that one is off which is farther from ours.
    Case(CLOCKS, [changed("HostB"), clock(-9.0)], WARN, "HostC by -9.0 s"),
    Case(CLOCKS, [changed("HostB"), clock(9.0)], WARN, "HostC by +9.0 s"),
    Case(
        CLOCKS,
        nodes(HostC=changed(clock=Unread("odd"))),
        UNKNOWN,
        "HostC: odd",
    ),
    Case(CPU, nodes(), SKIP, "virt_type = qemu"),
    Case(CPU, kvm("custom"), SKIP),
    Case(CPU, kvm("host-model"), PASS),
    Case(CPU, kvm("host-model", **LACKING), WARN, "lacks avx2"),
    Case(CPU, kvm(None, **LACKING), WARN, "lacks avx2"),
    Case(
        CPU,
        kvm("host-passthrough", **LACKING),
        FAIL,
        "lacks avx2, and",
        subject="HostB -> HostC",
    ),
    Case(CPU, kvm("host-model", vendor="AuthenticAMD"), WARN, "is not"),
    Case(SAME, nodes(), SKIP),
    Case(SAME, kvm("host-passthrough"), PASS),
    Case(SAME, kvm("host-passthrough", microcode="0x1"), WARN, "0x1"),
    Case(HUGE, nodes(), SKIP),
    Case(
        HUGE,
        nodes(HostB=changed("HostB", pages=PAGES), HostC=changed(pages=FREE)),
        PASS,
        "2.0 MiB",
        subject="HostB -> HostC",
    ),
    Case(
        HUGE,
        nodes(HostB=changed("HostB", pages=PAGES)),
        WARN,
        "96 huge pages of 2.0 MiB",
        "echo 96 >",
    ),
    Case("architectures-agree", nodes(), PASS),
    Case(
        "architectures-agree",
        nodes(HostC=changed(architecture="aarch64")),
        FAIL,
        "HostC aarch64",
    ),
    Case("security-modules-agree", nodes(), PASS),
    Case(
        "security-modules-agree",
        nodes(HostC=changed(security="selinux enforcing")),
        WARN,
        "HostC selinux enforcing; the others apparmor",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)


def test_a_clock_without_chrony_is_set_by_hand():
    odd = clock(-9.0).but(
        system=system.healthy(
            "HostC",
            clock=ClockOffset(-9.0, 0.01),
            time=system.TIME.but(running="ntpd"),
        )
    )
    found = {f.check: f for f in findings([*OTHERS, odd])}[CLOCKS]
    assert not found.fixes
    assert found.remedy.startswith('on HostC: date -u -s "$(ssh HostA')


def test_the_storage_node_keeps_time_too():
    late = dataclasses.replace(clock(-9.0), name="HostA", role=Role.STORAGE)
    found = {f.check: f for f in findings([late, *nodes()])}
    assert "HostA by -9.0 s" in found[CLOCKS].detail


@pytest.mark.parametrize(
    "kernel, version",
    [
        ("6.1.0-18-amd64", (6, 1)),
        ("5.14.0-427.el9.x86_64", (5, 14)),
        ("6", (6, 0)),
        ("", (0, 0)),
        ("x.y", (0, 0)),
        ("9" * 5000, (999999999, 0)),
    ],
)
def test_kernel_versions(kernel, version):
    assert system.healthy("HostC", kernel=kernel).kernel_version == version
