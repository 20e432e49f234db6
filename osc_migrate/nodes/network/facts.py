"""Facts about the addresses, names and firewall of a node."""

import dataclasses
import enum
import ipaddress
from collections.abc import Mapping

from osc_migrate.facts import Facts
from osc_migrate.nodes.network.ssh_facts import Ssh


class Manager(enum.StrEnum):
    """Manager of a node's firewall, unless it is a file with rules."""

    FIREWALLD = "firewalld"
    UFW = "ufw"
    NONE = "none"


@dataclasses.dataclass(frozen=True)
class Interface:
    """A network interface."""

    mtu: int
    # Enabled by the administrator, and with a carrier.
    up: bool
    carrier: bool


@dataclasses.dataclass(frozen=True)
class Address:
    """An address of a node, such as 10.77.0.13/24 on eth0."""

    address: str
    prefix: int
    interface: str

    @property
    def network(self) -> str:
        """The network of its link: '10.77.0.0/24'."""
        cidr = f"{self.address}/{self.prefix}"
        return str(ipaddress.ip_interface(cidr).network)

    def reaches(self, address: str) -> bool:
        """Return whether another address is on the same link."""
        return ipaddress.ip_address(address) in ipaddress.ip_network(
            self.network
        )


@dataclasses.dataclass(frozen=True)
class Firewall:
    """The packet filter of a node."""

    manager: Manager
    # Chains for incoming packets that may drop some: (family, table, chain) of
    # nftables, or the equivalent for iptables.
    inputs: tuple[tuple[str, str, str], ...] = ()
    # The same for outgoing packets.
    outputs: tuple[tuple[str, str, str], ...] = ()
    # The file that nftables.service loads; empty unless it is enabled.
    file: str = ""


@dataclasses.dataclass(frozen=True, repr=False)
class NodeNetwork(Facts):
    """A node's addresses, names and firewall."""

    # Output of hostname(1).
    hostname: str
    # Name of the node, or announced by it -> its addresses on the node; empty
    # if it does not resolve.
    names: Mapping[str, tuple[str, ...]]
    # The same names -> canonical name.
    canonical: Mapping[str, str]
    # Lines of /etc/hosts in order: (address, names).
    hosts: tuple[tuple[str, tuple[str, ...]], ...]
    addresses: tuple[Address, ...]
    interfaces: Mapping[str, Interface]
    # Source address of the default route; empty without one.
    primary: str
    firewall: Firewall
    ssh: Ssh
    # Interface -> Mbit/s, if its driver reports it.
    speeds: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def own(self) -> frozenset[str]:
        """All addresses, including loopback."""
        return frozenset(a.address for a in self.addresses)

    def holder(self, address: str) -> Address | None:
        """Return the entry of an address, or None."""
        return next((a for a in self.addresses if a.address == address), None)


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_address(word: str) -> bool:
    """Return whether a word is an IP address rather than a name."""
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
