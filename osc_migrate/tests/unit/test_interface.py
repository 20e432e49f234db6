"""What scripts depend on is all there still: see interface.py.

Additions are free. What is renamed gets a line in ``RENAMED``; the old name
should keep working wherever it can (an option keeps it as a hidden alias).
"""

import json
import re

import pytest

from osc_migrate.tests.unit import interface

# Old -> new, as patterns over the lines that a failing test shows. One that
# renames nothing is refused. For example:
#     (r"columns/(migrate drain)/(.*)/how", r"columns/\1/\2/kind"),
RENAMED: list[tuple[str, str]] = [
    # Explain takes --failed instead of a server.
    (
        r"commands/migrate_explain/positionals/None",
        "commands/migrate_explain/positionals/?",
    ),
]

OLD = json.loads(interface.FILE.read_text())


@pytest.fixture(scope="module")
def new():
    # As JSON has it: no tuples, every key a string.
    return json.loads(json.dumps(interface.collect()))


def lines(value, path=""):
    """Each fact of the interface as one line."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from lines(inner, f"{path}/{key}".removeprefix("/"))
    elif isinstance(value, list):
        for inner in value:
            yield from lines(inner, path)
    elif path.endswith(("/default", "/required", "/takes", "/version")) or (
        isinstance(value, bool | int) and not path.endswith("documented")
    ):
        yield f"{path} = {value}"
    else:
        yield f"{path}/{value}"


def renamed(line):
    for old, new in RENAMED:
        if re.fullmatch(old, line):
            return re.sub(old, new, line)
    return line


@pytest.mark.parametrize("part", [name for name in OLD if name != "base"])
def test_nothing_vanishes(part, new):
    before = {renamed(line) for line in lines(OLD[part], part)}
    assert sorted(before - set(lines(new[part], part))) == []


@pytest.mark.parametrize("command", OLD["columns"])
def test_columns_keep_their_order(command, new):
    for option, names in OLD["columns"][command].items():
        path = f"columns/{command}/{option}"
        before = [renamed(f"{path}/{name}") for name in names]
        after = [f"{path}/{n}" for n in new["columns"][command][option]]
        assert [line for line in after if line in before] == before


@pytest.mark.parametrize("command", OLD["commands"])
def test_positionals_keep_their_order(command, new):
    path = f"commands/{command}/positionals"
    before = [
        [renamed(f"{path}/{value}") for value in positional]
        for positional in OLD["commands"][command]["positionals"]
    ]
    after = [
        [f"{path}/{value}" for value in positional]
        for positional in new["commands"][command]["positionals"]
    ]
    assert after[: len(before)] == before


def test_no_plan_of_before_lacks_what_is_required_now(new):
    before = {renamed(line) for line in lines(OLD["plan_file"], "plan_file")}
    required = {
        line
        for line in lines(new["plan_file"], "plan_file")
        if line.endswith("/required = True")
    }
    assert sorted(required - before) == []


def test_each_renaming_is_one_of_this_interface():
    every = list(lines(OLD))
    for old, _ in RENAMED:
        assert any(re.fullmatch(old, line) for line in every), old


def test_a_loss_is_noticed():
    """The comparison itself: a fact that goes, and one that changes."""
    before = set(lines({"a": {"version": 1, "names": ["x", "y"]}}))
    assert before == {"a/version = 1", "a/names/x", "a/names/y"}
    assert before - set(lines({"a": {"version": 2, "names": ["y"]}})) == {
        "a/version = 1",
        "a/names/x",
    }
