"""What a lab answered: healthy, broken in many ways, as root and as a user,
and without some tools (functional_tests/node_faults/record.py)."""

import functools
import json
import lzma
import pathlib

from osc_migrate.checks.findings import Status
from osc_migrate.facts import Unread
from osc_migrate.nodes import node_questions
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.node_checks import judge_nodes, pairs_of
from osc_migrate.nodes.role import Role

FILE = pathlib.Path(__file__).with_name("recorded.json.xz")
ROLES = {
    "HostA": Role.STORAGE,
    "HostB": Role.COMPUTE,
    "HostC": Role.COMPUTE,
}
BAD = (Status.WARN, Status.FAIL)


@functools.cache
def _data():
    return json.loads(lzma.decompress(FILE.read_bytes()))


def _answer(data):
    if "unread" in data:
        return Unread(data["unread"])
    return Answer(data["status"], data["out"], data["err"])


def names():
    """The faults, and 'WHAT without TOOL'."""
    return list(_data()["changes"])


def survey(name="", login="root"):
    """Node -> its answers.

    :param name: what is wrong with the lab; empty: nothing.
    :param login: 'root', or 'user' for one without rights.
    """
    data = _data()
    changes = data["changes"][name].get(login, {}) if name else {}
    found = {}
    for node, answers in data["healthy"][login].items():
        raw = answers | changes.get(node, {})
        found[node] = {
            key: _answer(one) for key, one in raw.items() if one is not None
        }
    return found


def read(answers):
    """Node -> its facts."""
    return {
        name: node_questions.read(name, ROLES[name], one)
        for name, one in answers.items()
    }


def reread(node, answers, question):
    """The node's facts where the answer to one question is another: of its
    subject, as no other is read from it.

    :param answers: all of the node, the other one among them.
    """
    subject = question.partition(".")[0]
    about = {
        key: one
        for key, one in answers.items()
        if key.partition(".")[0] == subject
    }
    found = node_questions.read(node.name, node.role, about)
    if subject in node.smalls:
        small = {subject: found.smalls[subject]}
        return node.but(smalls={**node.smalls, **small})
    facts = object.__getattribute__(found, "__dict__")[subject]
    return node.but(**{subject: facts})


def judged(nodes):
    """(check, subject) -> finding, of facts by node."""
    ordered = [nodes[name] for name in ROLES]
    report = judge_nodes(ordered, {}, pairs_of(ordered))
    return {(f.check, f.subject): f for f in report}


def bad(findings):
    """Those that warn or fail."""
    return {key for key, one in findings.items() if one.status in BAD}
