"""Tables in narrow terminals."""

import argparse
import io

import pytest

from osc_migrate.commands.table import FittedFormatter

ID = "42bd4d50-2400-4087-9967-7934b1de046c"
CHECK = "destination-receives-few-servers"
SENTENCE = "one is under way already, and more of them would have to wait"


def table(names, rows, width):
    out = io.StringIO()
    asked = argparse.Namespace(
        max_width=width, fit_width=False, print_empty=False
    )
    FittedFormatter().emit_list(names, rows, out, asked)
    lines = out.getvalue().splitlines()
    assert len({len(line) for line in lines}) <= 1, "torn"
    return lines


def test_a_sentence_gives_way_before_a_name_that_is_copied():
    rows = [(CHECK, "vm1", SENTENCE)]
    lines = table(("check", "subject", "detail"), rows, 80)
    assert len(lines[0]) <= 80
    assert sum(CHECK in line for line in lines) == 1
    assert len(lines) > 5


def test_an_id_breaks_where_nothing_else_helps():
    names = ("wave", "server", "id", "way", "source", "destination", "reason")
    rows = [(0, "vm3", ID, "live", "HostC", "HostB", SENTENCE)]
    lines = table(names, rows, 80)
    assert len(lines[0]) <= 80
    assert any("2400-" in line for line in lines)


def test_names_break_between_words_where_they_must():
    names = ("check", "subject", "status", "detail", "remedy")
    rows = [(CHECK, "vm3 -> HostB", "WARN", SENTENCE, SENTENCE)]
    lines = table(names, rows, 70)
    assert len(lines[0]) <= 70
    assert any("receives" in line for line in lines)


@pytest.mark.parametrize("width", [0, 200])
def test_what_fits_stays(width):
    lines = table(("check", "detail"), [(CHECK, SENTENCE)], width)
    assert len(lines) == 5
    assert SENTENCE in lines[3]


def test_lines_of_a_cell_stay_lines():
    text = f"first\n\n{SENTENCE}"
    lines = table(("a", "b"), [("x", text)], 40)
    assert len(lines[0]) <= 40
    assert "first" in lines[3]
    assert lines[4].strip("| ") == ""


@pytest.mark.parametrize("width", range(1, 120, 7))
@pytest.mark.parametrize("text", ["", "x" * 300, "a- -b " * 30, " \n " * 3])
def test_any_text_in_any_width(text, width):
    table(("name", "text", "n"), [(text, text, 1), ("", None, 2)], width)


def test_wide_letters_are_counted_as_wide():
    out = io.StringIO()
    asked = argparse.Namespace(
        max_width=40, fit_width=False, print_empty=False
    )
    rows = [("サーバー" * 8, SENTENCE)]
    FittedFormatter().emit_list(("server", "detail"), rows, out, asked)
    assert "サーバー" in out.getvalue()


def test_no_rows():
    assert table(("name", "text"), [], 20) == [""]
