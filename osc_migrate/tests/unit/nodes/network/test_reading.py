import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.network import reading as network
from osc_migrate.nodes.network.facts import (
    Address,
    Firewall,
    Interface,
    Manager,
)
from osc_migrate.nodes.network.ssh_facts import File
from osc_migrate.tests.unit.nodes.shapes import config

NAMES = """\
#hostname HostC
#name HostC
10.77.0.13      STREAM HostC.example
10.77.0.13      DGRAM
10.77.0.13      RAW
fd00::13        STREAM
#status 0
#name gone
#status 2
"""
# As Debian 12's iproute2 6.1 says it.
LINKS = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode\
 DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00
2: eth0@if4: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state\
 UP mode DEFAULT group default qlen 1000\\    link/ether 52:54:00:77:00:13
3: bond0.7@bond0: <BROADCAST,MULTICAST> mtu 9000 qdisc noop state DOWN
#addresses
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
2: eth0    inet 10.77.0.13/24 scope global eth0\\       valid_lft forever
2: eth0    inet6 fe80::5054:ff:fe77:13/64 scope link \\       valid_lft
4: tun0    inet 10.0.0.1 peer 10.0.0.2/32 scope global tun0
#primary
198.51.100.1 via 10.77.0.1 dev eth0 src 10.77.0.13 uid 0 \\    cache
"""
FIREWALL = """\
inactive
#ufw
#file
/etc/nftables.conf
#chains
inet filter input input
ip filter INPUT input
ip filter OUTPUT output
"""
SSH = """\
#sshd
0
#options
port 22
pubkeyauthentication yes
allowusers root
allowusers nova
groups nova libvirt
#host
ssh-ed25519 AAAAC3Nz root@HostC
#nova
nova:x:64060:64060::/var/lib/nova:/bin/bash
#files
755 nova /var/lib/nova
700 nova /var/lib/nova/.ssh
600 nova /var/lib/nova/.ssh/id_ed25519
644 nova /var/lib/nova/.ssh/a b
#public
ssh-ed25519 AAAAnova nova
#authorized
from="10.0.0.0/8",no-pty ssh-rsa AAAAB3 other
ssh-ed25519 AAAAnova
"""


def read(**said):
    return network.read(
        CommandOutput({f"network.{k}": v for k, v in said.items()}, "network")
    )


def out(text, status=0):
    return Answer(status, text)


def debian():
    return read(
        names=out(NAMES),
        hosts=out(
            "# all\n127.0.0.1 localhost # me\n\n10.77.0.13\tHostC c\n#=read"
        ),
        links=out(LINKS),
        firewall=out(FIREWALL),
        ssh=out(SSH),
    )


def test_debian():
    found = debian()
    assert found.hostname == "HostC"
    assert found.names == {"HostC": ("10.77.0.13", "fd00::13"), "gone": ()}
    assert found.canonical == {"HostC": "HostC.example"}
    assert found.hosts == (
        ("127.0.0.1", ("localhost",)),
        ("10.77.0.13", ("HostC", "c")),
    )
    assert found.interfaces["eth0"] == Interface(1500, True, True)
    assert found.interfaces["bond0.7"] == Interface(9000, False, False)
    assert Address("10.77.0.13", 24, "eth0") in found.addresses
    assert found.primary == "10.77.0.13"
    assert found.firewall == Firewall(
        Manager.NONE,
        (("inet", "filter", "input"), ("ip", "filter", "INPUT")),
        (("ip", "filter", "OUTPUT"),),
        "/etc/nftables.conf",
    )


def test_a_tunnel_has_an_address_of_its_own():
    assert debian().own >= {"10.0.0.1", "127.0.0.1"}


def test_ssh():
    found = debian().ssh
    assert found.options["allowusers"] == ("root", "nova")
    assert found.host_keys == ("ssh-ed25519 AAAAC3Nz",)
    assert found.home == "/var/lib/nova"
    assert found.files["/var/lib/nova/.ssh/a b"] == File(0o644, "nova")
    assert found.private_keys == ["/var/lib/nova/.ssh/id_ed25519"]
    assert found.authorized == ("ssh-rsa AAAAB3", "ssh-ed25519 AAAAnova")


def test_no_user_nova_and_a_silent_sshd():
    found = read(ssh=out("#sshd\n127\n#options\ngroups \n#nova\n")).ssh
    assert found.options == {}
    assert (found.home, found.shell) == ("", "")


@pytest.mark.parametrize("status", ["1", "255", ""])
def test_an_sshd_that_takes_root_to_show_its_options(status):
    found = read(ssh=out(f"#sshd\n{status}\n#options\ngroups x\n")).ssh
    with pytest.raises(Unread, match="takes root"):
        found.options  # noqa: B018


@pytest.mark.parametrize("status", ["#status 127", "#status 1", ""])
def test_no_getent_is_not_no_address(status):
    found = read(names=out(NAMES.replace("#status 2", status)))
    with pytest.raises(Unread, match="getent"):
        found.names  # noqa: B018


@pytest.mark.parametrize("text", ["", "<html>", "127.0.0.1 localhost"])
def test_hosts_that_were_not_read(text):
    with pytest.raises(Unread, match="incomplete"):
        read(hosts=out(text)).hosts  # noqa: B018


@pytest.mark.parametrize(
    ("said", "manager"),
    [
        ("active\n#ufw\n#file\n#chains\n", Manager.FIREWALLD),
        ("unknown\n#ufw\nENABLED=yes\n#file\n#chains\n", Manager.UFW),
        ("#ufw\n#file\n#chains\n", Manager.NONE),
    ],
)
def test_who_rules_the_firewall(said, manager):
    assert read(firewall=out(said)).firewall.manager is manager


def test_busybox_says_less():
    links = (
        "1: eth0: <UP,LOWER_UP> mtu 1500 qdisc fq qlen 1000\n"
        "#addresses\n1: eth0    inet 10.0.0.9/24 brd 10.0.0.255 scope global"
        "\n#primary\n"
    )
    found = read(links=out(links))
    assert found.primary == ""
    assert found.addresses == (Address("10.0.0.9", 24, "eth0"),)


def test_one_that_is_missing_hides_no_other():
    found = read(names=Unread("lost"), links=out("", 127), ssh=out(SSH))
    assert found.ssh.shell == "/bin/bash"
    for name in ("hostname", "addresses", "interfaces", "hosts"):
        with pytest.raises(Unread):
            getattr(found, name)


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x1b[2J" * 9999,
        "#" * 200000,
        "9: " + "a" * 200000 + ": <UP> mtu 99",
        "2: eth0: <UP> mtu mtu\n#addresses\n1: e inet 1.2.3.4/x",
        "#name\n#name x\n" + "1 " * 100000,
        "#addresses\n1: e inet 1.2.3.4/" + "9" * 9999,
        "#files\n777777 x y\n#nova\n:::\n#public\nssh- AAAA",
    ],
)
def test_hostile(text):
    found = read(
        **dict.fromkeys(
            ("names", "hosts", "links", "firewall", "ssh"), out(text)
        )
    )
    for name in ("names", "hosts", "interfaces", "addresses", "firewall"):
        try:
            getattr(found, name)
        except Unread as unread:
            assert len(unread.reason) < 400
    assert found.ssh.files is not None


def test_only_plain_names_are_asked_for():
    known = config.healthy(
        "HostC",
        DEFAULT__host="*",
        libvirt__live_migration_inbound_addr="-x; reboot",
        libvirt__migration_inbound_addr="c.example",
        DEFAULT__my_ip="$(reboot)",
    )
    asked = network.questions(known, "compute", read_only=True)
    assert asked["names"].args == ("c.example",)
    assert asked["ssh"].args == ("192.0.2.1",)
    assert "reboot" not in "".join(q.text for q in asked.values())
