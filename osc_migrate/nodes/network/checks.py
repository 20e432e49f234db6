"""Checks of a node's own names and addresses."""

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import known
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.network import links, routes
from osc_migrate.nodes.network.address import (
    is_own,
    own_address,
    to_own_address,
    told_addresses,
)
from osc_migrate.nodes.network.facts import is_address, is_loopback
from osc_migrate.nodes.network.hosts_file import given, without
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_node
from osc_migrate.nodes.reach import ssh
from osc_migrate.text import command, paste


@of_node(LIVE)
def inbound_address_is_local(node: NodeFacts) -> str:
    """live_migration_inbound_addr is an address of the node.

    The destination tells it to the source, which connects there
    (nova/virt/libvirt/driver.py, pre_live_migration).
    """
    inbound = config_of(node).get("libvirt", "live_migration_inbound_addr")
    if not inbound:
        return "not set: the others use the node's name"
    word = routes.safe(inbound, "live_migration_inbound_addr")
    found = told_addresses(node, word)
    if not found:
        raise Skip(f"{word} does not resolve here; only the others need it")
    if is_own(node, word):
        return word
    if any(map(is_loopback, found)):
        if not is_address(word):
            raise Skip("host-name-is-not-loopback tells")
        why = "means to each of the others itself"
    else:
        why = f"is no address of {node.name}"
    shown = word if found == (word,) else f"{word} ({', '.join(found)})"
    raise to_own_address(
        node,
        f"live_migration_inbound_addr is {shown}, which {why}",
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
        known(lambda: node.network.hostname) or node.name,
        known(lambda: node.network.primary) or "",
    )
    found = told_addresses(node, word)
    if not found:
        raise Skip(f"{word} does not resolve here; only the others need it")
    if is_own(node, word):
        return word
    section = "DEFAULT" if option == "my_ip" else "libvirt"
    raise to_own_address(
        node,
        f"{option} is {word}, which is no address of {node.name}",
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
            f"the host is called {network.hostname}: libvirt refuses to tell"
            " others such a name",
            f"on {node.name}: hostnamectl set-hostname {paste(node.name)}",
        )
    if inbound and is_address(inbound):
        return "the others are told an address"
    word = routes.connect(config_of(node), node.name)
    found = told_addresses(node, word)
    wrong = [one for one in found if is_loopback(one)]
    if not wrong:
        return f"{word}: {', '.join(found) or 'does not resolve here'}"
    lines = without(network.hosts, word, wrong)
    if address := own_address(node):
        lines += (given(address, word),)
    raise Concern(
        f"the others are told {word}, which is {wrong[0]} here: whoever has"
        " the same /etc/hosts connects to itself",
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
    mine = {network.hostname, node.name} | set(network.names)
    mine |= {name.lower() for name in mine}
    wrong: dict[str, list[str]] = {}
    right: dict[str, list[str]] = {}
    for address, names in network.hosts:
        where = right if address in network.own else wrong
        for name in mine.intersection(names):
            where.setdefault(name, []).append(address)
    for name in sorted(wrong.keys() & right.keys()):
        lines = without(network.hosts, name, wrong[name])
        raise Concern(
            f"/etc/hosts gives {name} {', '.join(right[name])} and also"
            f" {', '.join(wrong[name])}, which is no address of {node.name}",
            "",
            Fix(node.name, lines),
        )
    return f"{len(network.hosts)} lines"


@of_node(LIVE)
def interface_is_up(node: NodeFacts) -> str:
    """The interface where migrations come in is up and connected."""
    network = node.network
    word = routes.connect(config_of(node), node.name)
    for address in told_addresses(node, word):
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
    raise Skip("the address is on no interface of its own here")


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
