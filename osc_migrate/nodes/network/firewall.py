"""Remedies that open a node's firewall for a move."""

import ipaddress
from collections.abc import Iterable, Iterator

from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import NetworkArgument, PortArgument, by_type
from osc_migrate.facts import Unread, or_none
from osc_migrate.nodes.network.facts import Manager, is_address
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.text import command

# A port, or an inclusive range.
Ports = int | tuple[int, int]
_FAMILIES = ("ip", "ip6", "inet")


def open_ports(
    source: NodeFacts, destination: NodeFacts, to: str, ports: Iterable[Ports]
) -> tuple[str, *tuple[Fix, ...]]:
    """Return remedy and fixes that open ports of the destination.

    These are the arguments of a Problem after its detail. If both nodes are on
    one link, only the source's network is permitted: libvirt's port may not
    require a password.

    :param to: the address of the destination.
    """
    ports = list(ports)
    port_list = ", ".join(_text(port, "-") for port in ports)
    allowed_network = _peer_network(source, destination, to)
    firewall = or_none(lambda: destination.network.firewall)
    lines: list[str] = []
    if firewall and allowed_network:
        if firewall.manager is Manager.FIREWALLD:
            lines += _firewalld(
                _interface(destination, to), allowed_network, ports
            )
        elif firewall.manager is Manager.UFW:
            lines += _ufw(allowed_network, ports)
        for family, table, chain in firewall.inputs:
            if firewall.manager is Manager.UFW and chain == "INPUT":
                continue
            if table != "firewalld" and _fits(family, allowed_network):
                at = (family, table, chain)
                lines += _chain(
                    at, firewall.file, "saddr", allowed_network, ports
                )

    def checked(node: NodeFacts, fix_lines: list[str], peer: str) -> Fix:
        def build() -> Fix:
            for port in ports:
                for number in port if isinstance(port, tuple) else (port,):
                    PortArgument(number)
            return Fix(
                node.name,
                tuple(fix_lines),
                rests_on=(source.name, destination.name),
                vouched=by_type(NetworkArgument(peer)),
            )

        return allowed(node.name, build)

    fixes = [checked(destination, lines, allowed_network)] if lines else []
    # Either node may be the cause: only chains that drop packets are known.
    if out := _outgoing_rules(source, to, ports):
        fixes.append(checked(source, out, to))
    if fixes:
        return "", *fixes
    return (
        f"neither {destination.name} nor {source.name} has a firewall that"
        f" this program knows: let TCP from {source.name} to {to}, ports"
        f" {port_list}, through what is between them (routers, security"
        " groups)",
    )


def _outgoing_rules(
    source: NodeFacts, to: str, ports: Iterable[Ports]
) -> list[str]:
    """Return lines for chains of the source that drop outgoing packets."""
    lines: list[str] = []
    firewall = or_none(lambda: source.network.firewall)
    for family, table, chain in firewall.outputs if firewall else ():
        if firewall and is_address(to) and _fits(family, to):
            at = (family, table, chain)
            lines += _chain(at, firewall.file, "daddr", to, ports)
    return lines


def _peer_network(source: NodeFacts, destination: NodeFacts, to: str) -> str:
    """Return the common network, or the source's address, or ''."""
    try:
        holders = [
            a
            for a in destination.network.addresses
            if a.address == to or not is_address(to)
        ]
        for holder in holders:
            if any(
                holder.reaches(local.address) and local.interface != "lo"
                for local in source.network.addresses
            ):
                return holder.network
        return source.network.primary
    except Unread:
        return ""


def _interface(node: NodeFacts, to: str) -> str:
    holder = or_none(lambda: node.network.holder(to))
    return holder.interface if holder else ""


def _fits(family: str, network: str) -> bool:
    version = ipaddress.ip_network(network, strict=False).version
    return family in _FAMILIES and family != ("ip6" if version == 4 else "ip")


def _text(port: Ports, dash: str) -> str:
    return (
        f"{port[0]}{dash}{port[1]}" if isinstance(port, tuple) else f"{port}"
    )


def _firewalld(
    interface: str, network: str, ports: Iterable[Ports]
) -> Iterator[str]:
    """Yield commands for the zone of the interface."""
    family = "ipv6" if ":" in network else "ipv4"
    zone = command("firewall-cmd", f"--get-zone-of-interface={interface}")
    yield f"zone=$({zone} || firewall-cmd --get-default-zone)"
    for port in ports:
        rule = (
            f'rule family="{family}" source address="{network}"'
            f' port port="{_text(port, "-")}" protocol="tcp" accept'
        )
        yield (
            'firewall-cmd --permanent --zone="$zone" '
            + command(f"--add-rich-rule={rule}")
        )
    yield "firewall-cmd --reload"


def _ufw(network: str, ports: Iterable[Ports]) -> Iterator[str]:
    port_list = ",".join(_text(port, ":") for port in ports)
    yield command(
        *("ufw", "allow", "proto", "tcp", "from", network),
        *("to", "any", "port", port_list),
    )


def _chain(
    at: tuple[str, str, str],
    file: str,
    end: str,
    network: str,
    ports: Iterable[Ports],
) -> Iterator[str]:
    """Yield commands for a chain of nftables, also if made by iptables."""
    family, table, chain = at
    ports = list(ports)
    six = ":" in network
    if chain in ("INPUT", "OUTPUT"):
        program = "ip6tables" if six else "iptables"
        port_list = ",".join(_text(port, ":") for port in ports)
        rule = (
            *(chain, "-s" if end == "saddr" else "-d", network, "-p", "tcp"),
            *("-m", "multiport", "--dports", port_list, "-j", "ACCEPT"),
        )
        yield (
            f"{command(program, '-C', *rule)} 2>/dev/null ||"
            f" {command(program, '-I', *rule)}"
        )
        yield (
            "if command -v netfilter-persistent; then netfilter-persistent"
            " save; elif [ -e /etc/sysconfig/iptables ]; then"
            f" {program}-save >/etc/sysconfig/{program}; fi"
        )
        return
    port_list = ", ".join(_text(port, "-") for port in ports)
    name = f"migrate {end} {network} {port_list}"
    text = (
        f"insert rule {family} {table} {chain} {'ip6' if six else 'ip'} {end}"
        f' {network} tcp dport {{ {port_list} }} accept comment "{name}"'
    )
    yield (
        f"{command('nft', 'list', 'chain', family, table, chain)} |"
        f" {command('grep', '-qF', '-e', name)} || {command('nft', text)}"
    )
    if file:
        # If the table comes from that file, the rule must be added there too.
        yield (
            f"! {command('grep', '-qE', f'table +{family} +{table}', file)} ||"
            f" {command('line_add', file, text)}"
        )
