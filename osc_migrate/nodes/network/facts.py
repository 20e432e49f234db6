"""A node's addresses, names and firewall."""

import dataclasses
import enum
import ipaddress
from collections.abc import Mapping

from osc_migrate.facts import Facts
from osc_migrate.nodes.network.ssh_facts import Ssh


class Manager(enum.StrEnum):
    """What manages the firewall of a node, unless a file of rules does."""

    FIREWALLD = "firewalld"
    UFW = "ufw"
    NONE = "none"


@dataclasses.dataclass(frozen=True)
class Interface:
    """A network interface."""

    mtu: int
    # Switched on by the administrator, and connected to something.
    up: bool
    carrier: bool


@dataclasses.dataclass(frozen=True)
class Address:
    """An address of the node: '10.77.0.13' of /24 on 'eth0'."""

    address: str
    prefix: int
    interface: str

    @property
    def network(self) -> str:
        """The network on its link: '10.77.0.0/24'."""
        cidr = f"{self.address}/{self.prefix}"
        return str(ipaddress.ip_interface(cidr).network)

    def reaches(self, address: str) -> bool:
        """Whether another address is on the same link."""
        return ipaddress.ip_address(address) in ipaddress.ip_network(
            self.network
        )


@dataclasses.dataclass(frozen=True)
class Firewall:
    """What filters the packets to and from a node."""

    manager: Manager
    # Chains that see what comes in and may stop some of it: (family, table,
    # chain) of nftables, or as if iptables were part of it.
    inputs: tuple[tuple[str, str, str], ...] = ()
    # The same for what goes out.
    outputs: tuple[tuple[str, str, str], ...] = ()
    # The file that nftables.service loads; empty unless it is enabled.
    file: str = ""


@dataclasses.dataclass(frozen=True, repr=False)
class NodeNetwork(Facts):
    """A node's addresses, names and firewall."""

    # As hostname(1) says.
    hostname: str
    # A name that the node has, or announces to others -> the addresses that it
    # has there, none where it does not resolve.
    names: Mapping[str, tuple[str, ...]]
    # The same -> its canonical name there.
    canonical: Mapping[str, str]
    # Of /etc/hosts: (address, names), in their order.
    hosts: tuple[tuple[str, tuple[str, ...]], ...]
    addresses: tuple[Address, ...]
    interfaces: Mapping[str, Interface]
    # What is sent from when nothing else is said; empty without a default
    # route.
    primary: str
    firewall: Firewall
    ssh: Ssh
    # Interface -> Mbit/s, where its driver reports it.
    speeds: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def own(self) -> frozenset[str]:
        """All addresses, those of loopback too."""
        return frozenset(a.address for a in self.addresses)

    def holder(self, address: str) -> Address | None:
        """The entry of an address, None when the node does not have it."""
        return next((a for a in self.addresses if a.address == address), None)


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_address(word: str) -> bool:
    """Whether a word is an IP address rather than a name."""
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
