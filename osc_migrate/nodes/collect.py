"""Queries all nodes in parallel, each in one session, and parses the answers.

First the facts of each node, then, with ports opened for the purpose, what
each node can reach on the others. A survey can be saved and judged again
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
from osc_migrate.nodes.guests.facts import GuestCpu
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.reach import reading as reach
from osc_migrate.nodes.role import Role

T = TypeVar("T")


class NodeSession(Protocol):
    """A session with one node: nodes.transport.shell.Shell."""

    name: str

    def ask(
        self, questions: Mapping[str, Question]
    ) -> dict[str, Answer | Unread]: ...


class SessionPool(Protocol):
    """Sessions with many nodes: nodes.transport.sessions.Sessions."""

    @property
    def lost(self) -> Mapping[str, Unread]: ...

    def each(
        self, work: Callable[[NodeSession], T]
    ) -> Mapping[str, T | Unread]: ...


@dataclasses.dataclass(frozen=True)
class Survey:
    """The answers of nodes, and why others did not answer."""

    roles: Mapping[str, Role]
    answers: Mapping[str, Answers]
    lost: Mapping[str, Unread]

    def nodes(self) -> list[NodeFacts]:
        """The facts, parsed from the answers."""
        return [
            node_facts.read(name, self.roles[name], answers)
            for name, answers in self.answers.items()
        ]


def survey(
    sessions: SessionPool,
    roles: Mapping[str, Role],
    *,
    servers: Sequence[str] = (),
    read_only: bool = False,
) -> Survey:
    """Ask every node all questions.

    :param roles: role of each node that `sessions` connects to.
    :param servers: UUIDs of servers to look for on the compute nodes.
    :param read_only: change nothing on the nodes: write no temporary file,
        open no port.
    """
    answers: dict[str, dict[str, Answer | Unread]] = {}
    lost: dict[str, Unread] = {}

    def each(
        work: Callable[[NodeSession], dict[str, Answer | Unread]],
    ) -> None:
        for name, result in sessions.each(work).items():
            if isinstance(result, Unread):
                lost.setdefault(name, result)
            elif name not in lost:
                answers.setdefault(name, {}).update(result)
        # One that was lost on the way answered only in part: that says more
        # of the node than of its parts.
        lost.update(sessions.lost)
        for name in lost:
            answers.pop(name, None)

    def first(shell: NodeSession) -> dict[str, Answer | Unread]:
        first_answers = _first_answers(shell)
        role = roles[shell.name]
        server_ids = servers if role is Role.COMPUTE else ()
        return first_answers | ask(
            shell,
            node_facts.questions(
                first_answers, role, servers=server_ids, read_only=read_only
            ),
        )

    each(first)
    peers = {
        name: node_facts.read(name, roles[name], node_answers)
        for name, node_answers in answers.items()
        if roles[name] is Role.COMPUTE
    }
    if len(peers) > 1:
        try:
            if not read_only:
                peer_count = len(peers) - 1
                each(lambda s: _listen(s, peers.get(s.name), peer_count))
            listening = {
                name: dict(node_answers)
                for name, node_answers in answers.items()
            }
            each(lambda shell: _reach(shell, peers, listening))
        finally:
            if not read_only:
                each(lambda shell: _second_answers(shell, answers))
    return Survey(roles, answers, lost)


def ask(
    shell: NodeSession, questions: Mapping[str, Question]
) -> dict[str, Answer | Unread]:
    """Return complete answers of the shell; incomplete ones are unread."""
    marked = {name: q.marked(name) for name, q in questions.items()}
    return {
        name: complete(name, answer)
        for name, answer in shell.ask(marked).items()
    }


def _first_answers(shell: NodeSession) -> dict[str, Answer | Unread]:
    answers = ask(shell, node_facts.FIRST)
    # A separate question, so that the answer is immediate.
    before = time.time()
    answers |= ask(shell, {"system.clock": Question("date +%s.%N")})
    # Our time in seconds since the epoch, before and after the node's.
    answers["system.here"] = Answer(0, f"{before} {time.time()}")
    return answers


def _listen(
    shell: NodeSession, node: NodeFacts | None, peer_count: int
) -> dict[str, Answer | Unread]:
    if node is None:
        return {}
    listen_questions = node_facts.read_or_unread(
        "ports", reach.listen, node, peer_count
    )
    return (
        {}
        if isinstance(listen_questions, Unread)
        else ask(shell, listen_questions)
    )


def _reach(
    shell: NodeSession,
    peers: Mapping[str, NodeFacts],
    listening: Mapping[str, Answers],
) -> dict[str, Answer | Unread]:
    if shell.name not in peers:
        return {}
    other_nodes = [node for name, node in peers.items() if name != shell.name]
    reach_questions = reach.questions(
        peers[shell.name], other_nodes, listening
    )
    compared = node_facts.read_or_unread(
        "processors", lambda: processors.question(_processors(other_nodes))
    )
    if isinstance(compared, Unread):
        compared = {}
    return ask(shell, reach_questions | compared)


def _processors(nodes: Sequence[NodeFacts]) -> Iterator[GuestCpu]:
    """Yield the CPUs of the requested guests that run on these nodes."""
    for node in nodes:
        try:
            domains = node.guests.running.values()
        except Unread:
            continue
        for domain in domains:
            with contextlib.suppress(Unread):
                yield domain.cpu


def _second_answers(
    shell: NodeSession, answers: Mapping[str, Answers]
) -> dict[str, Answer | Unread]:
    return ask(shell, reach.silence(answers.get(shell.name, {})))
