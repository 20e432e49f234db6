import os
import pathlib
import subprocess
import time

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config import reading as config
from osc_migrate.nodes.config.facts import Config
from osc_migrate.tests.unit.nodes import shells

PLAIN = """\
[DEFAULT]
# a comment
host = HostC
my_ip=10.77.0.13
transport_url = rabbit://nova:hunter2@10.77.0.11/
[libvirt]
virt_type: kvm
[keystone_authtoken]
password = hunter2
"""


def ask(shell, place, pid=None):
    """As if there were that process alone, if any."""
    text = config.QUESTIONS["nova"].text
    assert "/proc/[0-9]*/comm" in text
    text = text.replace("/proc/[0-9]*/comm", f"/proc/{pid}/comm")
    # Its own program, in this machine's cgroup: test_process_identity.py.
    start = "find_nova\npid=$nova_pid"
    assert start in text
    text = text.replace(start, f"identify() {{ doubt= unit=; }}\n{start}")
    for path in config._PLACES[1:]:
        text = text.replace(path, "/nowhere")
    answer = shells.ask(shell, text.replace("/etc/nova", str(place)))
    assert "hunter2" not in answer.out
    return answer


def read(answer) -> Config:
    return config.read(CommandOutput({"config.nova": answer}, "config"))


@pytest.fixture(params=shells.SHELLS, ids=lambda argv: argv[0])
def look(request, tmp_path):
    def write(text="", name="nova.conf", **options):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(ask(request.param, tmp_path, **options))

    return write


def test_plain(look, tmp_path):
    found = look(PLAIN)
    assert found.files == (f"{tmp_path}/nova.conf",)
    assert found.options == {
        ("DEFAULT", "host"): "HostC",
        ("DEFAULT", "my_ip"): "10.77.0.13",
        ("libvirt", "virt_type"): "kvm",
    }
    assert found.broken == ()
    assert abs(found.changed - time.time()) < 60
    assert (found.started, found.contained, found.template) == (
        None,
        False,
        "",
    )


def test_later_files_win(look, tmp_path):
    look(PLAIN)
    look("[libvirt]\nvirt_type = qemu\n", "nova-compute.conf")
    found = look("[libvirt]\ncpu_mode = none\n", "nova.conf.d/10-a.conf")
    assert found.get("libvirt", "virt_type") == "qemu"
    assert [os.path.basename(path) for path in found.files] == [
        "nova.conf",
        "nova-compute.conf",
        "10-a.conf",
    ]
    assert found.file_of("libvirt", "virt_type").endswith("compute.conf")
    assert found.file_of("libvirt", "images_type").endswith("10-a.conf")


def test_devstack_has_a_file_of_its_own(look):
    look(PLAIN)
    found = look("[DEFAULT]\nhost = HostD\n", "nova-cpu.conf")
    assert len(found.files) == 1
    assert found.get("DEFAULT", "host") == "HostD"


def test_rhoso_numbers_its_files(look):
    look("[DEFAULT]\nhost = a\n", "01-nova.conf")
    found = look("[DEFAULT]\nhost = b\n", "02-nova-host-specific.conf")
    assert found.get("DEFAULT", "host") == "b"


@pytest.mark.parametrize(
    "text, value",
    [
        ("host = 'Host C'\n", "Host C"),
        ('host: "HostC"\n', "HostC"),
        ("host = 'HostC\"\n", "'HostC\""),
        ("host = '\n", ""),
        ("host =\n", ""),
        ("host=a=b:c\n", "a=b:c"),
        ("host:a=b\n", "a=b"),
        ("host = a # no comment\n", "a # no comment"),
        ("host = HostC\r\n", "HostC"),
        ("host = HostC   ", "HostC"),
        ("host = first\nhost = last\n", "last"),
        ("host = a\n  b,c\n\td\n", "a\nb,c\nd"),
        ("host = a\n  password = hunter2\n", "a\n?"),
        ("host = http://u:hunter2@h/x\n", "http://?@h/x"),
        ("secret = a\n hunter2\n\nhost = c\n", "c"),
        ("#host = b\nhost = c\n;host = d\n", "c"),
        ("host = \xe9\n", "\xe9"),
        ("[other]\nhost = x\n[DEFAULT]\nhost = y\n[neutron]\nhost=z", "y"),
    ],
)
def test_lines(look, text, value):
    found = look("[DEFAULT]\n" + text)
    assert found.get("DEFAULT", "host") == value
    assert found.broken == ()


def test_a_section_in_capitals(look):
    found = look("[LIBVIRT]\nvirt_type = kvm\n")
    assert found.get("libvirt", "virt_type") == "kvm"


def test_a_mark_of_byte_order(look):
    assert look("\ufeff[DEFAULT]\nhost = c\n").get("DEFAULT", "host") == "c"


def test_former_names(look):
    found = look("[libvirt]\ncpu_model = EPYC\niscsi_use_multipath = on\n")
    assert found.get("libvirt", "cpu_models") == "EPYC"
    assert found.flag("libvirt", "volume_use_multipath")


@pytest.mark.parametrize(
    "text, line",
    [
        ("host = early\n", 1),
        ("[DEFAULT]\nno assignment\n", 2),
        ("[DEFAULT\nhost = c\n", 1),
        ("[DEFAULT]\n= c\n", 2),
        ("[DEFAULT]\n\n  alone\n", 3),
        ("[DEFAULT]\n[]\n", 2),
    ],
)
def test_what_oslo_refuses(look, text, line, tmp_path):
    assert look(text).broken[0] == f"{tmp_path}/nova.conf:{line}"


def test_a_huge_file(look):
    """Within the time that shells.ask() allows."""
    filler = "some_option = hunter2 and more of it, and more\n" * 110000
    found = look("[DEFAULT]\n" + filler + "host = c\n")
    assert found.get("DEFAULT", "host") == "c"


def test_too_much_that_matters(look):
    with pytest.raises(Unread, match="thousands"):
        look("[DEFAULT]\n" + "host = c\n" * 9000)


def test_one_endless_line(look):
    found = look("[DEFAULT]\nhost = " + "x" * 2**20)
    assert len(found.get("DEFAULT", "host")) < 1001


def test_binary(look):
    found = look(b"[DEFAULT]\nhost = c\n" + bytes(range(256)) * 100)
    assert found.get("DEFAULT", "host") == "c"


def test_none(tmp_path):
    with pytest.raises(Unread, match="takes root"):
        read(ask(shells.SHELLS[0], tmp_path))


def test_a_directory_is_no_file(look, tmp_path):
    (tmp_path / "nova.conf").mkdir()
    os.mkfifo(tmp_path / "nova-compute.conf")
    assert look("[DEFAULT]\nhost = c\n", "nova-cpu.conf").files


@pytest.fixture
def running(tmp_path):
    """Runs a stand-in of nova-compute with arguments; returns its PID."""
    program = tmp_path / "bin" / "nova-compute"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nsleep 60 & wait\n")
    program.chmod(0o755)
    processes = []

    def run(*args):
        process = subprocess.Popen([program, *args], start_new_session=True)
        processes.append(process)
        # The kernel wakes us before it has written down what it runs.
        words = pathlib.Path(f"/proc/{process.pid}/cmdline")
        while str(program) not in words.read_text():
            time.sleep(0.01)
        return process.pid

    yield run
    for process in processes:
        os.killpg(process.pid, 9)
        process.wait()


@pytest.mark.parametrize("equals", [True, False])
def test_as_it_was_started(look, running, tmp_path, equals):
    look(PLAIN)
    look("[DEFAULT]\nhost = own\n", "elsewhere/own file.conf")
    look("[DEFAULT]\nhost = b\n", "dir/b.conf")
    look("[libvirt]\ncpu_mode = none\n", "dir/a.conf")
    args = [
        ("--config-file", "elsewhere/own file.conf"),
        ("--config-dir", "dir"),
    ]
    words = [(option, f"{tmp_path}/{path}") for option, path in args]
    if equals:
        pid = running(*map("=".join, words))
    else:
        pid = running(*(word for pair in words for word in pair))
    found = look("[DEFAULT]\nhost = none\n", "nova.conf.d/x.conf", pid=pid)
    assert [path.removeprefix(f"{tmp_path}/") for path in found.files] == [
        "elsewhere/own file.conf",
        "dir/a.conf",
        "dir/b.conf",
    ]
    assert found.get("DEFAULT", "host") == "b"
    assert abs(found.started - time.time()) < 60


def test_started_without_arguments(look, running):
    found = look(PLAIN, pid=running())
    assert found.get("DEFAULT", "host") == "HostC"
    assert found.started


def test_only_a_file_leaves_the_usual_directories(look, running, tmp_path):
    look("[DEFAULT]\nhost = dir\nmy_ip = 1.1.1.1\n", "nova.conf.d/x.conf")
    pid = running(f"--config-file={tmp_path}/own.conf")
    found = look("[DEFAULT]\nhost = own\n", "own.conf", pid=pid)
    assert found.get("DEFAULT", "host") == "own"
    assert found.get("DEFAULT", "my_ip") == "1.1.1.1"


RECORDED = """\
P 1795527012
U edpm_nova_compute.service
R /proc/4242/root
T 1795527001 /var/lib/openstack/config/nova/02-nova-host-specific.conf
M 1795527010 /proc/4242/root/etc/nova/nova.conf.d/01-nova.conf
F /proc/4242/root/etc/nova/nova.conf.d/01-nova.conf
S DEFAULT
O host=edpm-0
S libvirt
O cpu_models=Cascadelake-Server,
C SapphireRapids
B 7 /proc/4242/root/etc/nova/nova.conf.d/01-nova.conf
"""


def test_what_awk_did_not_read_to_its_end():
    with pytest.raises(Unread, match="to its end"):
        read(Answer(0, RECORDED))


def test_a_file_that_may_not_be_read():
    with pytest.raises(Unread, match="may not be read: it takes root"):
        read(Answer(0, f"N /etc/nova/b.conf\n{RECORDED}E\n"))


def test_in_a_container():
    found = read(Answer(0, RECORDED + "E\n"))
    assert found == Config(
        files=("/etc/nova/nova.conf.d/01-nova.conf",),
        options={
            ("DEFAULT", "host"): "edpm-0",
            ("libvirt", "cpu_models"): "Cascadelake-Server,\nSapphireRapids",
        },
        origins=dict.fromkeys(
            [("DEFAULT", "host"), ("libvirt", "cpu_models")],
            "/etc/nova/nova.conf.d/01-nova.conf",
        ),
        template="/var/lib/openstack/config/nova/02-nova-host-specific.conf",
        contained=True,
        unit="edpm_nova_compute.service",
        started=1795527012.0,
        changed=1795527010.0,
        broken=("/etc/nova/nova.conf.d/01-nova.conf:7",),
    )
    assert found.file.startswith("/var/lib/openstack")


@pytest.mark.parametrize(
    "text", ["", "\n", "\0", "C x\nB\nS\nO\n", "O =\nF\nR", "\x1b[31m\n" * 999]
)
def test_nonsense(text):
    with pytest.raises(Unread):
        read(Answer(0, text))


def test_odd_times():
    with pytest.raises(Unread):
        read(Answer(0, "M soon /etc/nova/nova.conf\n"))


@pytest.mark.parametrize(
    "value, meant",
    [
        ("$my_ip", "10.77.0.13"),
        ("${my_ip}:1", "10.77.0.13:1"),
        ("$hostname", ""),
        ("$host-x", "HostC-x"),
        ("$state_path/a", "/var/lib/nova/a"),
        ("$loop", "$loop"),
        ("a$", "a$"),
    ],
)
def test_references(value, meant):
    options = {
        ("DEFAULT", "my_ip"): "10.77.0.13",
        ("DEFAULT", "host"): "HostC",
        ("DEFAULT", "loop"): "$loop",
        ("vnc", "server_listen"): value,
    }
    assert Config((), options).get("vnc", "server_listen") == meant


def test_numbers():
    options = {("DEFAULT", "a"): "5", ("DEFAULT", "b"): "five"}
    read = Config((), options).number
    assert read("DEFAULT", "a", 1) == 5
    assert read("DEFAULT", "b", 1) == read("DEFAULT", "c", 1) == 1
