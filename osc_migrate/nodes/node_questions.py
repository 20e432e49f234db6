"""The questions to a node, and how their answers are parsed.

Each subject keeps questions and parsing side by side. Nothing here connects to
a node: saved answers are parsed in the same way.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from osc_migrate.facts import Unread
from osc_migrate.nodes.accounts import facts as accounts
from osc_migrate.nodes.answers import Answers, Question
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config import reading as config
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.guests import reading as guests
from osc_migrate.nodes.libvirt import reading as libvirt
from osc_migrate.nodes.network import reading as network
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.reach import reading as reach
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.small import SUBJECTS as SMALL
from osc_migrate.nodes.storage import reading as storage
from osc_migrate.nodes.system import facts as system
from osc_migrate.nodes.tls import reading as tls
from osc_migrate.nodes.volumes import facts as volumes

T = TypeVar("T")
LOG = logging.getLogger(__name__)

#: asked first: other questions depend on these answers
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
    """Return the questions that follow the first ones.

    :param servers: UUIDs of servers to look for.
    :param read_only: leave out questions that change the node, such as
        writing a temporary file.
    """
    known = read_or_unread(
        "config", config.read, CommandOutput(answers, "config")
    )
    if isinstance(known, Unread):
        known = Config((), {})

    def about(subject: str, module: Any, *of: Any) -> dict[str, Question]:
        subject_questions = read_or_unread(
            subject, lambda: module.questions(known, *of, read_only=read_only)
        )
        # Questions that were not asked are unread.
        return (
            {} if isinstance(subject_questions, Unread) else subject_questions
        )

    by_subject = {"guests": about("guests", guests, servers)}
    for subject, module in (_SUBJECTS | SMALL).items():
        by_subject[subject] = about(subject, module, role)
    return {
        f"{subject}.{name}": question
        for subject, questions in by_subject.items()
        for name, question in questions.items()
    }


def read_or_unread(
    subject: str, read: Callable[..., T], *args: object
) -> T | Unread:
    """Return `read(*args)`, or the error as a value; see
    :func:`osc_migrate.facts.fact`.

    Anything may be wrong with the answers of a node. No error may affect
    another subject or node.
    """
    try:
        return read(*args)
    except Unread as unread:
        return unread.with_traceback(None)
    except MemoryError:
        raise
    except Exception as error:
        LOG.debug("reading %s", subject, exc_info=True)
        return Unread(
            f"the node's answers about {subject} cannot be read:"
            f" {type(error).__name__}, see --debug"
        )


def read(name: str, role: Role, answers: Answers) -> NodeFacts:
    """Parse the answers of one node."""

    def part(subject: str, reading: Callable[[CommandOutput], Any]) -> Any:
        return read_or_unread(
            subject, reading, CommandOutput(answers, subject)
        )

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
        smalls={
            subject: part(subject, module.read)
            for subject, module in SMALL.items()
        },
    )
