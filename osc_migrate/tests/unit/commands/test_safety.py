"""What changes a cloud is not begun by accident."""

import argparse
import dataclasses
import io
import types
from importlib import metadata

import pytest
from cliff import commandmanager, interactive

from osc_migrate import errors
from osc_migrate.commands import base, prompt
from osc_migrate.commands.block import Block
from osc_migrate.commands.live import Live
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.commands.desk import Desk

GROUP = "openstack.migrate.v1"
READS = {
    "migrate describe-resource",
    "migrate explain",
    "migrate preflight",
    "migrate run attach",
    "migrate run list",
    "migrate run show",
    "migrate status",
    "migrate watch",
}


@pytest.fixture(scope="module")
def manager():
    return commandmanager.CommandManager(GROUP)


def test_every_command_is_either_harmless_or_needs_its_exact_name():
    """One that only reads may be abbreviated; each of the others says that it
    changes the cloud."""
    for entry in metadata.entry_points(group=GROUP):
        name = entry.name.replace("_", " ")
        assert entry.load().changes is (name not in READS), name


class Cloud:
    """Fails the test when it is asked for anything."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} was used")


def run(manager, *words):
    """As cliff's App.run_subcommand: finds it, parses and runs."""
    factory, name, rest = manager.find_command(list(words))
    desk = Desk(Cloud())
    desk.app.command_manager = manager
    command = factory(desk.app, None, cmd_name=name)
    parser = command.get_parser(f"openstack {name}")
    return command.run(parser.parse_args(rest))


@pytest.mark.parametrize(
    "words, meant",
    [
        (("migrate", "liv", "vm1", "HostC"), "migrate live"),
        (("mig", "live", "vm1"), "migrate live"),
        (("migrate", "dr", "HostB"), "migrate drain"),
        (("migrate", "ret", "HostB"), "migrate return"),
        (("migrate", "ab", "vm1"), "migrate abort"),
    ],
)
def test_an_abbreviated_command_changes_nothing(manager, capsys, words, meant):
    assert run(manager, *words) == base.USAGE
    said = capsys.readouterr().err
    assert f"did you mean: openstack {meant}?" in said
    assert "Nothing was changed" in said


def test_the_exact_name_reaches_the_cloud(manager):
    with pytest.raises(AssertionError, match="was used"):
        run(manager, "migrate", "live", "vm1", "HostC")


@pytest.mark.parametrize("line", ["migrate liv vm1 HostC", "mig live vm1"])
def test_the_interactive_mode_is_as_strict(manager, line):
    """As its `default` does with what `precmd` made of the line."""
    ran = []
    app = types.SimpleNamespace(NAME="openstack", run_subcommand=ran.append)
    shell = interactive.InteractiveApp(
        app, manager, io.StringIO(), io.StringIO()
    )
    statement = shell.precmd(shell.statement_parser.parse(line))
    shell.default(statement)
    (words,) = ran
    try:
        assert run(manager, *words) == base.USAGE
    except ValueError as unknown:  # cliff joins the words: no such command
        assert "Unknown command" in str(unknown)


def approve(monkeypatch, typed, **arguments):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    monkeypatch.setattr(
        "osc_migrate.commands.prompt.is_interactive",
        lambda: arguments.pop("terminal", True),
    )
    given = argparse.Namespace(auto_approve=False, **arguments)
    prompt.approve(given, ["2 servers to move: 2 to HostC"])


@pytest.mark.parametrize("typed", ["", "\n", "n\n", "no\n", "what?\n"])
def test_anything_but_yes_declines(monkeypatch, capsys, typed):
    with pytest.raises(errors.Declined, match="nothing was changed"):
        approve(monkeypatch, typed)
    said = capsys.readouterr().err
    assert said == "  2 servers to move: 2 to HostC\nProceed? [y/N] "


@pytest.mark.parametrize("typed", ["y\n", "Yes\n"])
def test_yes_proceeds(monkeypatch, typed):
    approve(monkeypatch, typed)


def test_without_a_terminal_there_is_no_question(monkeypatch, capsys):
    approve(monkeypatch, "", terminal=False)
    assert capsys.readouterr().err == ""


def test_auto_approve_skips_the_question(monkeypatch, capsys):
    monkeypatch.setattr(
        "osc_migrate.commands.prompt.is_interactive", lambda: True
    )
    prompt.approve(argparse.Namespace(auto_approve=True), ["x"])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "gib, asked", [(1, False), (19, False), (20, True), (500, True)]
)
def test_a_large_copy_is_approved_first(monkeypatch, capsys, gib, asked):
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    monkeypatch.setattr(
        "osc_migrate.commands.prompt.is_interactive", lambda: True
    )
    flavor = dataclasses.replace(shapes.flavor(), disk=gib)
    facts = shapes.move(
        server=shapes.server(image_id="image", flavor=flavor),
    )
    command = Block(Desk(Cloud()).app, None)
    given = argparse.Namespace(auto_approve=False)
    if not asked:
        command.approve(given, facts)
        return
    with pytest.raises(errors.Declined):
        command.approve(given, facts)
    said = capsys.readouterr().err
    assert said == f"  up to {gib} GiB of disks to copy\nProceed? [y/N] "
    given.auto_approve = True
    command.approve(given, facts)


def test_a_copy_of_unknown_size_is_approved_first(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    monkeypatch.setattr(
        "osc_migrate.commands.prompt.is_interactive", lambda: True
    )
    facts = shapes.move(
        server=shapes.server(image_id="image", flavor=Unread("no rights"))
    )
    command = Block(Desk(Cloud()).app, None)
    command.approve(argparse.Namespace(auto_approve=False), facts)
    assert "an unknown amount of disks" in capsys.readouterr().err


def test_a_refusal_is_an_exit_code():
    class Refused(Live):
        def take_action(self, parsed_args):
            raise errors.Declined("not approved; nothing was changed")

    assert Desk(Cloud()).run(Refused, "vm1") == base.NOT_SAFE
