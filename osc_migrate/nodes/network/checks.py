"""Checks of a node's own names and addresses."""

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import or_none
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.network import links, routes
from osc_migrate.nodes.network.address import (
    is_own,
    own_address,
    resolved_addresses,
    to_own_address,
)
from osc_migrate.nodes.network.facts import is_address, is_loopback
from osc_migrate.nodes.network.hosts_file import add_name, remove_name
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_node
from osc_migrate.nodes.reach import ssh
from osc_migrate.text import command, paste


@of_node(LIVE)
def inbound_address_is_local(node: NodeFacts) -> str:
    """live_migration_inbound_addr is an address of the node.

    The destination sends it to the source, which connects there
    (nova/virt/libvirt/driver.py, pre_live_migration).
    """
    inbound = config_of(node).get("libvirt", "live_migration_inbound_addr")
    if not inbound:
        return "not set: the others use the node's name"
    word = routes.checked_destination(inbound, "live_migration_inbound_addr")
    addresses = resolved_addresses(node, word)
    if not addresses:
        raise Skip(f"{word} does not resolve here; only the others need it")
    if is_own(node, word):
        return word
    if any(map(is_loopback, addresses)):
        if not is_address(word):
            raise Skip("see host-name-is-not-loopback")
        explanation = "means to each of the others itself"
    else:
        explanation = f"is not an address of {node.name}"
    shown = (
        word if addresses == (word,) else f"{word} ({', '.join(addresses)})"
    )
    raise to_own_address(
        node,
        f"live_migration_inbound_addr is {shown}, which {explanation}",
        "libvirt",
        "live_migration_inbound_addr",
    )


@of_node([Kind.COLD])
def my_ip_is_local(node: NodeFacts) -> str:
    """The address that disks are copied to is one of the node's.

    my_ip, or migration_inbound_addr of newer releases
    (nova/virt/libvirt/driver.py, get_host_ip_addr).
    """
    option = routes.copy_option(config_of(node))
    word = routes.copy_address(
        config_of(node),
        or_none(lambda: node.network.hostname) or node.name,
        or_none(lambda: node.network.primary) or "",
    )
    addresses = resolved_addresses(node, word)
    if not addresses:
        raise Skip(f"{word} does not resolve here; only the others need it")
    if is_own(node, word):
        return word
    section = "DEFAULT" if option == "my_ip" else "libvirt"
    raise to_own_address(
        node,
        f"{option} is {word}, which is not an address of {node.name}",
        section,
        option,
    )


@of_node(LIVE)
def host_name_is_not_loopback(node: NodeFacts) -> str:
    """The name that the others connect to does not mean loopback here.

    A hosts file that is the same everywhere would send them to themselves;
    a host that is called localhost, libvirt refuses ('hostname on
    destination resolved to localhost', qemu_migration.c).
    """
    network = node.network
    inbound = config_of(node).get("libvirt", "live_migration_inbound_addr")
    if not inbound and network.hostname.startswith("localhost"):
        raise Problem(
            f"the host is called {network.hostname}: libvirt does not"
            " announce such a name",
            f"on {node.name}: hostnamectl set-hostname {paste(node.name)}",
        )
    if inbound and is_address(inbound):
        return "other nodes are given an address"
    word = routes.connect(config_of(node), node.name)
    addresses = resolved_addresses(node, word)
    loopback_addresses = [a for a in addresses if is_loopback(a)]
    if not loopback_addresses:
        return f"{word}: {', '.join(addresses) or 'does not resolve here'}"
    lines = remove_name(network.hosts, word, loopback_addresses)
    if address := own_address(node):
        lines += (add_name(address, word),)
    raise Concern(
        f"other nodes are given {word}, which is {loopback_addresses[0]} here:"
        " a node with the same /etc/hosts connects to itself",
        "" if lines else f"give {word} its own address in /etc/hosts",
        *((Fix(node.name, lines),) if lines else ()),
    )


@of_node()
def hosts_file_agrees_with_itself(node: NodeFacts) -> str:
    """/etc/hosts gives the node's own names to no other machine.

    Of two lines, glibc returns both or the first (host.conf, multi): who
    reads the other one is elsewhere.
    """
    network = node.network
    own_names = {network.hostname, node.name} | set(network.names)
    own_names |= {name.lower() for name in own_names}
    foreign_addresses: dict[str, list[str]] = {}
    own_addresses: dict[str, list[str]] = {}
    for address, names in network.hosts:
        addresses_by_name = (
            own_addresses if address in network.own else foreign_addresses
        )
        for name in own_names.intersection(names):
            addresses_by_name.setdefault(name, []).append(address)
    for name in sorted(foreign_addresses.keys() & own_addresses.keys()):
        lines = remove_name(network.hosts, name, foreign_addresses[name])
        raise Concern(
            f"/etc/hosts gives {name} {', '.join(own_addresses[name])} and"
            f" also {', '.join(foreign_addresses[name])}, which is not an"
            f" address of {node.name}",
            "",
            Fix(node.name, lines),
        )
    return f"{len(network.hosts)} lines"


@of_node(LIVE)
def interface_is_up(node: NodeFacts) -> str:
    """The interface where migrations come in is up and connected."""
    network = node.network
    word = routes.connect(config_of(node), node.name)
    for address in resolved_addresses(node, word):
        holder = network.holder(address)
        if holder is None or holder.interface not in network.interfaces:
            continue
        name = holder.interface
        link = network.interfaces[name]
        if not link.up:
            raise Problem(
                f"{name}, which has {address}, is down",
                "",
                Fix(node.name, (command("ip", "link", "set", name, "up"),)),
            )
        if not link.carrier:
            raise Problem(
                f"{name}, which has {address}, has no carrier",
                f"check the cable, and the switch's port, of {name} on"
                f" {node.name}",
            )
        return f"{name} has {address}"
    raise Skip("the address is not on a separate interface here")


NODE: tuple[Check, ...] = (
    inbound_address_is_local,
    my_ip_is_local,
    host_name_is_not_loopback,
    hosts_file_agrees_with_itself,
    interface_is_up,
    ssh.sshd_lets_nova_in,
)
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = ()
CLUSTER: tuple[Check, ...] = (
    links.names_resolve_alike,
    links.inbound_addresses_differ,
    links.mtu_agrees,
)
