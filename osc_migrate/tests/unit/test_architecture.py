"""Which package may use which, and what only one of them may do."""

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


def package(dotted):
    """'cloud' of 'cloud.rest'; the two halves of maintenance are apart."""
    parts = dotted.split(".")
    return ".".join(parts[: 2 if parts[0] == "maintenance" else 1])


def users_of(*libraries):
    return {
        name(path)
        for path in MODULES
        if any(i.partition(".")[0] in libraries for i in imports(path))
    }


def test_only_commands_know_cliff_and_osc():
    users = users_of("cliff", "osc_lib", "openstackclient")
    assert {package(module) for module in users} <= {"commands"}


def test_only_cloud_knows_the_sdk():
    users = users_of("openstack", "keystoneauth1", "requests")
    assert {package(module) for module in users} <= {"cloud"}


def test_only_the_backend_knows_testinfra():
    assert users_of("testinfra") == {"nodes.transport.backend"}


def test_only_the_counters_know_libvirt():
    # By name alone: it is an extra, and imported when it is asked for.
    assert not users_of("libvirt")
    assert [
        name(path)
        for path in MODULES
        if 'import_module("libvirt")' in path.read_text()
    ] == ["nodes.counters.libvirt_reader"]


# The requests that change something, and what sends them.
CHANGING = (
    "migration.mover",
    "migration.move",
    "migration.compute_service",
    "cloud.rest",
)


def test_only_migration_changes_the_cloud():
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


# text: words of scripts and of commands that are shown; the others run them.
QUOTING = {
    "text",
    "nodes.answers",
    *("nodes.transport.backend", "nodes.transport.target"),
    "nodes.transport.frames",
}


def test_only_few_modules_quote_for_a_shell():
    quoting = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Attribute(ast.Name("shlex"), "quote" | "join"):
                    quoting.add(name(path))
                case ast.ImportFrom(module="shlex"):
                    quoting.add(name(path))
    assert quoting == QUOTING


# Below every package.
BASE = {
    *("errors", "facts", "microversions", "private_files", "redact"),
    *("redact_patterns", "text"),
}
# What each package may use of ours, itself and BASE apart: from the bottom
# to the top.
ALLOWED = {
    "cloud": set(),
    "checks": {"cloud"},
    "nodes": {"cloud", "checks"},
    "explain": {"cloud", "checks", "nodes"},
    "migration": {"cloud", "checks", "nodes", "explain"},
    "maintenance.planning": {"cloud", "checks"},
    "maintenance.running": {
        "cloud",
        "checks",
        "explain",
        "maintenance.planning",
        "migration",
    },
    "commands": {
        "cloud",
        "checks",
        "explain",
        "maintenance.planning",
        "maintenance.running",
        "migration",
        "nodes",
    },
    "plugin": {"migration"},
}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_dependencies_go_one_way(path):
    here = package(name(path))
    used = {
        package(i.partition(".")[2])
        for i in imports(path)
        if i.startswith("osc_migrate.")
    } - {here, "maintenance"}
    if here in BASE:
        assert used <= BASE
    elif here not in ("__init__", "maintenance.__init__"):
        assert used <= ALLOWED[here] | BASE


# What the checks and the planner may use of the APIs: what was read, never
# what reads.
READERS = {"cloud.cloud", "cloud.rest", "cloud.surroundings"}


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in MODULES
        if package(name(path)) in ("checks", "maintenance.planning")
    ],
    ids=name,
)
def test_what_judges_reads_nothing(path):
    used = {i.removeprefix("osc_migrate.") for i in imports(path)}
    assert not used & READERS


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_are_small(path):
    assert len(path.read_text().splitlines()) <= 400
