import platform
import time

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.system import facts as system
from osc_migrate.nodes.system.facts import ClockOffset, Memory, Pages
from osc_migrate.tests.unit.nodes import shells

DEBIAN = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
ID=debian
"""
ROCKY = """\
NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
"""
MACHINE = """\
/proc/uptime:125.21 110.03
/proc/sys/kernel/osrelease:6.1.0-18-amd64
/proc/sys/vm/unprivileged_userfaultfd:0
/sys/module/apparmor/parameters/enabled:Y
/sys/devices/system/node/node0/hugepages/hugepages-1048576kB/nr_hugepages:8
/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages:512
/sys/devices/system/node/node0/hugepages/hugepages-1048576kB/free_hugepages:2
/sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages:512
arch:x86_64
kvm:yes
MemTotal:       131734084 kB
MemAvailable:   96458072 kB
address:127.0.0.1
address:10.77.0.13
address:fe80::5054:ff:fe77:13
end:
"""
ROCKY_MACHINE = """\
/proc/uptime:864000.11 1.00
/proc/sys/kernel/osrelease:5.14.0-427.13.1.el9_4.x86_64
/sys/fs/selinux/enforce:1
arch:x86_64
end:
"""
INTEL = """\
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz
microcode\t: 0x5003604
flags\t\t: fpu vme avx2
"""
ARM = """\
Features\t: fp asimd evtstrm aes
CPU implementer\t: 0x41
CPU part\t: 0xd0c
"""
TIME = "running=systemd-timesyn\nunit=chrony.service\nleap=Normal\nend=time\n"


def read(**answers):
    said = {
        f"system.{name}": text
        if isinstance(text, Unread | Answer)
        else Answer(0, text)
        for name, text in answers.items()
    }
    return system.read(CommandOutput(said, "system"))


def test_debian():
    found = read(release=DEBIAN, machine=MACHINE, cpu=INTEL, time=TIME)
    assert (found.os_id, found.os_like, found.os_version) == (
        "debian",
        (),
        "12",
    )
    assert not found.red_hat
    assert found.kernel == "6.1.0-18-amd64"
    assert found.uptime == 125.0
    assert found.userfaultfd == 0
    assert found.security == "apparmor"
    assert found.kvm is True
    assert found.memory == Memory(131734084, 96458072)
    assert found.pages == (Pages(0, 1048576, 8, 2), Pages(1, 2048, 512, 512))
    assert found.sizes == {1048576: (8, 2), 2048: (512, 512)}
    assert found.addresses == {
        "127.0.0.1",
        "10.77.0.13",
        "fe80::5054:ff:fe77:13",
    }
    assert found.cpu.microcode == "0x5003604"
    assert found.cpu.flags == {"fpu", "vme", "avx2"}
    assert found.time.running == "systemd-timesyncd"
    assert found.time.unit == "chrony.service"
    assert found.time.synchronised is True
    assert found.time.container is False


def test_rocky():
    found = read(release=ROCKY, machine=ROCKY_MACHINE)
    assert found.red_hat
    assert found.os_version == "9.4"
    assert found.kernel_version == (5, 14)
    assert found.security == "selinux enforcing"
    assert found.kvm is False
    assert found.userfaultfd is None
    assert found.pages == ()
    # One missing fact hides no other.
    with pytest.raises(Unread, match="MemTotal"):
        _ = found.memory
    with pytest.raises(Unread):
        _ = found.cpu


def test_permissive():
    text = ROCKY_MACHINE.replace("enforce:1", "enforce:0")
    assert read(machine=text).security == "selinux permissive"


def test_arm():
    cpu = read(cpu=ARM).cpu
    assert (cpu.vendor, cpu.model, cpu.microcode) == ("0x41", "0xd0c", "")
    assert "asimd" in cpu.flags


@pytest.mark.parametrize(
    "text, synchronised",
    [
        ("leap=Not synchronised\nend=time\n", False),
        ("NTPSynchronized=no\nend=time\n", False),
        ("NTPSynchronized=yes\nend=time\n", True),
        ("leap=odd\nend=time\n", None),
        ("end=time\n", None),
    ],
)
def test_synchronised(text, synchronised):
    assert read(time=text).time.synchronised is synchronised


@pytest.mark.parametrize(
    "text",
    ["running=chronyd\nend=\n", "running=chronyd\nnone\nend=time\n", "end=\n"],
)
def test_another_answer_is_not_that_of_time(text):
    with pytest.raises(Unread, match=r"system\.time"):
        _ = read(time=text).time


@pytest.mark.parametrize(
    "said, clock",
    [
        ("1795527012.250000000", ClockOffset(2.25, 0.5)),
        # busybox
        ("1795527012.%N", ClockOffset(2.5, 1.0)),
        ("1795527012.", ClockOffset(2.5, 1.0)),
        ("1795527012", ClockOffset(2.5, 1.0)),
    ],
)
def test_clock(said, clock):
    found = read(clock=said, here="1795527009.5 1795527010.5")
    assert found.clock == clock


@pytest.mark.parametrize("said", ["", "now", "-5", "\0\x1b[2J", "x" * 10**6])
def test_no_time(said):
    with pytest.raises(Unread, match="not a time"):
        _ = read(clock=said, here="1.0 2.0").clock


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\xff" * 5000,
        "=" * 10**6,
        ":" * 10**6,
        "end=time\nend:\nx",
        "a:\n",
    ],
)
def test_nonsense(text):
    found = read(
        release=text,
        machine=text,
        cpu=text,
        time=text,
        clock=text,
        here="1 2",
    )
    for name in ("kernel", "memory", "pages", "clock", "time", "addresses"):
        with pytest.raises(Unread):
            getattr(found, name)


def test_a_session_that_ended():
    lost = Unread("the connection ended")
    found = read(release=lost, machine=lost, cpu=lost, time=lost)
    with pytest.raises(Unread, match="connection ended"):
        _ = found.os_id


def test_numbers_without_end():
    text = MACHINE.replace("131734084", "9" * 10**6)
    assert read(machine=text).memory.total < 10**41


@pytest.mark.parametrize("shell", shells.SHELLS, ids=lambda argv: argv[0])
def test_on_this_machine(shell):
    questions = system.questions(Config((), {}), "compute", read_only=True)
    answers = {
        name: shells.ask(shell, question.text)
        for name, question in questions.items()
    }
    before = time.time()
    clock = shells.ask(shell, "date +%s.%N")
    found = read(**answers, clock=clock, here=f"{before} {time.time()}")
    assert found.kernel == platform.release()
    assert found.architecture == platform.machine()
    assert found.os_id
    assert found.cpu.flags
    assert 0 < found.memory.available <= found.memory.total
    assert found.uptime > 0
    assert abs(found.clock.offset) <= found.clock.uncertainty + 0.01
    assert found.time.container in (True, False)
    assert found.security
