"""Asks all nodes at once, each in one session, and reads what they said.

First what they are, then, with ports opened for the purpose, what each
reaches of the others. What a survey found can be saved and judged again,
elsewhere or later.
"""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from osc_migrate.facts import Unread
from osc_migrate.nodes import node_questions as node_facts
from osc_migrate.nodes.answers import Answer, Answers, Question, complete
from osc_migrate.nodes.guests import processors
from osc_migrate.nodes.guests.facts import Cpu
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.reach import reading as reach
from osc_migrate.nodes.role import Role

T = TypeVar("T")


class Asked(Protocol):
    """A session with one node: nodes.shell.Shell."""

    name: str

    def ask(
        self, questions: Mapping[str, Question]
    ) -> dict[str, Answer | Unread]: ...


class Sessions(Protocol):
    """Sessions with many nodes: nodes.visit.Sessions."""

    @property
    def lost(self) -> Mapping[str, Unread]: ...

    def each(self, work: Callable[[Asked], T]) -> Mapping[str, T | Unread]: ...


@dataclasses.dataclass(frozen=True)
class Survey:
    """What nodes answered, and why others did not."""

    roles: Mapping[str, Role]
    answers: Mapping[str, Answers]
    lost: Mapping[str, Unread]

    def nodes(self) -> list[NodeFacts]:
        """What it means."""
        return [
            node_facts.read(name, self.roles[name], answers)
            for name, answers in self.answers.items()
        ]


def survey(
    sessions: Sessions,
    roles: Mapping[str, Role],
    *,
    servers: Sequence[str] = (),
    read_only: bool = False,
) -> Survey:
    """Asks every node all there is to ask.

    :param roles: of each node that `sessions` reaches.
    :param servers: UUIDs of servers to look for on the compute nodes.
    :param read_only: touch nothing there: no file is written for a moment,
        no port is opened.
    """
    answers: dict[str, dict[str, Answer | Unread]] = {}
    lost: dict[str, Unread] = {}

    def each(work: Callable[[Asked], dict[str, Answer | Unread]]) -> None:
        for name, found in sessions.each(work).items():
            if isinstance(found, Unread):
                lost.setdefault(name, found)
            elif name not in lost:
                answers.setdefault(name, {}).update(found)
        # One that was lost on the way answered only in part: that says more
        # of the node than of its parts.
        lost.update(sessions.lost)
        for name in lost:
            answers.pop(name, None)

    def first(shell: Asked) -> dict[str, Answer | Unread]:
        found = _first(shell)
        role = roles[shell.name]
        wanted = servers if role is Role.COMPUTE else ()
        return found | ask(
            shell,
            node_facts.questions(
                found, role, servers=wanted, read_only=read_only
            ),
        )

    each(first)
    peers = {
        name: node_facts.read(name, roles[name], said)
        for name, said in answers.items()
        if roles[name] is Role.COMPUTE
    }
    if len(peers) > 1:
        try:
            if not read_only:
                others = len(peers) - 1
                each(lambda s: _listen(s, peers.get(s.name), others))
            listening = {name: dict(said) for name, said in answers.items()}
            each(lambda shell: _reach(shell, peers, listening))
        finally:
            if not read_only:
                each(lambda shell: _silence(shell, answers))
    return Survey(roles, answers, lost)


def ask(
    shell: Asked, questions: Mapping[str, Question]
) -> dict[str, Answer | Unread]:
    """What the shell answers in full; what is incomplete is unread."""
    marked = {name: q.marked(name) for name, q in questions.items()}
    return {
        name: complete(name, answer)
        for name, answer in shell.ask(marked).items()
    }


def _first(shell: Asked) -> dict[str, Answer | Unread]:
    found = ask(shell, node_facts.FIRST)
    # A question of its own, so that it is answered as soon as it is asked.
    before = time.time()
    found |= ask(shell, {"system.clock": Question("date +%s.%N")})
    # Seconds since the epoch here, before and after the node told its own.
    found["system.here"] = Answer(0, f"{before} {time.time()}")
    return found


def _listen(
    shell: Asked, node: NodeFacts | None, others: int
) -> dict[str, Answer | Unread]:
    if node is None:
        return {}
    asked = node_facts.unless_odd("ports", reach.listen, node, others)
    return {} if isinstance(asked, Unread) else ask(shell, asked)


def _reach(
    shell: Asked,
    peers: Mapping[str, NodeFacts],
    listening: Mapping[str, Answers],
) -> dict[str, Answer | Unread]:
    if shell.name not in peers:
        return {}
    others = [node for name, node in peers.items() if name != shell.name]
    asked = reach.questions(peers[shell.name], others, listening)
    compared = node_facts.unless_odd(
        "processors", lambda: processors.question(_processors(others))
    )
    if isinstance(compared, Unread):
        compared = {}
    return ask(shell, asked | compared)


def _processors(nodes: Sequence[NodeFacts]) -> Iterator[Cpu]:
    """What the guests see that were asked for and run on these nodes."""
    for node in nodes:
        try:
            domains = node.guests.running.values()
        except Unread:
            continue
        for domain in domains:
            with contextlib.suppress(Unread):
                yield domain.cpu


def _silence(
    shell: Asked, answers: Mapping[str, Answers]
) -> dict[str, Answer | Unread]:
    return ask(shell, reach.silence(answers.get(shell.name, {})))
