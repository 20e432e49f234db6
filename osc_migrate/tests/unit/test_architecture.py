"""The three sentences that hold the house up, and its direction."""

import ast
import pathlib

import pytest

import osc_migrate

ROOT = pathlib.Path(osc_migrate.__file__).parent
MODULES = [
    path for path in sorted(ROOT.rglob("*.py")) if "tests" not in path.parts
]


def imports(path):
    """Dotted names that a module imports, at any depth in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{a.name}" for a in node.names)


def name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def users_of(*packages):
    return {
        name(path).partition(".")[0]
        for path in MODULES
        if any(i.partition(".")[0] in packages for i in imports(path))
    }


def test_only_commands_know_cliff_and_osc():
    assert users_of("cliff", "osc_lib", "openstackclient") <= {"commands"}


def test_only_facts_knows_the_sdk():
    known = users_of("openstack", "keystoneauth1", "requests")
    assert known <= {"facts"}


def test_only_the_nodes_know_testinfra():
    importers = {
        name(path)
        for path in MODULES
        if any(i.partition(".")[0] == "testinfra" for i in imports(path))
    }
    # The shells themselves do without it.
    assert {m for m in importers if not m.startswith("facts.node")} == {
        "nodes.backend"
    }


def test_only_the_hypervisor_knows_libvirt():
    # By name alone: it is an extra, and imported when somebody asks.
    assert not users_of("libvirt")
    assert [
        name(path)
        for path in MODULES
        if 'import_module("libvirt")' in path.read_text()
    ] == ["hypervisor.module"]


# The requests that change something, and what sends them.
CHANGING = ("moves.mover", "moves.move", "moves.service", "facts.api")


def test_only_the_mover_changes_the_cloud():
    for path in MODULES:
        if name(path) in CHANGING:
            continue
        calls = {
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
        }
        assert not calls & {"post", "put", "delete", "patch"}, path


# What each room may use of ours, itself apart.
ALLOWED = {
    "model": set(),
    "words": set(),
    "errors": set(),
    "microversions": set(),
    "checks": {"forecast", "model", "words"},
    "forecast": set(),
    "facts": {
        "model",
        "errors",
        "masked",
        "microversions",
        "usage",
        "words",
    },
    "masked": set(),
    "nodes": {"model", "errors", "words"},
    "hypervisor": {"model", "nodes", "words"},
    "plans": {"model", "checks", "errors", "private_files", "words"},
    "private_files": set(),
    "usage": {"model"},
}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_dependencies_go_one_way(path):
    room = name(path).partition(".")[0]
    used = {
        i.split(".")[1] for i in imports(path) if i.startswith("osc_migrate.")
    } - {room}
    if room in ALLOWED:
        assert used <= ALLOWED[room]
    elif room != "commands":
        assert "commands" not in used


def test_no_command_lies_below_a_move():
    used = {
        i.split(".")[1]
        for path in MODULES
        if name(path).startswith("moves.")
        for i in imports(path)
        if i.startswith("osc_migrate.")
    }
    below = {"model", "facts", "checks", "explain", "survey"}
    assert used <= below | {"errors", "words", "microversions", "moves"}


def test_nothing_but_commands_lies_above_a_run():
    users = {
        name(path).partition(".")[0]
        for path in MODULES
        if any(i.startswith("osc_migrate.runs") for i in imports(path))
    }
    assert users <= {"commands", "runs"}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_rooms_are_small(path):
    assert len(path.read_text().splitlines()) <= 400
