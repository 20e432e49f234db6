"""Asks the hosts themselves about a guest."""

from collections.abc import Mapping, Sequence

from osc_migrate.facts import Unread
from osc_migrate.nodes import collect
from osc_migrate.nodes import node_questions as node_facts
from osc_migrate.nodes.collect import NodeSession, SessionPool
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.role import Role

# Subjects with facts about one guest.
_ABOUT = ("guests", "storage")


def nodes_of_guest(
    sessions: SessionPool, hosts: Sequence[str], server_id: str
) -> Mapping[str, NodeFacts | Unread]:
    """Return host -> its facts about a guest and its disks, or the error.

    Nothing is changed.
    """

    def read_node(shell: NodeSession) -> NodeFacts:
        answers_by_name = collect.ask(shell, node_facts.FIRST)
        questions = node_facts.questions(
            answers_by_name, Role.COMPUTE, servers=[server_id], read_only=True
        )
        guest_questions = {
            k: q for k, q in questions.items() if k.partition(".")[0] in _ABOUT
        }
        answers_by_name |= collect.ask(shell, guest_questions)
        return node_facts.read(shell.name, Role.COMPUTE, answers_by_name)

    answers = sessions.each(read_node)
    lost = dict(sessions.lost)
    none = Unread("it was not visited")
    return {name: lost.get(name) or answers.get(name, none) for name in hosts}


def runs_on(
    sessions: SessionPool, hosts: Sequence[str], server_id: str
) -> dict[str, bool | Unread]:
    """Return host -> whether libvirt runs the guest there, or the error."""

    def runs(node: NodeFacts | Unread) -> bool | Unread:
        try:
            if isinstance(node, Unread):
                return node
            return server_id in node.guests.active
        except Unread as unread:
            return unread

    nodes = nodes_of_guest(sessions, hosts, server_id)
    return {name: runs(node) for name, node in nodes.items()}
