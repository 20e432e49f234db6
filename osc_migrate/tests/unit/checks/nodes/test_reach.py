import dataclasses

import pytest

from osc_migrate.model.facts import Unread
from osc_migrate.model.node.network import Address, Firewall, Manager
from osc_migrate.model.node.reach import Done, Outcome, Port
from osc_migrate.model.node.ssh import File
from osc_migrate.tests.unit.checks.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.node_shapes import (
    accounts,
    config,
    libvirt,
    network,
    nodes,
    reach,
)
from osc_migrate.tests.unit.node_shapes import node as healthy

NAME = "destination-name-resolves"
REACHABLE = "destination-is-reachable"
PORT = "destination-libvirt-port-is-open"
ANSWERS = "destination-libvirt-answers"
DATA = "destination-data-ports-are-open"
SSH = "nova-can-ssh"
PATH = "migration-path-carries-full-packets"
WAY = "HostB -> HostC"
OPEN, REFUSED = Outcome.OPEN, Outcome.REFUSED
SILENT, UNREACHABLE = Outcome.SILENT, Outcome.UNREACHABLE
HOME = "/var/lib/nova"
STACK = accounts.NOVA.but(name="stack", home="/opt/stack")
INPUT = ("inet", "filter", "input")


def both(
    near=(), far=(), options=(), deaf=None, user=accounts.NOVA, **changes
):
    """HostB, whose reach of HostC is changed; both ends' networks.

    :param options: of nova.conf of HostC.
    :param user: that nova-compute runs as.
    """
    source = healthy(
        "HostB",
        accounts=accounts.healthy("HostB", nova=user),
        network=network.healthy("HostB", **dict(near)),
        reach={"HostC": reach.healthy("HostB", "HostC", **changes)},
    )
    parts = {"libvirt": libvirt.healthy("HostC", listeners=deaf)}
    destination = healthy(
        "HostC",
        network=network.healthy("HostC", **dict(far)),
        config=config.healthy("HostC", **dict(options)),
        **(parts if deaf is not None else {}),
    )
    return nodes(HostB=source, HostC=destination)


def named(*addresses, hosts=None):
    """HostC tells its name, which has these addresses on HostB."""
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


def cut(**changes):
    said = "ssh: connect to host 10.77.0.13 port 22: Connection timed out"
    nothing = {
        "libvirt": SILENT,
        "low": SILENT,
        "high": SILENT,
        "virsh": None,
        "nova_ssh": Done(255, said),
        "packet": None,
    }
    return both(**(nothing | changes))


def refused(said, near=(), far=(), status=255):
    return both(
        {"ssh": network.ssh("HostB", **dict(near))},
        {"ssh": network.ssh("HostC", **dict(far))},
        nova_ssh=Done(status, said),
    )


def files(**changes):
    found = dict(network.ssh("HostB").files)
    for name, file in changes.items():
        found[f"{HOME}/.ssh/{name}" if name != "ssh" else f"{HOME}/.ssh"] = (
            file
        )
    return {path: file for path, file in found.items() if file}


DENIED = "nova@10.77.0.13: Permission denied (publickey)."
HOSTS = network.HOSTS


@pytest.mark.parametrize(
    "case",
    [
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
            "10.9.9.9 is no address of HostC",
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
        Case(REACHABLE, cut(), FAIL, "nothing from HostB", "ip route get"),
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
            both(virsh=Done(1, "error: authentication failed")),
            FAIL,
            "authentication failed",
            "virsh -c 'qemu+tcp://10.77.0.13/system' hostname",
        ),
        Case(ANSWERS, both(virsh=Done(124, "")), FAIL, "does not answer"),
        Case(ANSWERS, both(virsh=Done(127, "")), UNKNOWN, "no virsh"),
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
        Case(
            DATA,
            both(listened=False, data=(Port("10.77.0.13", 49152, REFUSED),)),
            SKIP,
            "nothing was to be touched",
        ),
        Case(
            DATA,
            walled(listened=False, data=(Port("10.77.0.13", 49152, SILENT),)),
            FAIL,
            "silent",
        ),
        Case(DATA, both(data=Unread("no port")), UNKNOWN, "no port"),
        Case(SSH, nodes(), PASS, "nova@10.77.0.13"),
        Case(
            SSH,
            refused("Host key verification failed."),
            FAIL,
            "does not know the ssh host key",
            "line_add /var/lib/nova/.ssh/known_hosts '10.77.0.13 ssh-ed25519"
            " AAAAHostC'",
        ),
        Case(
            SSH,
            refused("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!"),
            FAIL,
            "knows another",
            "ssh-keygen -q -R 10.77.0.13",
        ),
        Case(
            SSH,
            refused("Host key verification failed.", far={"host_keys": ()}),
            FAIL,
            "does not know",
            "compare with ssh-keygen -lf on HostC",
        ),
        Case(
            SSH,
            refused(DENIED, {"files": files(id_ed25519=None)}),
            FAIL,
            "no private key",
            "ssh-keygen -t ed25519",
        ),
        Case(
            SSH,
            refused(DENIED, {"files": files(id_ed25519=File(0o644, "nova"))}),
            FAIL,
            "mode 644",
            "chmod 600 /var/lib/nova/.ssh/id_ed25519",
        ),
        Case(
            SSH,
            refused(DENIED, (), {"files": files(ssh=File(0o777, "nova"))}),
            FAIL,
            "StrictModes",
            "on HostC: chown nova: /var/lib/nova/.ssh; chmod go-w",
        ),
        Case(
            SSH,
            refused(DENIED, (), {"authorized": ()}),
            FAIL,
            "lacks nova's key",
            "line_add /var/lib/nova/.ssh/authorized_keys 'ssh-ed25519",
        ),
        Case(SSH, refused(DENIED), FAIL, "refuses", "journalctl"),
        Case(
            SSH,
            refused(
                "This account is currently not available.",
                (),
                {"shell": "/usr/sbin/nologin"},
                1,
            ),
            FAIL,
            "/usr/sbin/nologin",
            "usermod -s /bin/bash nova",
        ),
        Case(
            SSH,
            refused(
                "ssh: connect to host 10.77.0.13 port 22: Connection refused"
            ),
            FAIL,
            "Connection refused",
        ),
        Case(SSH, refused("", status=124), FAIL, "no answer"),
        Case(SSH, refused("bash: line 1: \x1b[2J"), FAIL, "\\x1b[2J"),
        Case(
            SSH,
            refused("su: user nova does not exist", status=1),
            UNKNOWN,
            "container",
        ),
        # Of another user's files nothing was read.
        Case(
            SSH,
            both(
                user=STACK, nova_ssh=Done(255, DENIED.replace("nova", "stack"))
            ),
            FAIL,
            "as stack: stack@10.77.0.13: Permission denied",
            "as stack on HostB: ssh",
        ),
        Case(
            SSH,
            both(user=STACK),
            PASS,
            "stack@10.77.0.13",
        ),
        Case(SSH, cut(), SKIP, "see destination-is-reachable"),
        Case(PATH, nodes(), PASS, "1500 bytes"),
        Case(PATH, both(packet=(8972, False)), FAIL, "9000", "tracepath"),
        Case(PATH, both(packet=None), SKIP, "no answer"),
    ],
    ids=str,
)
def test_check(case):
    case = dataclasses.replace(case, subject=WAY)
    if case.status in (PASS, FAIL, WARN):
        prove(case)
        return
    found = [
        f
        for f in findings(case.nodes)
        if f.check == case.check and f.subject == WAY
    ]
    assert found[0].status is case.status
    assert case.detail in found[0].detail


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
                nova_ssh=Done(124, ""),
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
