"""One node that was taken over writes nothing into another one's script."""

import dataclasses
import importlib
import itertools
import pkgutil

from osc_migrate import remedies
from osc_migrate.checks.nodes import judge_nodes, pairs_of
from osc_migrate.tests.unit.checks import nodes as package

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
ROUNDS = 4000
_CASES = [
    case
    for found in pkgutil.iter_modules(package.__path__)
    if found.name.startswith("test_") and found.name != "test_whose_word"
    for case in getattr(
        importlib.import_module(f"{package.__name__}.{found.name}"),
        "CASES",
        (),
    )
]


def _nodes(case):
    return getattr(case, "nodes", ())


def _scripts(nodes):
    return remedies.scripts(judge_nodes(nodes, {}, pairs_of(nodes)))


def leaves(value, way=()):
    """The way to each text that a node said."""
    if isinstance(value, str):
        yield way
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if way or field.name not in ("name", "role"):
                said = object.__getattribute__(value, field.name)
                yield from leaves(said, (*way, field.name))
    elif isinstance(value, tuple | list):
        for number, one in enumerate(value):
            yield from leaves(one, (*way, number))
    elif isinstance(value, frozenset | set):
        for one in sorted(map(str, value)):
            yield (*way, one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*way, key))


def poisoned(value, way, attack):
    """The same with another text there."""
    if not way:
        return attack
    first, rest = way[0], way[1:]
    if dataclasses.is_dataclass(value):
        old = object.__getattribute__(value, first)
        kept = {
            field.name: object.__getattribute__(value, field.name)
            for field in dataclasses.fields(value)
        }
        return type(value)(**kept | {first: poisoned(old, rest, attack)})
    if isinstance(value, frozenset | set):
        return type(value)([*(o for o in value if str(o) != first), attack])
    if isinstance(value, dict):
        return {**value, first: poisoned(value[first], rest, attack)}
    changed = list(value)
    changed[first] = poisoned(changed[first], rest, attack)
    return type(value)(changed)


def surveys():
    """Each case, with each text of each node in turn as each attack."""
    broken = [nodes for nodes in map(_nodes, _CASES) if _scripts(nodes)]
    each = [
        [
            (nodes, number, way)
            for number, node in enumerate(nodes)
            for way in leaves(node)
        ]
        for nodes in broken
    ]
    # Spread over the cases and the texts: no case is left out.
    step = max(1, sum(map(len, each)) // ROUNDS)
    rows = [row for one in each for row in one][::step]
    return zip(rows, itertools.cycle(ATTACKS), strict=False)


def test_no_script_holds_what_only_another_node_said():
    count = 0
    for (nodes, number, way), attack in surveys():
        changed = list(nodes)
        changed[number] = poisoned(nodes[number], way, attack)
        count += 1
        for name, script in _scripts(changed).items():
            if name == nodes[number].name:
                continue
            lines = [line for line in script.splitlines() if line[:1] != "#"]
            bad = [line for line in lines if "evil" in line]
            assert not bad, (nodes[number].name, way, attack, name, bad)
            assert script.replace("\n", "").replace("\t", "").isprintable()
    assert count >= ROUNDS
