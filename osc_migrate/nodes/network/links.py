"""Checks of what all nodes have to see alike in their network."""

import functools

from osc_migrate.checks.check import Concern, Problem, Skip
from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import Mtu, by_type
from osc_migrate.facts import Unread
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.majority import most_common
from osc_migrate.nodes.network import routes
from osc_migrate.nodes.network.address import is_own, told_addresses
from osc_migrate.nodes.network.hosts_file import right_name
from osc_migrate.nodes.node import ClusterFacts, NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_cluster
from osc_migrate.text import command, listed


def _configured(node: NodeFacts) -> bool:
    try:
        return bool(node.config)
    except Unread:
        return False


@of_cluster()
def names_resolve_alike(cluster: ClusterFacts) -> str:
    """Every node finds an address of another under its name.

    Nova's own condition (configuring-migrations.rst: 'name resolution on
    all of your compute hosts, so that they can connect to each other'). A
    name that a move needs is judged for each pair by itself.
    """
    odd: list[str] = []
    fixes: list[Fix] = []
    count = 0
    # Of others nobody knows which names are needed.
    told = [node for node in cluster.computes if _configured(node)]
    untried: list[str] = []
    for node in told:
        for other in cluster.computes:
            if other is node:
                continue
            if node.name not in other.reach:
                untried.append(f"{node.name} was not tried from {other.name}")
                continue
            reach = other.reach[node.name]
            if node.name in (reach.connect, reach.copy):
                continue
            count += 1
            found = reach.names.get(node.name, ())
            if wrong := set(found) - node.network.own:
                odd.append(
                    f"{node.name} is {', '.join(sorted(wrong))} for"
                    f" {other.name}, which is no address of it"
                )
            elif not found:
                odd.append(f"{node.name} has no address for {other.name}")
            else:
                continue
            fixes += right_name(other, node, node.name)[1:]
    if odd:
        raise Concern(
            listed(odd, between="; "),
            "nova.conf gives addresses, so moves work; but give every node"
            " the same names, in DNS or "
            + ("; ".join(map(str, fixes[:5])) or "/etc/hosts"),
            *fixes,
        )
    if untried:
        raise Unread(untried[0])
    for node in cluster.computes:
        # Its names were looked up, and not judged.
        config_of(node)
    return f"{count} names" if count else "no name is only for people"


@of_cluster(LIVE)
def inbound_addresses_differ(cluster: ClusterFacts) -> str:
    """No two nodes have the address where migrations come in.

    Two machines with one address take turns: a server may arrive at the
    wrong one.
    """
    holders: dict[str, list[str]] = {}
    for node in cluster.computes:
        word = routes.connect(config_of(node), node.name)
        for address in (
            told_addresses(node, word) if is_own(node, word) else ()
        ):
            holders.setdefault(address, []).append(node.name)
    for address, names in holders.items():
        if len(names) > 1:
            raise Problem(
                f"{address} is an address of {' and of '.join(names)}",
                "take it from all but one (ip addr del), and in the files"
                " that set it at boot; then arping -D shows whether it is"
                " still used twice",
            )
    if len(holders) < 2:
        raise Skip("fewer than two nodes have such an address of their own")
    return f"{len(holders)} addresses"


def _with_mtu(name: str, interface: str, usual: int) -> Fix:
    line = command("ip", "link", "set", interface, "mtu", Mtu(usual))
    return Fix(
        name, (line,), rests_on=("other nodes",), vouched=by_type(Mtu(usual))
    )


@of_cluster()
def mtu_agrees(cluster: ClusterFacts) -> str:
    """The interfaces where migrations come in have the same MTU.

    Packets that are larger than the receiver takes are lost on the way, or
    make the copy slow.
    """
    found = {node.name: inbound_mtu(node) for node in cluster.computes}
    links = {name: link for name, link in found.items() if link}
    mtus = {name: mtu for name, (_, mtu) in links.items()}
    if not mtus:
        return ""
    # Of two that are as frequent, the lower one is the odd one: 1500 is
    # what a link has by itself.
    usual = max(most_common(mtus))
    odd = {n: link for n, link in links.items() if link[1] != usual}
    if not odd:
        return f"{usual} bytes"
    fixes = [
        allowed(name, functools.partial(_with_mtu, name, interface, usual))
        for name, (interface, _) in odd.items()
    ]
    raise Concern(
        "; ".join(
            f"{name}'s on {interface} is {mtu}"
            for name, (interface, mtu) in odd.items()
        )
        + f", that of the others {usual}",
        "; ".join(map(str, fixes)) + "; and the same where it is set at boot"
        " (netplan, interfaces, NetworkManager)",
        *fixes,
    )


def inbound_mtu(node: NodeFacts) -> tuple[str, int] | None:
    """(interface, its MTU) where migrations come in; None when that is no
    interface of the node.

    :raises Unread: what that is.
    """
    word = routes.connect(config_of(node), node.name)
    found = told_addresses(node, word)
    if not is_own(node, word):
        found = (node.network.primary,)
    for address in found:
        holder = node.network.holder(address)
        if holder and holder.interface in node.network.interfaces:
            link = node.network.interfaces[holder.interface]
            return holder.interface, link.mtu
    return None


def inbound_is_up(node: NodeFacts) -> bool:
    """interface_is_up has nothing to say of the node."""
    try:
        found = inbound_mtu(node)
        link = node.network.interfaces[found[0]] if found else None
    except Unread:
        return True
    return link is None or (link.up and link.carrier)


def mtu_differs(one: NodeFacts, other: NodeFacts) -> bool:
    """mtu_agrees has something to say of the two."""
    try:
        mine, theirs = inbound_mtu(one), inbound_mtu(other)
    except Unread:
        return False
    return bool(mine and theirs and mine[1] != theirs[1])
