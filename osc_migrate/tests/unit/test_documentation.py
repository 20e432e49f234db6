"""Every command, option, check, exit code and setting is in a page."""

import argparse
import importlib.util
import pathlib
import re
import tomllib
from importlib import metadata

import pytest

import osc_migrate
from osc_migrate.commands import base
from osc_migrate.explain import causes
from osc_migrate.nodes import node_checks, release_bugs
from osc_migrate.nodes.node_checks import all_checks

ROOT = pathlib.Path(osc_migrate.__file__).parents[1]
SOURCE = ROOT / "doc/source"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
POINTS = PROJECT["entry-points"]["openstack.migrate.v1"]
CHECKS = sorted({c.id for c in all_checks()} | {node_checks.ANSWERS})


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pages = load(ROOT / "doc/pages.py")


def read(name):
    return (SOURCE / name).read_text()


def parser_of(point):
    module, _, name = POINTS[point].partition(":")
    command = getattr(importlib.import_module(module), name)(None, None)
    command.app_dist_name = "osc-migrate"
    return command, command.get_parser(point)


def test_each_command_has_a_page_and_a_manual(monkeypatch):
    # Those of this tree, whatever is installed.
    points = [
        metadata.EntryPoint(name, value, pages.GROUP)
        for name, value in POINTS.items()
    ]
    monkeypatch.setattr(pages.metadata, "entry_points", lambda group: points)
    names = pages.commands()
    assert len(names) == len(POINTS)
    for name in names:
        page = pages.command_page(name)
        assert f":command: {name}\n" in page
    manuals = [page for page, *_ in pages.manuals()]
    assert manuals == ["cli/index"] + [
        f"cli/commands/{pages.slug(name.replace('_', ' '))}" for name in POINTS
    ]
    # By this line they are in the documentation's tree.
    assert "   commands/*\n" in read("cli/index.rst")


@pytest.mark.parametrize("point", POINTS)
def test_each_option_has_a_help(point):
    command, parser = parser_of(point)
    assert command.get_description()
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction):
            assert action.help, action.dest


@pytest.mark.parametrize("id", CHECKS)
def test_each_check_has_one_anchor(id):
    text = read("reference/checks.rst") + read("reference/node-checks.rst")
    assert text.count(f"_`{id}`") == 1


def test_each_exit_code_has_a_row():
    text = read("reference/exit-codes.rst")
    rows = [int(code) for code in re.findall(r"\* - ``(\d+)``", text)]
    ours = {base.NOT_SAFE, base.NOT_MOVED, base.RUNNING_ON, base.UNCONFIRMED}
    assert rows == sorted({0, 1, 2, *ours, 130, 141})


@pytest.mark.parametrize("point", POINTS)
def test_codes_that_a_help_names_exist(point):
    command, _ = parser_of(point)
    known = re.findall(r"\* - ``(\d+)``", read("reference/exit-codes.rst"))
    text = " ".join(command.get_description().split())
    _, _, said = text.partition("Exit codes: ")
    assert set(re.findall(r"(?:^|; | or |, )(\d+) ", said)) <= set(known)


def test_each_cause_is_on_the_page_of_messages():
    page = pages.causes_page()
    for cause in causes.CAUSES:
        assert f".. _cause-{cause.id}:" in page
        assert cause.remedy in page
        for message in pages.messages(cause.pattern.pattern):
            assert f"* ``{message}``" in page
            assert len(message) > 4


def test_each_known_bug_is_on_its_page():
    page = pages.bugs_page()
    for bug in release_bugs.ALL:
        assert f"   * - {bug.releases}\n" in page
        assert f"`Source <{bug.source}>`__" in page
        assert bug.remedy[1:] in page


@pytest.mark.parametrize(
    "pattern, words",
    [
        (r"No space left|\[Errno 28\]", ["No space left", "[Errno 28]"]),
        (r"domain '.{1,80}' (?:exists|is (?:a|b))", ["domain '...' exists"]),
        (r"job '[^'\n]{1,9}:(?:49|6[01])\d{3}'", ["job '...:49...'"]),
        (r"a? ?domain with\s+x", ["a domain with x"]),
        (r"[Ll]ive \(x|y\)", ["Live (x", "y)"]),
    ],
)
def test_a_pattern_as_people_search_for_it(pattern, words):
    assert list(pages.messages(pattern)) == words


def test_each_option_of_the_validators_is_in_their_page():
    text = (ROOT / "validators/plugin.py").read_text()
    options = re.findall(r'addoption\(\s*"(--[a-z-]+)"', text)
    assert len(options) > 5
    page = read("validate/nodes.rst")
    assert [o for o in options if o not in page] == []


def test_each_setting_of_the_devstack_plugin_is_in_its_page():
    text = (ROOT / "devstack/settings").read_text()
    settings = set(re.findall(r"^(OSC_MIGRATE_\w+)=", text, re.M))
    page = (ROOT / "devstack/README.rst").read_text()
    assert settings == set(re.findall(r"``(OSC_MIGRATE_\w+)``", page))


def test_pages_name_checks_that_exist():
    for path in SOURCE.rglob("*.rst"):
        for id in re.findall(r":check:`([^`]+)`", path.read_text()):
            assert id in CHECKS, path
