"""What a node tells others of where it is."""

from osc_migrate.model.facts import known
from osc_migrate.model.findings import Fix
from osc_migrate.model.node import NodeFacts
from osc_migrate.model.node.network import is_address, is_loopback
from osc_migrate.words import command


def told_addresses(node: NodeFacts, word: str) -> tuple[str, ...]:
    """The addresses that a word of nova.conf stands for on its own node."""
    if is_address(word):
        return (word,)
    return node.network.names.get(word, ())


def is_own(node: NodeFacts, word: str) -> bool:
    """Others who go there come to this node."""
    found = told_addresses(node, word)
    return any(one in node.network.own for one in found) and not any(
        is_loopback(one) for one in found
    )


def own_address(node: NodeFacts) -> str:
    """The address that others best know it by; empty where none is sure."""
    mine = node.config.get("DEFAULT", "my_ip")
    if is_address(mine) and is_own(node, mine):
        return mine
    primary = known(lambda: node.network.primary) or ""
    return primary if primary and is_own(node, primary) else ""


def set_address(
    node: NodeFacts, section: str, option: str
) -> tuple[str, *tuple[Fix, ...]]:
    """How to set an option of nova.conf to the node's own address: what a
    Problem takes after its detail."""
    if address := own_address(node):
        file = node.config.file
        line = command("ini_set", file, section, option, address)
        return "", Fix(node.name, (line,), _nova(node))
    return (
        f"set {option} in [{section}] of {node.config.file} on {node.name} to"
        " an address of it (ip -o addr), then restart nova-compute",
    )


def _nova(node: NodeFacts) -> tuple[str, ...]:
    """The unit of nova-compute, where there is one to restart."""
    unit = getattr(node.config, "unit", "")
    return (unit,) if unit else ()
