"""Asks hosts themselves what they have of a guest."""

from collections.abc import Mapping, Sequence

from osc_migrate.facts import Unread
from osc_migrate.nodes import node_questions as node_facts
from osc_migrate.nodes.collect import Asked, Sessions
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.role import Role

# Subjects that tell of one.
_ABOUT = ("guests", "storage")


def seen(
    sessions: Sessions, hosts: Sequence[str], server_id: str
) -> Mapping[str, NodeFacts | Unread]:
    """Host -> what it knows of that guest, and of where its disks are; or
    why nobody can say. Nothing is touched."""

    def ask(shell: Asked) -> NodeFacts:
        found = shell.ask(node_facts.FIRST)
        asked = node_facts.questions(
            found, Role.COMPUTE, servers=[server_id], read_only=True
        )
        wanted = {
            k: q for k, q in asked.items() if k.partition(".")[0] in _ABOUT
        }
        found |= shell.ask(wanted)
        return node_facts.read(shell.name, Role.COMPUTE, found)

    answers = sessions.each(ask)
    lost = dict(sessions.lost)
    none = Unread("it was not visited")
    return {name: lost.get(name) or answers.get(name, none) for name in hosts}


def runs_on(
    sessions: Sessions, hosts: Sequence[str], server_id: str
) -> dict[str, bool | Unread]:
    """Host -> whether libvirt there runs it, or why nobody can say."""

    def runs(node: NodeFacts | Unread) -> bool | Unread:
        try:
            if isinstance(node, Unread):
                return node
            return server_id in node.guests.active
        except Unread as unread:
            return unread

    found = seen(sessions, hosts, server_id)
    return {name: runs(node) for name, node in found.items()}
