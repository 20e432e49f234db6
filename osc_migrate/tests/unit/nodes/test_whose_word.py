"""One node that was taken over writes nothing into another one's script."""

import dataclasses
import importlib
import pkgutil
import random
import re

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes import remedies
from osc_migrate.nodes.node import ClusterFacts
from osc_migrate.nodes.node_checks import (
    CLUSTER,
    PAIR,
    judge_nodes,
    of_node,
    pairs_of,
)
from osc_migrate.tests.unit import nodes as package

# Each holds the word that no script of another node may hold.
ATTACKS = (
    "10.66.6.6:/evil",
    "/etc/evil",
    "/srv/instances/../../etc/evil",
    "evil\n* * * * * root id",
    "x$(touch evil)nova.service",
    "/mnt\\0120evil",
    "*(rw,evil)",
    "--evil",
    "evil\u202e\x1b[2J",
    "suid,exec,evil",
)
CASES = [
    case
    for module in pkgutil.walk_packages(
        package.__path__, f"{package.__name__}."
    )
    if ".test_" in module.name and module.name != __name__
    for case in getattr(importlib.import_module(module.name), "CASES", ())
    if hasattr(case, "nodes")
]
# Allowed from another node: a key without options, whatever its letters.
_KEY = re.compile(r"ssh-ed25519 AAAA[A-Za-z0-9+/]+")
_QUOTED = re.compile(r"'[^']*'|\\.")
# What a line of comment says is not run; it has no end but that of the line.
_COMMENT = re.compile(r"^# .*$", re.MULTILINE)
# Only these see more than one node.
_PAIR = {check.id: check for check in PAIR}
_CLUSTER = {check.id: check for check in CLUSTER}


def judged(check, nodes):
    """What that check finds of these nodes."""
    if check in _PAIR:
        return [_PAIR[check].run(pair) for pair in pairs_of(nodes)]
    return [_CLUSTER[check].run(ClusterFacts(nodes))]


def _said(value):
    return {
        field.name: object.__getattribute__(value, field.name)
        for field in dataclasses.fields(value)
    }


def texts(value):
    """All that a node said, as text."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for one in _said(value).values():
            yield from texts(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, tuple | list | set | frozenset):
        for one in value:
            yield from texts(one)


def poisoned(value, lie):
    """The same, each text as `lie` makes it: a node that lies in one answer
    does so in the others."""
    if isinstance(value, str):
        return lie(value) if type(value) is str else value
    if dataclasses.is_dataclass(value):
        return type(value)(
            **{name: poisoned(one, lie) for name, one in _said(value).items()}
        )
    if isinstance(value, dict):
        return {key: poisoned(one, lie) for key, one in value.items()}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(poisoned(one, lie) for one in value)
    if isinstance(value, list | set | frozenset):
        return type(value)(poisoned(one, lie) for one in value)
    return value


def subjects(check, nodes, number):
    """Those of a node's subjects that the check looks at."""
    honest = judged(check, nodes)
    for name in _said(nodes[number]):
        if name in ("name", "role"):
            continue
        changed = list(nodes)
        lost = {} if name == "reach" else Unread("lost")
        changed[number] = nodes[number].but(**{name: lost})
        if judged(check, changed) != honest:
            yield name


def lies(node, looked_at, attacks=ATTACKS):
    """The node with one of its words, or a part of others, an attack."""
    for subject in looked_at:
        said = object.__getattribute__(node, subject)
        for word in sorted(set(texts(said)) - {""}):
            for attack in attacks:
                yield node.but(
                    **{
                        subject: poisoned(
                            said,
                            lambda text, word=word, attack=attack: (
                                text.replace(word, attack)
                            ),
                        )
                    }
                )


def _check_cases():
    seen = [c for c in CASES if c.check in _PAIR or c.check in _CLUSTER]
    return sorted({case.check for case in seen if case.remedy})


def forged(nodes, number, changed, check):
    """Lines for other nodes that hold the word."""
    told = list(nodes)
    told[number] = changed
    return [
        (name, line)
        for name, script in remedies.scripts(judged(check, told)).items()
        if name != changed.name
        for line in script.splitlines()
        if "evil" in _KEY.sub("KEY", line) and not line.startswith("# ")
    ]


@pytest.mark.parametrize("check", _check_cases())
def test_no_script_holds_what_only_another_node_said(check):
    count = 0
    for case in CASES:
        if case.check != check or not case.remedy:
            continue
        for number, node in enumerate(case.nodes):
            for changed in lies(node, subjects(check, case.nodes, number)):
                count += 1
                assert forged(case.nodes, number, changed, check) == []
    assert count > 0


def test_every_check_of_one_node_quotes_its_words():
    count = 0
    for case in CASES:
        if case.check in _PAIR or case.check in _CLUSTER or not case.remedy:
            continue
        for node in case.nodes:
            checks = {check.id: check for check in of_node(node)}
            if not (check := checks.get(case.check)):
                continue
            looked_at = set(_said(node)) - {"name", "role", "reach"}
            for changed in lies(node, looked_at, ["x$(touch evil)y.service"]):
                found = [check.run(changed)]
                for script in remedies.scripts(found).values():
                    count += 1
                    bare = _QUOTED.sub("", _COMMENT.sub("", script))
                    assert "$(touch" not in bare, script
    assert count > 1000


# Each is a word that some type of checks/script.py would take.
PLAUSIBLE = ("/srv/evil", "evil", "HostA:/srv/evil", "evil.service")
_PATH = re.compile(r"(?<=:)/[\w./-]*|^/[\w./-]+$")


def survey(number):
    """Nodes of which one lies in many of its words at once, and its name."""
    # The number alone decides which: no run differs from another.
    chosen = random.Random(number)
    # Checks of one node write nothing for another one.
    case = chosen.choice(
        [
            case
            for case in CASES
            if case.remedy and (case.check in _PAIR or case.check in _CLUSTER)
        ]
    )
    nodes = list(case.nodes)
    place = chosen.randrange(len(nodes))
    liar = nodes[place]
    for subject in sorted(set(_said(liar)) - {"name", "role"}):
        if chosen.random() < 0.4:
            continue
        value = object.__getattribute__(liar, subject)
        share = chosen.choice((0.02, 0.2, 0.7, 1.0))
        # The same lie everywhere, or another one for each word.
        attacks = (*ATTACKS, *PLAUSIBLE, "paths")
        if chosen.random() < 0.5:
            attacks = (chosen.choice(attacks),)
        lie = {
            word: chosen.choice(attacks)
            for word in sorted(set(texts(value)) - {""})
            if chosen.random() < share
        }
        liar = liar.but(
            **{
                subject: poisoned(
                    value, lambda text, lie=lie: _lied(text, lie)
                )
            }
        )
    nodes[place] = liar
    return nodes, liar.name


def _lied(text, lie):
    attack = lie.get(text, text)
    return _PATH.sub("/srv/evil", text) if attack == "paths" else attack


def written_elsewhere(number):
    """Lines of other nodes' scripts that rest on the liar's word."""
    nodes, liar = survey(number)
    found = remedies.scripts(judge_nodes(nodes, {}, pairs_of(nodes)))
    return [
        (number, name, line)
        for name, script in found.items()
        if name != liar
        for line in script.splitlines()
        if "evil" in _KEY.sub("KEY", line) and not line.startswith("# ")
    ]


def test_poisoned_surveys_write_no_line_of_another_node():
    for number in range(200):
        assert written_elsewhere(number) == []


@pytest.mark.long
def test_thousands_of_poisoned_surveys_write_no_line_of_another_node():
    scripts = 0
    for number in range(4000):
        assert written_elsewhere(number) == []
        nodes, _ = survey(number)
        scripts += len(
            remedies.scripts(judge_nodes(nodes, {}, pairs_of(nodes)))
        )
    assert scripts > 4000
