"""What a node tells others of where it is."""

from osc_migrate.checks.check import Problem, Verdict
from osc_migrate.facts import known
from osc_migrate.nodes.config.nova_conf import Set, config_of, with_fix
from osc_migrate.nodes.network.facts import is_address, is_loopback
from osc_migrate.nodes.node import NodeFacts


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
    mine = config_of(node).get("DEFAULT", "my_ip")
    if is_address(mine) and is_own(node, mine):
        return mine
    primary = known(lambda: node.network.primary) or ""
    return primary if primary and is_own(node, primary) else ""


def to_own_address(
    node: NodeFacts, detail: str, section: str, option: str
) -> Verdict:
    """The problem that an option of nova.conf names another machine."""
    if address := own_address(node):
        return with_fix(Problem, node, detail, Set(section, option, address))
    return Problem(
        detail,
        f"set [{section}] {option} of {node.name} to an address of it (ip -o"
        " addr), then restart nova-compute",
    )
