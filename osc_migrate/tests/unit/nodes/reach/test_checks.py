"""Checks of what a source reaches of a destination."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.network.facts import Address, Firewall, Manager
from osc_migrate.nodes.reach.facts import (
    CommandResult,
    ConnectOutcome,
    TriedPort,
)
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    NOT_CHECKED,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
)
from osc_migrate.tests.unit.nodes.reach.reached import (
    DENIED,
    REFUSED,
    SILENT,
    UNREACHABLE,
    both,
    cut,
    prove_way,
    refused,
)
from osc_migrate.tests.unit.nodes.shapes import network, nodes

NAME = "destination-name-resolves"
REACHABLE = "destination-is-reachable"
PORT = "destination-libvirt-port-is-open"
ANSWERS = "destination-libvirt-answers"
DATA = "destination-data-ports-are-open"
PATH = "migration-path-carries-full-packets"
OPEN = ConnectOutcome.OPEN
INPUT = ("inet", "filter", "input")
HOSTS = network.HOSTS


def named(*addresses, hosts=None):
    """HostC reports its name, which has these addresses on HostB."""
    near = {} if hosts is None else {"hosts": hosts}
    return both(
        near,
        options={"libvirt__live_migration_inbound_addr": "HostC"},
        connect="HostC",
        uri="qemu+tcp://HostC/system",
        names={"HostC": addresses, "10.77.0.13": ("10.77.0.13",)},
    )


def walled(manager=Manager.NONE, chains=(INPUT,), file="", **changes):
    """HostC has a firewall."""
    wall = Firewall(manager, tuple(chains), (), file)
    return both(far={"firewall": wall}, **changes)


CASES = [
    Case(NAME, nodes(), PASS, "it is an address: 10.77.0.13"),
    Case(NAME, named("10.77.0.13"), PASS, "HostC: 10.77.0.13"),
    Case(
        NAME,
        named(hosts=HOSTS[:1]),
        FAIL,
        "HostC does not resolve on HostB",
        "on HostB: line_add /etc/hosts '10.77.0.13 HostC'",
    ),
    Case(
        NAME,
        named("10.77.0.13", "10.9.9.9"),
        FAIL,
        "10.9.9.9 is not an address of HostC",
    ),
    Case(
        NAME,
        named("127.0.0.1", hosts=(("127.0.0.1", ("localhost", "HostC")),)),
        FAIL,
        "that is itself",
        "line_add /etc/hosts '127.0.0.1 localhost'",
    ),
    Case(NAME, named("10.77.0.12"), FAIL, "its own address"),
    Case(REACHABLE, nodes(), PASS),
    Case(REACHABLE, cut(), FAIL, "HostB cannot reach", "ip route get"),
    Case(PORT, nodes(), PASS, "port 16509: open"),
    Case(
        PORT,
        walled(libvirt=REFUSED, virsh=None),
        FAIL,
        "port 16509: refused",
        "nft 'insert rule inet filter input ip saddr 10.77.0.0/24 tcp"
        " dport { 16509 } accept",
    ),
    Case(
        PORT,
        walled(
            file="/etc/nftables.conf",
            libvirt=SILENT,
            low=SILENT,
            high=SILENT,
            virsh=None,
        ),
        FAIL,
        "so are those of the data",
        "line_add /etc/nftables.conf 'insert rule inet filter input ip"
        " saddr 10.77.0.0/24 tcp dport { 16509, 49152-49261 }",
    ),
    Case(
        PORT,
        walled(Manager.FIREWALLD, (), libvirt=UNREACHABLE, virsh=None),
        FAIL,
        "unreachable",
        'firewall-cmd --permanent --zone="$zone" \'--add-rich-rule=rule'
        ' family="ipv4" source address="10.77.0.0/24" port port="16509"',
    ),
    Case(
        PORT,
        walled(
            Manager.UFW,
            [("ip", "filter", "INPUT")],
            libvirt=SILENT,
            virsh=None,
        ),
        FAIL,
        "silent",
        "ufw allow proto tcp from 10.77.0.0/24 to any port 16509",
    ),
    Case(
        PORT,
        walled(
            chains=[("ip", "filter", "INPUT"), ("ip6", "filter", "INPUT")],
            libvirt=SILENT,
            virsh=None,
        ),
        FAIL,
        "silent",
        "iptables -I INPUT -s 10.77.0.0/24 -p tcp -m multiport --dports"
        " 16509 -j ACCEPT",
    ),
    Case(
        PORT,
        both(
            {"firewall": Firewall(Manager.NONE, (), (INPUT,))},
            libvirt=SILENT,
            virsh=None,
        ),
        FAIL,
        "",
        "on HostB: nft list chain inet filter input",
    ),
    Case(
        PORT,
        both(libvirt=SILENT, virsh=None),
        FAIL,
        "silent",
        "neither HostC nor HostB has a firewall",
    ),
    Case(PORT, cut(), SKIP, "see destination-is-reachable"),
    Case(ANSWERS, nodes(), PASS, "HostC"),
    Case(
        ANSWERS,
        both(virsh=CommandResult(1, "error: authentication failed")),
        FAIL,
        "authentication failed",
        "virsh -c 'qemu+tcp://10.77.0.13/system' hostname",
    ),
    Case(ANSWERS, both(virsh=CommandResult(124, "")), FAIL, "does not answer"),
    Case(ANSWERS, both(virsh=CommandResult(127, "")), UNKNOWN, "no virsh"),
    Case(ANSWERS, walled(libvirt=SILENT, virsh=None), SKIP),
    Case(DATA, nodes(), PASS, "49152 and 49261"),
    Case(
        DATA,
        walled(low=REFUSED, high=REFUSED),
        FAIL,
        "49152: refused",
        "{ 49152-49261 }",
    ),
    Case(DATA, walled(high=REFUSED), WARN, "49261: refused"),
    # A hole in the middle of what is open.
    Case(
        DATA,
        walled(
            data=(
                TriedPort("10.77.0.13", 49152, OPEN),
                TriedPort("10.77.0.13", 49206, SILENT),
                TriedPort("10.77.0.13", 49261, OPEN),
            )
        ),
        WARN,
        "49206: silent",
        "{ 49152-49261 }",
    ),
    Case(
        DATA,
        both(listened=False, data=(TriedPort("10.77.0.13", 49152, REFUSED),)),
        NOT_CHECKED,
        "read-only was requested",
    ),
    Case(
        DATA,
        walled(listened=False, data=(TriedPort("10.77.0.13", 49152, SILENT),)),
        FAIL,
        "silent",
    ),
    Case(DATA, both(data=Unread("no port")), UNKNOWN, "no port"),
    Case(PATH, nodes(), PASS, "1500 bytes"),
    Case(PATH, both(packet=(8972, False)), FAIL, "9000", "tracepath"),
    Case(PATH, both(packet=None), NOT_CHECKED, "does not answer pings"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove_way(case)


def worst(facts):
    return {f.check for f in findings(facts) if f.status > SKIP}


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        (
            both(deaf=(), libvirt=REFUSED, virsh=None),
            "libvirt-listens",
        ),
        (
            both(
                far={"interfaces": network.healthy("HostC").interfaces},
                options={"libvirt__live_migration_inbound_addr": "10.9.9.9"},
                connect="10.9.9.9",
                uri="qemu+tcp://10.9.9.9/system",
                libvirt=SILENT,
                virsh=None,
                low=SILENT,
                high=SILENT,
                packet=None,
            ),
            "inbound-address-is-local",
        ),
        (
            both(
                options={"DEFAULT__my_ip": "10.9.9.9"},
                copy="10.9.9.9",
                nova_ssh=CommandResult(124, ""),
            ),
            "my-ip-is-local",
        ),
        (cut(), "destination-is-reachable"),
        (
            refused(
                DENIED,
                (),
                {"options": {"allowusers": ("root",), "groups": ("nova",)}},
            ),
            "sshd-lets-nova-in",
        ),
    ],
)
def test_one_fault_is_found_once(facts, check):
    assert worst(facts) == {check}


def test_nobody_but_the_source_is_let_in_from_afar():
    far = {
        "addresses": (Address("10.77.0.13", 32, "eth0"),),
        "firewall": Firewall(Manager.NONE, (INPUT,)),
    }
    facts = both(far=far, libvirt=SILENT, virsh=None)
    found = next(f for f in findings(facts) if f.check == PORT)
    assert "ip saddr 10.77.0.12 tcp" in found.remedy


def test_words_of_strangers_are_quoted():
    name = "$(reboot)"
    far = {"firewall": Firewall(Manager.NONE, (("inet", name, "input"),))}
    facts = both(far=far, libvirt=SILENT, virsh=None)
    found = next(f for f in findings(facts) if f.check == PORT)
    assert f"nft list chain inet '{name}' input" in found.fixes[0].lines[0]
