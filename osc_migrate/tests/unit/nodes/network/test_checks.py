import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.network.facts import Address, Interface
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
from osc_migrate.tests.unit.nodes.shapes import config, network, nodes, reach
from osc_migrate.tests.unit.nodes.shapes import node as healthy

INBOUND = "inbound-address-is-local"
MY_IP = "my-ip-is-local"
LOOPBACK = "host-name-is-not-loopback"
HOSTS = "hosts-file-agrees-with-itself"
UP = "interface-is-up"
SSHD = "sshd-lets-nova-in"
ALIKE = "names-resolve-alike"
DIFFER = "inbound-addresses-differ"
MTU = "mtu-agrees"


def one(net=(), **options):
    """HostC alone, with that network and these options of nova.conf."""
    return [
        healthy(
            config=config.healthy("HostC", **options),
            network=network.healthy("HostC", **dict(net)),
        )
    ]


def told(address):
    return {"libvirt__live_migration_inbound_addr": address}


def named(address):
    """HostC reports its name, which has that address there."""
    return one({"names": {"HostC": (address,)}}, **told("HostC"))


def sshd(**options):
    said = {"groups": ("nova",), **options}
    return one({"ssh": network.ssh("HostC", options=said)})


def both(**changes):
    """HostB and HostC, whose network is changed."""
    return nodes(HostC=healthy(network=network.healthy("HostC", **changes)))


def seen(addresses):
    """HostB sees HostC's name so."""
    there = reach.healthy(
        "HostB", "HostC", names={"10.77.0.13": ("10.77.0.13",)} | addresses
    )
    return nodes(HostB=healthy("HostB", reach={"HostC": there}))


LINKS = network.healthy("HostC").interfaces
SECOND = Address("10.78.0.13", 24, "mig0")
MIG = {
    "addresses": (*network.healthy("HostC").addresses, SECOND),
    "interfaces": LINKS | {"mig0": Interface(1500, False, False)},
}
OWN = network.healthy("HostC").hosts
AFAR = {
    **told("10.9.9.9"),
    "DEFAULT__my_ip": None,
    "libvirt__migration_inbound_addr": "10.77.0.13",
}


@pytest.mark.parametrize(
    "case",
    [
        Case(INBOUND, one(), PASS, "10.77.0.13"),
        Case(
            INBOUND,
            one(**told("10.77.0.12")),
            FAIL,
            "10.77.0.12, which is not an address of HostC",
            "live_migration_inbound_addr 10.77.0.13",
        ),
        Case(INBOUND, one(**told("127.0.0.1")), FAIL, "itself"),
        Case(
            INBOUND,
            one({"primary": ""}, **AFAR),
            FAIL,
            "",
            "ip -o addr",
        ),
        Case(INBOUND, one(**told(None)), PASS, "not set"),
        Case(INBOUND, one(**told("other.example")), SKIP, "not resolve"),
        Case(INBOUND, one({"addresses": Unread("no ip")}), UNKNOWN, "no ip"),
        Case(MY_IP, one(), PASS, "10.77.0.13"),
        Case(
            MY_IP,
            one(DEFAULT__my_ip="10.9.9.9"),
            FAIL,
            "my_ip is 10.9.9.9",
            "my_ip 10.77.0.13",
        ),
        Case(
            MY_IP,
            one(libvirt__migration_inbound_addr="10.9.9.9"),
            FAIL,
            "migration_inbound_addr is",
            "libvirt migration_inbound_addr 10.77.0.13",
        ),
        Case(
            MY_IP,
            one(libvirt__migration_inbound_addr="%s.example"),
            SKIP,
            "HostC.example",
        ),
        Case(
            MY_IP,
            one(DEFAULT__my_ip="-oProxy=x"),
            UNKNOWN,
            "neither a host name",
        ),
        Case(LOOPBACK, named("10.77.0.13"), PASS),
        Case(
            LOOPBACK,
            named("127.0.1.1"),
            WARN,
            "HostC, which is 127.0.1.1 here",
            "line_add /etc/hosts '10.77.0.13 HostC'",
        ),
        Case(
            LOOPBACK,
            one({"hostname": "localhost"}, **told(None)),
            FAIL,
            "does not announce",
            "set-hostname HostC",
        ),
        Case(
            HOSTS,
            one({"hosts": (*OWN, ("10.9.9.9", ("old", "hostc")))}),
            WARN,
            "also 10.9.9.9",
            "line_add /etc/hosts '10.9.9.9 old'",
        ),
        Case(HOSTS, one({"hosts": Unread("unreadable")}), UNKNOWN),
        Case(UP, one(), PASS, "eth0 has 10.77.0.13"),
        Case(
            UP,
            one(MIG, **told("10.78.0.13")),
            FAIL,
            "mig0, which has 10.78.0.13, is down",
            "ip link set mig0 up",
        ),
        Case(
            UP,
            one(
                MIG | {"interfaces": {"mig0": Interface(1500, True, False)}},
                **told("10.78.0.13"),
            ),
            FAIL,
            "no carrier",
            "cable",
        ),
        Case(SSHD, sshd(), PASS),
        Case(SSHD, sshd(allowusers=("root",)), FAIL, "AllowUsers root"),
        Case(SSHD, sshd(allowusers=("root", "nova")), PASS),
        Case(SSHD, sshd(allowusers=("nov*",)), PASS),
        Case(SSHD, sshd(denyusers=("nova",)), FAIL, "DenyUsers"),
        Case(SSHD, sshd(allowgroups=("wheel",)), FAIL, "AllowGroups"),
        Case(SSHD, sshd(denygroups=("nova",)), FAIL, "DenyGroups"),
        Case(SSHD, sshd(pubkeyauthentication=("no",)), FAIL, "Pubkey"),
        Case(
            SSHD,
            one({"ssh": network.ssh("HostC", options={})}),
            SKIP,
            "does not show its options",
        ),
        Case(ALIKE, nodes(), PASS, "2 names"),
        Case(
            ALIKE,
            seen({"HostC": ("10.9.9.9",)}),
            WARN,
            "HostC is 10.9.9.9 for HostB",
            "line_add /etc/hosts '10.77.0.13 HostC'",
        ),
        Case(ALIKE, seen({"HostC": ()}), WARN, "no address for HostB"),
        Case(
            DIFFER,
            both(
                addresses=(
                    *network.healthy("HostC").addresses,
                    Address("10.77.0.12", 24, "eth0"),
                )
            ),
            PASS,
        ),
        Case(MTU, nodes(), PASS, "1500"),
        Case(
            MTU,
            both(interfaces=LINKS | {"eth0": Interface(1400, True, True)}),
            WARN,
            "HostC's on eth0 is 1400",
            "mtu 1500",
        ),
        Case(MTU, both(interfaces=Unread("no ip")), UNKNOWN, "no ip"),
    ],
    ids=str,
)
def test_check(case):
    ours = case.status is UNKNOWN
    if not ours:
        prove(case)
        return
    # What is not known, others may miss as well.
    found = [f for f in findings(case.nodes) if f.check == case.check]
    assert found[0].status is UNKNOWN
    assert case.detail in found[0].detail


def test_one_address_on_two_nodes():
    twin = healthy(
        "HostB",
        network=network.healthy(
            "HostB",
            addresses=(
                *network.healthy("HostB").addresses,
                Address("10.77.0.13", 24, "eth0"),
            ),
        ),
        config=config.healthy("HostB", **told("10.77.0.13")),
    )
    found = {f.check: f for f in findings(nodes(HostB=twin))}
    assert found[DIFFER].status is FAIL
    assert "10.77.0.13 is an address of HostB and of HostC" in (
        found[DIFFER].detail
    )
