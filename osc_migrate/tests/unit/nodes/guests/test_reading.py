"""What nodes say of guests: how they write, what processor they see."""

import os

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.guests import processors, writing
from osc_migrate.nodes.guests import reading as guests
from osc_migrate.nodes.guests.facts import GuestCpu, Writing
from osc_migrate.tests.unit.nodes.shells import SHELLS

MiB = 2**20
ONE = "aaaaaaaa-0000-4000-8000-0000000000b1"
TWO = "aaaaaaaa-0000-4000-8000-0000000000b2"
CONFIG = Config((), {})
# As virsh 9.0 prints it.
STATS = f"""\
#writing {ONE}
Domain: 'instance-00000001'
  dirtyrate.calc_status=2
  dirtyrate.calc_start_time=1764004096
  dirtyrate.calc_period=1
  dirtyrate.calc_mode=page-sampling
  dirtyrate.megabytes_per_second=24
  balloon.current=65536
  balloon.maximum=65536
  balloon.rss=91234
used=26624
"""
XML = """\
<domain type='qemu' id='1'>
  <os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os>
  <cpu mode='custom' match='exact' check='full'>
    <model fallback='forbid'>qemu64</model>
    <topology sockets='1' dies='1' cores='1' threads='1'/>
    <feature policy='require' name='x2apic'/>
  </cpu>
</domain>
"""


def said(**answers):
    return CommandOutput(
        {f"guests.{name}": Answer(0, text) for name, text in answers.items()},
        "guests",
    )


def test_how_a_guest_writes():
    assert writing.read(said(writing=STATS)) == {
        ONE: Writing(24 * MiB, 24 * MiB, 64 * MiB, 26 * MiB)
    }


def test_the_mean_of_its_samples_by_their_periods():
    second = STATS.replace("second=24", "second=48")
    three = STATS.replace("second=24", "second=9")
    three = three.replace("period=1", "period=3")
    found = writing.read(said(writing=STATS + second + three))[ONE]
    assert (found.rate, found.longer) == (36 * MiB, 9 * MiB)


@pytest.mark.parametrize(
    ("was", "now", "used"),
    [
        # Huge pages are not resident, several parts are not one mapping.
        ("used=26624", "used=0", 64),
        ("used=26624", "used=99999999", 64),
        ("used=26624\n", "", 64),
    ],
)
def test_all_of_it_where_what_is_used_is_not_known(was, now, used):
    found = writing.read(said(writing=STATS.replace(was, now)))
    assert found[ONE].used == used * MiB


def test_a_guest_that_was_not_measured_is_not_there():
    text = STATS.replace("calc_status=2", "calc_status=1")
    text = text.replace("  dirtyrate.megabytes_per_second=24\n", "")
    assert writing.read(said(writing=text)) == {}


def test_nothing_is_measured_read_only_or_for_many():
    assert "writing" in guests.questions(CONFIG, [ONE])
    assert "writing" not in guests.questions(CONFIG, [ONE], read_only=True)
    many = [f"{ONE[:-2]}{n:02x}" for n in range(writing.MAX_MEASURED + 1)]
    assert "writing" not in guests.questions(CONFIG, many)


def test_what_a_guest_sees():
    text = f"#guest {ONE} 17\n{XML}"
    cpu = guests.read(said(all="", each=text)).running[ONE].cpu
    assert (cpu.mode, cpu.virt, cpu.architecture, cpu.machine) == (
        "custom",
        "qemu",
        "x86_64",
        "pc-i440fx-7.2",
    )
    assert "x2apic" in cpu.xml
    assert "topology" not in cpu.xml


def test_a_guest_without_a_processor_of_its_own():
    text = f"#guest {ONE} 17\n<domain type='kvm'><os/></domain>"
    assert guests.read(said(all="", each=text)).running[ONE].cpu.mode == ""


CPU = GuestCpu("custom", "qemu", "x86_64", "pc", "<cpu>'$(reboot)'</cpu>")


def test_each_kind_is_compared_once():
    asked = processors.question(
        [CPU, CPU, GuestCpu("maximum", "", "", "", "")]
    )
    assert list(asked) == ["guests.processors"]
    assert asked["guests.processors"].args.count(CPU.key) == 1
    assert processors.question([]) == {}


HEAD = "The CPU provided by hypervisor on the host is "


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (f"{HEAD}a superset of CPU described in /dev/stdin", "superset"),
        (
            "CPU described in /dev/stdin is identical to the CPU provided by"
            " hypervisor on the host",
            "identical",
        ),
        (
            "CPU described in /dev/stdin is incompatible with the CPU"
            " provided by hypervisor on the host",
            "incompatible",
        ),
        ("error: unknown command", "error: unknown command"),
        ("", "nothing"),
    ],
)
def test_what_libvirt_says_of_it(words, verdict):
    text = f"#processor {CPU.key}\n{words}\n"
    assert processors.read(said(processors=text)) == {CPU.key: verdict}


def test_nobody_asked():
    assert processors.read(said()) == {}
    with pytest.raises(Unread):
        writing.read(said())


VIRSH = r"""#!/bin/sh
case "$*" in
*hypervisor-cpu-compare*)
    cat >"$PLACE/heard"
    echo "is incompatible with the CPU provided by"
    exit 1
    ;;
*-h) echo 'domdirtyrate-calc' ;;
*domdirtyrate-calc*) : ;;
*domname*b2) exit 1 ;;
*domname*) echo instance-1 ;;
*domstats*b2) exit 1 ;;
*domstats*) echo '  dirtyrate.calc_status=2'; echo '  dirtyrate.calc_period=1'
    echo '  dirtyrate.megabytes_per_second=7'; echo '  balloon.current=1024' ;;
esac
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    for name, text in (("virsh", VIRSH), ("sleep", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PLACE", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS[:2], ids=lambda argv: argv[0])
def test_the_scripts_run(place, shell):
    import subprocess

    def run(question):
        done = subprocess.run(
            shell,
            input=question.text.encode(),
            capture_output=True,
            timeout=300,
            check=True,
        )
        assert done.stderr == b""
        return done.stdout.decode()

    out = run(writing.question([ONE, TWO])["writing"])
    assert writing.read(said(writing=out)) == {
        ONE: Writing(7 * MiB, 7 * MiB, MiB, MiB)
    }
    out = run(processors.question([CPU])["guests.processors"])
    assert processors.read(said(processors=out)) == {CPU.key: "incompatible"}
    assert (place / "heard").read_text() == CPU.xml


def test_half_of_a_character_is_unread():
    with pytest.raises(Unread, match="surrogates"):
        guests._parse_xml("<domain><name>\ud800</name></domain>")
