"""What a narrow terminal leaves out, and what it never does."""

import argparse
import io
import os
import sys

import pytest
from rich.cells import cell_len

from osc_migrate.commands import grid, terminal
from osc_migrate.commands.table import FittedFormatter
from osc_migrate.tests.unit.commands.test_rendering import Screen

ID = "42bd4d50-2400-4087-9967-7934b1de046c"
OTHER = "99999999-2400-4087-9967-7934b1de046c"
SENTENCE = "one is under way already, and more of them would have to wait"
COLUMNS = ("server", "id", "migration_id", "source", "next")


def drawn(rows, columns=COLUMNS, width=80, screen=None, asked=()):
    screen = screen or Screen("utf-8")
    arguments = argparse.Namespace(
        max_width=width,
        fit_width=True,
        print_empty=False,
        columns=list(asked),
        long=False,
    )
    FittedFormatter().emit_list(columns, rows, screen, arguments)
    return screen.getvalue()


def test_ids_and_empty_columns_go_first():
    rows = [("vm1", ID, 7, "HostB", ""), ("vm2", OTHER, 8, "HostB", "")]
    out = drawn(rows, width=70)
    assert out.splitlines()[1] == "| server | source |"


def test_what_fits_stays_as_it_is():
    row = ("vm1", ID, 7, "HostB", "")
    assert ID in drawn([row], width=120) and "next" in drawn([row], width=120)


def test_servers_of_one_name_keep_what_tells_them_apart():
    rows = [("vm", ID, 7, "HostB", ""), ("vm", OTHER, 8, "HostB", "")]
    out = drawn(rows, width=70)
    assert "42bd4d50 " in out and "99999999 " in out
    assert "| server | id       | source |" in out


def test_a_pipe_and_chosen_columns_have_everything():
    row = ("vm1", ID, 7, "HostB", SENTENCE)
    for out in (
        drawn([row], asked=COLUMNS, width=200),
        drawn([row], screen=io.StringIO(), width=200),
    ):
        assert ID in out and SENTENCE in out
    narrow = drawn([row], asked=["server"])
    assert "migration_id" in narrow and ID[:9] in narrow


def test_commands_go_below_their_row():
    command = "openstack migrate drain --resume 20261130-190135-HostB-1f3c"
    rows = [("v" * 90, ID, 7, "h" * 30, command)]
    out = drawn(rows, width=80)
    assert command in out
    assert max(map(cell_len, out.splitlines())) <= 80


def test_the_id_of_a_run_is_in_one_piece():
    run_id, time = "20261130-195308-864e", "2026-11-30T19:53:09Z"
    columns = ("run", "purpose", "hosts", "began", "ended", "gone", "servers")
    row = (run_id, "rebalance", "HostB", time, "not yet", 3, 120)
    out = drawn([row], columns=columns)
    assert run_id in out and time not in out


def test_names_that_would_look_the_same_are_not_cut():
    names = ["web-" + "x" * 80 + end for end in ("a-front-1", "b-front-1")]
    out = drawn([(name, ID, 7, "HostB", "") for name in names], width=60)
    assert "a-front-1" in out and "b-front-1" in out


@pytest.mark.parametrize(
    "text, space, cut",
    [
        ("vm1", 8, "vm1"),
        ("abcdefghijkl", 9, "abc...jkl"),
        ("\u30b5" * 10, 9, "\u30b5...\u30b5"),
        ("a" * 20 + " -> HostB", 21, "aaaaa...aaa -> HostB"),
    ],
)
def test_the_middle_is_cut(text, space, cut):
    assert cell_len(grid.cut(text, space)) <= space
    assert grid.cut(text, space).startswith(cut[:3])
    assert grid.cut(text, space).endswith(cut[-3:])


def test_no_mark_stands_alone_at_a_cut():
    text = "abcdefgh" + "e\u0301" * 10
    for space in range(8, 18):
        assert not grid.cut(text, space).split("...")[-1].startswith("\u0301")


@pytest.mark.parametrize("space", range(2, 30))
def test_nothing_is_lost_when_a_cell_is_wrapped(space):
    text = "web-front-1 a  b " + "\u30b5" * 20 + " end-of-it " + "x" * 40
    lines = grid.wrapped(text, space)
    assert all(cell_len(line) <= space for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_letters_that_a_terminal_lacks_are_escaped():
    assert grid.drawable("vm-\u00fc", "ascii") == "vm-\\xfc"
    assert grid.drawable("vm-\u00fc", "utf-8") == "vm-\u00fc"
    assert grid.drawable("e" + "\u0301" * 9, "utf-8").count("\u0301") == 4


@pytest.mark.parametrize(
    "codeset, encoding", [("ANSI_X3.4-1968", "ascii"), ("UTF-8", "utf-8")]
)
def test_the_c_locale_is_ascii(monkeypatch, codeset, encoding):
    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    out = Terminal(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(terminal.locale, "nl_langinfo", lambda _: codeset)
    terminal.prepare()
    assert out.encoding == encoding


def test_a_pipe_keeps_its_encoding(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(
        terminal.locale, "nl_langinfo", lambda _: "ANSI_X3.4-1968"
    )
    terminal.prepare()
    assert out.encoding == "utf-8"


@pytest.mark.parametrize(
    "term, drawn", [("xterm", True), ("dumb", False), ("unknown", False)]
)
def test_a_dumb_terminal_gets_lines(monkeypatch, term, drawn):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setitem(os.environ, "TERM", term)
    assert terminal.draws() is drawn
