import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.libvirt import daemons
from osc_migrate.nodes.libvirt import reading as libvirt
from osc_migrate.nodes.libvirt.facts import Listener, SystemdUnit
from osc_migrate.nodes.role import Role

VIRSH = """\
Running hypervisor: QEMU 7.2.22
Running against daemon: 9.0.0
    <uuid>89c9efe2-d2c7-4768-90c6-7657847db5ab</uuid>
      <arch>x86_64</arch>
      <model>kvm64</model>
      <model>apparmor</model>
      <model>dac</model>
    <arch name='x86_64'>
      <machine maxCpus='255'>pc-i440fx-7.2</machine>
      <machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine>
      <machine maxCpus='255' deprecated='yes'>pc-i440fx-1.5</machine>
      <machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine>
"""
UNITS = """\
Id=libvirtd.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Listen=/run/libvirt/libvirt-sock (Stream)
Id=libvirtd.socket
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Listen=[::]:16509 (Stream)
Id=libvirtd-tcp.socket
LoadState=loaded
ActiveState=failed
UnitFileState=disabled

Id=virtqemud.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
"""
FILES = """

#@process.libvirtd 71
/usr/sbin/libvirtd
--timeout
120

#@cgroup 71
0::/system.slice/libvirtd.service

#@libvirtd /etc/libvirt/libvirtd.conf
host_uuid = "89c9efe2-d2c7-4768-90c6-7657847db5ab"
auth_tcp = "none"
tls_allowed_dn_list = ["CN=a]b,O=x",
  "CN=c", # "not this: it is one more"
]
#=read

#@virtproxyd /etc/libvirt/virtproxyd.conf
#=read

#@virtqemud /etc/libvirt/virtqemud.conf
#=absent

#@qemu /etc/libvirt/qemu.conf
security_driver = "none"
migration_port_min = 49152 # the first
migration_port_max = 49261
user = '+107'
#=read

#@flags /etc/default/libvirtd
LIBVIRTD_ARGS=""
#=read

#@credentials /etc/libvirt/auth.conf

#@machine 11e888609f8146a2832e47641b85354e
#=read

#@guests the descriptions of guests
machine='pc-i440fx-7.2'
machine='pc-q35-6.2'
#=read

#@end
"""
SS = """\
LISTEN 0 4096   0.0.0.0:22     0.0.0.0:* users:(("sshd",pid=45,fd=4))
LISTEN 0 1000         *:16509        *:* users:(("libvirtd",pid=71,fd=4))
LISTEN 0 1      [fe80::1%eth0]:49152 [::]:* users:(("qemu-kvm",pid=9,fd=4))
LISTEN 0 1    127.0.0.1:5900   0.0.0.0:*
end=listeners
"""


def read(**answers):
    """:param answers: by name of the question; others are those above."""
    said = {
        "virsh": Answer(0, VIRSH),
        "units": Answer(0, UNITS),
        "files": Answer(0, FILES),
        "listeners": Answer(0, SS),
    }
    said |= answers
    names = {f"libvirt.{name}": one for name, one in said.items()}
    return libvirt.read(CommandOutput(names, "libvirt"))


def test_debian():
    found = read()
    assert (found.daemon, found.contained, found.front) == (
        "libvirtd",
        False,
        "libvirtd",
    )
    assert found.units["libvirtd-tcp.socket"] == SystemdUnit(
        "loaded", "failed", "disabled", ("[::]:16509",)
    )
    assert "virtqemud.service" not in found.units
    assert found.processes == {"libvirtd"}
    assert (found.flag, found.flag_next, found.by_sockets) == (
        False,
        False,
        True,
    )
    assert found.remote["tls_allowed_dn_list"].splitlines()[:2] == [
        "CN=a]b,O=x",
        "CN=c",
    ]
    assert found.qemu["user"] == "+107"
    assert found.ports == (49152, 49261)
    assert found.credentials
    assert found.machine_id == "11e888609f8146a2832e47641b85354e"
    assert found.trouble == ""
    assert found.host_uuid == "89c9efe2-d2c7-4768-90c6-7657847db5ab"
    assert (found.qemu_version, found.version) == ((7, 2, 22), (9, 0, 0))
    assert found.machines == {
        *("pc-i440fx-7.2", "pc", "pc-i440fx-1.5", "q35"),
    }
    assert found.aliases == {"pc": "pc-i440fx-7.2", "q35": "pc-q35-7.2"}
    assert found.machines_used == {"pc-i440fx-7.2", "pc-q35-6.2"}
    assert found.security == {"apparmor", "dac"}
    assert found.listeners == (
        Listener("0.0.0.0", 22, "sshd"),
        Listener("*", 16509, "libvirtd"),
        Listener("fe80::1%eth0", 49152, "qemu-kvm"),
        Listener("127.0.0.1", 5900, ""),
    )


def test_red_hats_modular_daemons():
    found = read(
        units=Answer(
            0,
            "Id=libvirtd.service\nLoadState=loaded\nActiveState=inactive\n"
            "UnitFileState=disabled\n\nId=virtqemud.socket\n"
            "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n",
        ),
        files=Answer(
            0,
            FILES.replace("process.libvirtd", "process.virtqemud").replace(
                "virtproxyd.conf", 'virtproxyd.conf\nauth_tcp = "sasl"'
            ),
        ),
    )
    assert (found.daemon, found.front) == ("virtqemud", "virtproxyd")
    assert found.remote == {"auth_tcp": "sasl"}
    assert found.remote_file == "/etc/libvirt/virtproxyd.conf"
    assert found.daemon_file == "/etc/libvirt/virtqemud.conf"


def test_kollas_container():
    found = read(
        units=Answer(0, "Id=libvirtd.service\nLoadState=not-found\n"),
        files=Answer(
            0,
            FILES.replace("--timeout", "--listen").replace(
                "system.slice/libvirtd.service", "docker/6af2"
            ),
        ),
    )
    assert (found.daemon, found.contained) == ("libvirtd", True)
    assert (found.flag, found.by_sockets, found.units) == (True, False, {})


def test_no_systemd_and_no_ss():
    found = read(
        units=Answer(0, "#none\n"),
        listeners=Answer(
            0,
            "hex 0100007F:0016\n"
            "hex 0D004D0A:407D\n"
            "hex 00000000000000000000000000000000:407D\n"
            "end=listeners\n",
        ),
    )
    assert found.units == {}
    assert found.listeners == (
        Listener("127.0.0.1", 22),
        Listener("10.77.0.13", 16509),
        Listener("*", 16509),
    )


@pytest.mark.parametrize(
    ("arguments", "listens"),
    [
        ('LIBVIRTD_ARGS="--listen"', True),
        ("LIBVIRTD_ARGS=-l", True),
        ("LIBVIRTD_ARGS='-d -l'", True),
        ("LIBVIRTD_ARGS=-dl", True),
        ('LIBVIRTD_ARGS="--timeout 120"', False),
        ("LIBVIRTD_ARGS=", False),
    ],
)
def test_flags(arguments, listens):
    text = FILES.replace('LIBVIRTD_ARGS=""', arguments)
    assert read(files=Answer(0, text)).flag_next is listens


def test_nobody_answers():
    error = "error: failed to connect\nerror: Connection refused"
    found = read(virsh=Answer(0, "", error))
    assert found.trouble == "error: Connection refused"
    with pytest.raises(Unread, match="Connection refused"):
        _ = found.host_uuid
    # What else was read is there.
    assert found.daemon == "libvirtd"


def test_a_failed_daemon_and_its_last_words():
    text = FILES.replace("process.libvirtd", "nothing")
    text += "\n#@journal\nqemu.conf:8: expecting a value\n"
    units = UNITS.replace("ActiveState=active", "ActiveState=failed")
    found = read(files=Answer(0, text), units=Answer(0, units))
    assert found.daemon == "libvirtd"
    assert found.processes == set()
    assert found.last_words == "qemu.conf:8: expecting a value"


def test_nothing_is_there():
    found = read(
        files=Answer(0, "#@end"),
        units=Answer(0, "#none"),
        virsh=Answer(0, ""),
    )
    assert found.daemon == ""
    assert found.trouble == "it does not answer"


@pytest.mark.parametrize(
    "nonsense",
    [
        "\x00\xff" * 9999,
        "<machine canonical='" * 5000,
        "#@" * 9999,
        "LISTEN 0 0 :::::" * 999,
        "users:((" + '"' * 9999,
        "tls_allowed_dn_list = [" + '"' * 9999,
        "Running hypervisor: " + "9" * 9999,
        "Id=\nLoadState=loaded\nListen=\n" * 99,
    ],
)
def test_nonsense_breaks_nothing(nonsense):
    answer = Answer(0, nonsense + "\n<uuid>\n#@end\n")
    found = read(virsh=answer, units=answer, files=answer, listeners=answer)
    for name in ("version", "qemu", "remote", "listeners", "machine_id"):
        with pytest.raises(Unread):
            getattr(found, name)


@pytest.mark.parametrize(
    ("state", "why"),
    [("denied", "may not be read"), ("failed", "did not work"), ("", "not")],
)
def test_settings_that_were_not_read(state, why):
    text = FILES.replace("user = '+107'\n#=read", f"#={state}")
    with pytest.raises(Unread, match=f"qemu.conf .*{why}"):
        _ = read(files=Answer(0, text)).qemu
    absent = FILES.replace("user = '+107'\n#=read", "#=absent")
    assert "migration_port_min" in read(files=Answer(0, absent)).qemu


@pytest.mark.parametrize("text", ["", FILES.replace("#@end", "")])
def test_files_that_are_incomplete(text):
    with pytest.raises(Unread, match="incomplete"):
        read(files=Answer(0, text))


@pytest.mark.parametrize("text", ["", SS.replace("end=listeners", "")])
def test_nothing_is_not_no_listeners(text):
    assert read(listeners=Answer(0, "end=listeners")).listeners == ()
    with pytest.raises(Unread, match="incomplete"):
        _ = read(listeners=Answer(0, text)).listeners


@pytest.mark.parametrize("answer", [Answer(0, ""), Answer(127, "", "none")])
def test_nothing_is_not_no_systemd(answer):
    with pytest.raises(Unread):
        _ = read(units=answer).units


def test_credentials_that_may_not_be_seen():
    text = FILES.replace("#@credentials", "#@no_credentials")
    with pytest.raises(Unread, match="may not be read"):
        _ = read(files=Answer(0, text)).credentials


def test_what_is_asked():
    config = Config((), {("libvirt", "connection_uri"): "qemu:///x;reboot"})
    asked = libvirt.questions(config, Role.COMPUTE, read_only=True)
    assert "-c 'qemu:///x;reboot' 'version" in asked["virsh"].text
    assert libvirt.questions(config, Role.STORAGE, read_only=True) == {}
    # Secrets have no place among what is picked.
    assert "password" not in asked["files"].text


def test_the_last_of_two_statements_wins():
    lines = ["a = 1", "b = [ 'x', \"y\" ]", "a = '2'", "nonsense"]
    assert daemons.statements(lines) == {"a": "2", "b": "x\ny"}
