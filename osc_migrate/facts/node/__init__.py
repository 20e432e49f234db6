"""What to ask a node, and what its answers mean.

Each subject has its questions and their reading side by side. Nothing here
talks to a node: answers that were saved are read the same way.
"""

from collections.abc import Callable, Sequence
from typing import Any

from osc_migrate.facts.node import (
    accounts,
    config,
    guests,
    libvirt,
    network,
    reach,
    storage,
    system,
    tls,
    volumes,
)
from osc_migrate.facts.node.said import Said, fact
from osc_migrate.model.answers import Answers, Question
from osc_migrate.model.facts import Unread
from osc_migrate.model.node import NodeFacts, Role
from osc_migrate.model.node.config import Config

#: asked first: the other questions depend on the answers
FIRST = {f"config.{name}": q for name, q in config.QUESTIONS.items()}

_SUBJECTS: dict[str, Any] = {
    "system": system,
    "accounts": accounts,
    "storage": storage,
    "libvirt": libvirt,
    "tls": tls,
    "network": network,
    "volumes": volumes,
}


def questions(
    answers: Answers,
    role: Role,
    *,
    servers: Sequence[str] = (),
    read_only: bool = False,
) -> dict[str, Question]:
    """What else to ask a node that answered the first questions.

    :param servers: UUIDs of servers to look for there.
    :param read_only: ask nothing that touches the node, such as writing a
        file for a moment.
    """
    try:
        known = config.read(Said(answers, "config"))
    except Unread:
        known = Config((), {})
    about = {
        f"guests.{name}": question
        for name, question in guests.questions(
            known, servers, read_only=read_only
        ).items()
    }
    return about | {
        f"{subject}.{name}": question
        for subject, module in _SUBJECTS.items()
        for name, question in module.questions(
            known, role, read_only=read_only
        ).items()
    }


def read(name: str, role: Role, answers: Answers) -> NodeFacts:
    """What the answers of one node mean."""

    def part(subject: str, reading: Callable[[Said], Any]) -> Any:
        return fact(reading, Said(answers, subject))

    return NodeFacts(
        name=name,
        role=role,
        config=part("config", config.read),
        guests=part("guests", guests.read),
        reach=reach.read(answers),
        **{
            subject: part(subject, module.read)
            for subject, module in _SUBJECTS.items()
        },
    )
