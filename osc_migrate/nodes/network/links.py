"""Checks of the network that compare all nodes."""

import functools

from osc_migrate.checks.check import Concern, NotChecked, Problem, Skip
from osc_migrate.checks.findings import Fix, Gap, allowed
from osc_migrate.checks.script import Mtu, by_type
from osc_migrate.facts import Unread
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.majority import most_common
from osc_migrate.nodes.network import routes
from osc_migrate.nodes.network.address import is_own, resolved_addresses
from osc_migrate.nodes.network.hosts_file import right_name
from osc_migrate.nodes.node import ClusterFacts, NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_cluster
from osc_migrate.text import command, listed


def _configured(node: NodeFacts) -> bool:
    try:
        return bool(node.config)
    except Unread:
        return False


NAMES = Gap(
    "names between some nodes",
    "check from one machine that reaches all of them",
)


@of_cluster()
def names_resolve_alike(cluster: ClusterFacts) -> str:
    """Every node finds an address of another under its name.

    Nova's own condition (configuring-migrations.rst: 'name resolution on
    all of your compute hosts, so that they can connect to each other'). A
    name that a move needs is judged for each pair by itself.
    """
    deviations: list[str] = []
    fixes: list[Fix] = []
    count = 0
    # Which names the others need is unknown.
    configured_nodes = [node for node in cluster.computes if _configured(node)]
    untried: list[str] = []
    for node in configured_nodes:
        for peer in cluster.computes:
            if peer is node:
                continue
            if node.name not in peer.reach:
                untried.append(f"{node.name} was not tried from {peer.name}")
                continue
            reach = peer.reach[node.name]
            if node.name in (reach.connect, reach.copy):
                continue
            count += 1
            addresses = reach.names.get(node.name, ())
            if wrong_addresses := set(addresses) - node.network.own:
                deviations.append(
                    f"{node.name} is {', '.join(sorted(wrong_addresses))} for"
                    f" {peer.name}, which is not an address of it"
                )
            elif not addresses:
                deviations.append(
                    f"{node.name} has no address for {peer.name}"
                )
            else:
                continue
            fixes += right_name(peer, node, node.name)[1:]
    if deviations:
        raise Concern(
            listed(deviations, between="; "),
            "nova.conf gives addresses, so moves work; but use the same"
            " names on every node, in DNS or "
            + ("; ".join(map(str, fixes[:5])) or "/etc/hosts"),
            *fixes,
        )
    if untried:
        # For example between nodes behind different bastions.
        raise NotChecked(listed(untried), NAMES)
    for node in cluster.computes:
        # Its names were resolved, but not judged.
        config_of(node)
    return f"{count} names" if count else "every name is used"


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
            resolved_addresses(node, word) if is_own(node, word) else ()
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
        raise Skip("fewer than two nodes have a separate address of that kind")
    return f"{len(holders)} addresses"


def _with_mtu(name: str, interface: str, mtu: int) -> Fix:
    line = command("ip", "link", "set", interface, "mtu", Mtu(mtu))
    return Fix(
        name, (line,), rests_on=("other nodes",), vouched=by_type(Mtu(mtu))
    )


@of_cluster()
def mtu_agrees(cluster: ClusterFacts) -> str:
    """The interfaces where migrations come in have the same MTU.

    Packets that are larger than the receiver takes are lost on the way, or
    make the copy slow.
    """
    link_by_node = {node.name: inbound_mtu(node) for node in cluster.computes}
    links = {name: link for name, link in link_by_node.items() if link}
    mtus = {name: mtu for name, (_, mtu) in links.items()}
    if not mtus:
        return ""
    # In a tie the higher one counts: 1500 is the default of a link.
    common_mtu = max(most_common(mtus))
    deviating = {n: link for n, link in links.items() if link[1] != common_mtu}
    if not deviating:
        return f"{common_mtu} bytes"
    fixes = [
        allowed(
            name, functools.partial(_with_mtu, name, interface, common_mtu)
        )
        for name, (interface, _) in deviating.items()
    ]
    raise Concern(
        "; ".join(
            f"{name}'s on {interface} is {mtu}"
            for name, (interface, mtu) in deviating.items()
        )
        + f", that of the others {common_mtu}",
        "; ".join(map(str, fixes)) + "; and the same where it is set at boot"
        " (netplan, interfaces, NetworkManager)",
        *fixes,
    )


def inbound_mtu(node: NodeFacts) -> tuple[str, int] | None:
    """Return (interface, MTU) for incoming migrations.

    None if the address is not on an interface of the node.

    :raises Unread: the address is unknown.
    """
    word = routes.connect(config_of(node), node.name)
    addresses = resolved_addresses(node, word)
    if not is_own(node, word):
        addresses = (node.network.primary,)
    for address in addresses:
        holder = node.network.holder(address)
        if holder and holder.interface in node.network.interfaces:
            link = node.network.interfaces[holder.interface]
            return holder.interface, link.mtu
    return None


def inbound_is_up(node: NodeFacts) -> bool:
    """Return whether interface_is_up reports no problem of the node."""
    try:
        interface_mtu = inbound_mtu(node)
        link = (
            node.network.interfaces[interface_mtu[0]]
            if interface_mtu
            else None
        )
    except Unread:
        return True
    return link is None or (link.up and link.carrier)


def mtu_differs(source: NodeFacts, destination: NodeFacts) -> bool:
    """Return whether mtu_agrees reports that the two differ."""
    try:
        source_mtu, destination_mtu = (
            inbound_mtu(source),
            inbound_mtu(destination),
        )
    except Unread:
        return False
    return bool(
        source_mtu and destination_mtu and source_mtu[1] != destination_mtu[1]
    )
