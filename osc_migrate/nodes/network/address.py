"""The addresses of a node that other nodes use."""

from osc_migrate.checks.check import Problem, Verdict
from osc_migrate.facts import or_none
from osc_migrate.nodes.config.nova_conf import Set, config_of, with_fix
from osc_migrate.nodes.network.facts import is_address, is_loopback
from osc_migrate.nodes.node import NodeFacts


def resolved_addresses(node: NodeFacts, word: str) -> tuple[str, ...]:
    """Return the addresses of a host name or address in nova.conf."""
    if is_address(word):
        return (word,)
    return node.network.names.get(word, ())


def is_own(node: NodeFacts, word: str) -> bool:
    """Return whether a name or address leads to this node."""
    addresses = resolved_addresses(node, word)
    return any(a in node.network.own for a in addresses) and not any(
        is_loopback(a) for a in addresses
    )


def own_address(node: NodeFacts) -> str:
    """Return the address best known to other nodes, or '' if uncertain."""
    my_ip = config_of(node).get("DEFAULT", "my_ip")
    if is_address(my_ip) and is_own(node, my_ip):
        return my_ip
    primary = or_none(lambda: node.network.primary) or ""
    return primary if primary and is_own(node, primary) else ""


def to_own_address(
    node: NodeFacts, detail: str, section: str, option: str
) -> Verdict:
    """Return the problem of an option in nova.conf that names another host."""
    if address := own_address(node):
        return with_fix(Problem, node, detail, Set(section, option, address))
    return Problem(
        detail,
        f"set [{section}] {option} of {node.name} to an address of it (ip -o"
        " addr), then restart nova-compute",
    )
