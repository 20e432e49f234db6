"""Asks hosts themselves whether they run a guest."""

from collections.abc import Sequence

from osc_migrate.facts import node as node_facts
from osc_migrate.model.facts import Unread
from osc_migrate.model.node import Role
from osc_migrate.survey import Asked, Sessions


def runs_on(
    sessions: Sessions, hosts: Sequence[str], server_id: str
) -> dict[str, bool | Unread]:
    """Host -> whether libvirt there runs it, or why nobody can say."""

    def ask(shell: Asked) -> bool:
        found = shell.ask(node_facts.FIRST)
        asked = node_facts.questions(
            found, Role.COMPUTE, servers=[server_id], read_only=True
        )
        wanted = {k: q for k, q in asked.items() if k.startswith("guests.")}
        found |= shell.ask(wanted)
        node = node_facts.read(shell.name, Role.COMPUTE, found)
        return server_id in node.guests.active

    answers = sessions.each(ask)
    lost = dict(sessions.lost)
    none = Unread("it was not visited")
    return {name: lost.get(name) or answers.get(name, none) for name in hosts}
