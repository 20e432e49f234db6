"""The interface that scripts depend on, collected from the code.

``interface.json`` beside this module is what it was at the commit named in
``BASE``; ``test_interface.py`` compares the two. The file is written anew
only to adopt a new base::

    python -m osc_migrate.tests.unit.interface \
        > osc_migrate/tests/unit/interface.json

Where a module moves, only the imports below and ``JOURNAL_METHODS`` change.
Everything else is found through entry points, by type, or in the syntax
trees of the whole package.
"""

import argparse
import ast
import csv
import enum
import functools
import importlib
import io
import json
import pathlib
import pkgutil
import re
import sys
import tomllib

from osc_lib.command import command as osc_command

import osc_migrate
from osc_migrate.checks import findings
from osc_migrate.checks.check import Check
from osc_migrate.cloud.migrations import Kind
from osc_migrate.commands import (
    base,
    describe_resource,
    migrate_base,
    planning,
    run_base,
)
from osc_migrate.commands import run as run_commands
from osc_migrate.explain import causes
from osc_migrate.explain.explanation import Explanation
from osc_migrate.explain.failed import Failure
from osc_migrate.facts import Unread
from osc_migrate.maintenance.planning import plan, plan_file
from osc_migrate.maintenance.planning.policy import Policy
from osc_migrate.maintenance.planning.request import By
from osc_migrate.maintenance.running import host_status, journal, results
from osc_migrate.migration import abort, repair
from osc_migrate.migration.outcome import End, Outcome
from osc_migrate.migration.watch import Watched
from osc_migrate.nodes import node_questions as node_facts
from osc_migrate.nodes import survey_file
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.collect import Survey
from osc_migrate.nodes.node_checks import ANSWERS, all_checks
from osc_migrate.nodes.role import Role
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.commands.test_preflight import FakeMover

BASE = "9e95b06"
FILE = pathlib.Path(__file__).with_name("interface.json")
PACKAGE = pathlib.Path(osc_migrate.__file__).parent
ROOT = PACKAGE.parent
POINTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
    "entry-points"
]["openstack.migrate.v1"]

# Where pytest's options of the validators are added: pytest_addoption().
VALIDATORS = "validators.plugin"
# Methods whose first argument is the kind of a journal entry, and whose
# keywords are its data.
JOURNAL_METHODS = ("note",)

# Command -> its tables, each by the option that selects it.
COLUMNS = {
    "migrate live": {"": Outcome.COLUMNS},
    "migrate block": {"": Outcome.COLUMNS},
    "migrate cold": {"": Outcome.COLUMNS},
    "migrate force-complete": {"": Outcome.COLUMNS},
    "migrate abort": {"": abort.AbortResult.COLUMNS},
    "migrate repair": {"": repair.RepairStep.COLUMNS},
    "migrate watch": {"": Watched.COLUMNS},
    "migrate explain": {
        "": Explanation.COLUMNS,
        "--all": Explanation.ROWS,
        "--long": Explanation.LONG,
        "--failed": Failure.COLUMNS,
        "--failed --long": Failure.LONG,
    },
    "migrate describe-resource": {
        "": describe_resource.COLUMNS,
        "--long": (*describe_resource.COLUMNS, "project_id"),
    },
    "migrate drain": {"": results.Row.COLUMNS, "--dry-run": planning.COLUMNS},
    "migrate return": {"": results.Row.COLUMNS, "--dry-run": planning.COLUMNS},
    "migrate rebalance": {
        "": results.Row.COLUMNS,
        "--dry-run": planning.COLUMNS,
    },
    "migrate run list": {"": run_commands.RunList.COLUMNS},
    "migrate run show": {"": results.Row.COLUMNS},
    "migrate run attach": {"": results.Row.COLUMNS},
    "migrate status": {
        "": host_status.HostStatus.COLUMNS,
        "--long": host_status.HostStatus.LONG,
        "<host>": host_status.ServerLeft.COLUMNS,
        "<host> --long": host_status.ServerLeft.LONG,
    },
}

# Words that columns, files or options may contain.
VALUES = {
    "status of a finding": [status.name for status in findings.Status],
    "kind of a move": Kind,
    "end of a move": End,
    "way of a step": plan.Way,
    "purpose of a plan": plan.Purpose,
    "outcome of a server in a run": results.Result,
    "verdict of a run": results.RunVerdict,
    "role of a node": Role,
    "tag of an owner": Policy,
    "load to even out": By,
}


def collect():
    """All of it, as JSON has it."""
    return {
        "base": BASE,
        "checks": checks_by_id(),
        "causes": sorted(cause.id for cause in causes.CAUSES),
        "commands": {name: options(name) for name in sorted(POINTS)},
        "columns": columns(),
        "exit_codes": exit_codes(),
        "values": {name: words(group) for name, group in VALUES.items()},
        "plan_file": plan_format(),
        "facts_file": facts_format(),
        "journal": journal_format(),
        "validators": validator_options(),
    }


def words(group):
    """The values of an enumeration, or a list as it is."""
    if isinstance(group, enum.EnumMeta):
        return [member.value for member in group]
    return list(group)


# Checks


def modules():
    """Every module of the product."""
    for module in pkgutil.walk_packages([str(PACKAGE)], "osc_migrate."):
        if "tests" not in module.name.split("."):
            yield importlib.import_module(module.name)


def checks_by_id():
    """Check id -> the kinds of move that it matters for, wherever it is
    defined, and whether the registry has it."""
    registered = {check.id for check in all_checks()} | {ANSWERS}
    everywhere = {
        value.id: sorted(value.kinds)
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, Check)
    }
    everywhere.setdefault(ANSWERS, [])
    return {
        id: {"kinds": everywhere[id], "registered": id in registered}
        for id in sorted(everywhere)
    }


# Commands


def title(point):
    """'migrate run list' for the entry point migrate_run_list."""
    return point.replace("_", " ")


def command_of(point):
    module, _, name = POINTS[point].partition(":")
    command = getattr(importlib.import_module(module), name)(None, None)
    command.app_dist_name = "osc-migrate"
    return command


class _Rows(osc_command.Lister):
    def take_action(self, parsed_args):
        """Never called."""


class _Record(osc_command.ShowOne):
    def take_action(self, parsed_args):
        """Never called."""


@functools.cache
def cliffs_own():
    """Option strings that cliff gives to every command with a table."""
    return {
        text
        for made in (_Rows, _Record)
        for action in made(None, None).get_parser("")._actions
        for text in action.option_strings
    }


def options(point):
    """Options and positionals of one command."""
    actions = command_of(point).get_parser(title(point))._actions
    return {
        "options": {
            action.option_strings[0]: described(action)
            for action in sorted(actions, key=lambda a: a.option_strings)
            if set(action.option_strings) - cliffs_own()
        },
        "positionals": [
            [action.metavar or action.dest, action.nargs]
            for action in actions
            if not action.option_strings
        ],
    }


def described(action):
    takes = 0 if action.nargs == 0 else action.nargs or 1
    return {
        "flags": sorted(action.option_strings),
        "takes": takes,
        "choices": [str(choice) for choice in action.choices or ()],
        "default": action.default
        if isinstance(action.default, str | int | float | None)
        and action.default != argparse.SUPPRESS
        else str(action.default),
        "repeatable": isinstance(action, argparse._AppendAction),
    }


class _Shell:
    """Runs preflight on one move that is safe."""

    def __init__(self):
        move = shapes.move()
        self.mover = FakeMover(move)

    def header(self, *words):
        desk = Desk(self.mover)
        preflight = type(command_of("migrate_preflight"))
        desk.run(preflight, "-f", "csv", *words)
        return next(csv.reader(io.StringIO(desk.out)))


def columns():
    """Command -> option -> names of columns, in their order."""
    shell = _Shell()
    found = {
        command: {option: list(names) for option, names in tables.items()}
        for command, tables in COLUMNS.items()
    }
    found["migrate preflight"] = {
        "<server> <host>": shell.header("vm1", "HostC"),
        "<server>": shell.header("vm1"),
        "<server> --long": shell.header("vm1", "--long"),
        "--host <host>": shell.header("--host", "HostB"),
        "--host <host> --long": shell.header("--host", "HostB", "--long"),
    }
    return dict(sorted(found.items()))


def exit_codes():
    """The codes in the documentation, in each help, and by meaning."""
    page = (ROOT / "doc/source/reference/exit-codes.rst").read_text()
    helps = {}
    for point in sorted(POINTS):
        text = " ".join(command_of(point).get_description().split())
        _, _, said = text.partition("Exit codes: ")
        codes = re.findall(r"(?:^|; | or |, )(\d+) ", said)
        helps[title(point)] = sorted({int(code) for code in codes})
    return {
        "documented": [
            int(code) for code in re.findall(r"\* - ``(\d+)``", page)
        ],
        "not safe": base.NOT_SAFE,
        "not moved": base.NOT_MOVED,
        "time to follow ran out": base.RUNNING_ON,
        "waits to be confirmed": base.UNCONFIRMED,
        "ends of a move": {
            end.value: code for end, code in migrate_base.EXIT.items()
        },
        "verdicts of a run": {
            verdict.value: code for verdict, code in run_base.EXIT.items()
        },
        "in the help": helps,
    }


# Files


def plan_format():
    """The plan file's version, and the path of every value in its schema."""
    return {
        "version": plan_file.VERSION,
        "paths": dict(sorted(_paths(plan_file.schema(), ""))),
    }


def _paths(schema, where):
    for name, value in schema.get("properties", {}).items():
        path = f"{where}.{name}".lstrip(".")
        types = value.get("type", [])
        yield (
            path,
            {
                "type": sorted([types] if isinstance(types, str) else types),
                "required": name in schema.get("required", ()),
                "enum": value.get("enum", []),
            },
        )
        yield from _paths(value, path)
    if isinstance(schema.get("items"), dict):
        yield from _paths(schema["items"], f"{where}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _paths(schema["additionalProperties"], f"{where}.*")


def survey():
    """One node that answered, and one that did not."""
    return Survey(
        roles={"HostB": Role.COMPUTE, "HostA": Role.STORAGE},
        answers={
            "HostB": {"a": Answer(1, "out", "err"), "b": Unread("no answer")}
        },
        lost={"HostA": Unread("no route")},
    )


def facts_format():
    """The facts file as it is written, and the names of the answers."""
    return {
        "sample": json.loads(survey_file.dumps(survey())),
        "answers": sorted(
            set(node_facts.FIRST)
            | {
                name
                for role in Role
                for name in node_facts.questions({}, role)
            }
        ),
    }


def journal_format():
    """The table, and each kind of entry with the keys of its data."""
    kinds = {}
    for path in PACKAGE.rglob("*.py"):
        if "tests" in path.relative_to(PACKAGE).parts:
            continue
        for call in ast.walk(ast.parse(path.read_text())):
            match call:
                case ast.Call(
                    func=ast.Attribute(attr=method),
                    args=[ast.Constant(value=str(kind)), *_],
                    keywords=keywords,
                ) if method in JOURNAL_METHODS:
                    keys = {keyword.arg for keyword in keywords}
                    kinds.setdefault(kind, set()).update(keys)
    return {
        "version": journal.FORMAT,
        "table": " ".join(journal._SCHEMA.split()),
        "kinds": {kind: sorted(keys) for kind, keys in sorted(kinds.items())},
        "row": list(results.Row.COLUMNS),
    }


class _Recorder:
    """Takes the place of pytest's parser."""

    def __init__(self):
        self.options = {}

    def getgroup(self, *_, **__):
        return self

    def addoption(self, *flags, **more):
        self.options[flags[0]] = {
            "flags": sorted(flags),
            "action": more.get("action", "store"),
            "default": more.get("default"),
        }


def validator_options():
    """pytest's options of the validators."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    recorder = _Recorder()
    importlib.import_module(VALIDATORS).pytest_addoption(recorder)
    return dict(sorted(recorder.options.items()))


if __name__ == "__main__":
    print(json.dumps(collect(), indent=1))
