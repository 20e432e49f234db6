import io
import re

import pytest
from rich import console as consoles

from osc_migrate.commands import drawing, progress, run_drawing
from osc_migrate.maintenance.running.results import Look, Result
from osc_migrate.migration.progress import Progress

MiB = 1024 * 1024


def console(width, **options):
    return consoles.Console(
        file=io.StringIO(), width=width, height=24, **options
    )


def look(phase="running", status="running", **changes):
    sizes = {"memory_total": 512 * MiB, "memory_remaining": 128 * MiB}
    return Progress(phase, status, 7.0, **(sizes | changes))


def drawn(one, width=80, route="", **options):
    screen = console(width, **options)
    rows = drawing.routes(screen) if route else drawing.grid(screen, 3, 0)
    style = drawing.colour(one)
    drawing.add(screen, rows, "vm1", one, style, route=route)
    screen.print(rows)
    return screen.file.getvalue()


LOOKS = [
    look("accepted", memory_total=0, memory_remaining=0),
    look(),
    look(rate=45.1 * MiB, left=15.0, estimated=True),
    look(stalled=True, rate=45.1 * MiB),
    look("waiting for its group"),
]


def _sizes(lines):
    """The first word beside each bar."""
    return [re.search(r"memory|~?75 %|128 MiB", line)[0] for line in lines]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("route", ["", "HostB -> HostC"])
def test_columns_stay_where_they_are(width, route):
    lines = [drawn(one, width, route).rstrip("\n") for one in LOOKS]
    # One line each, and no longer than the terminal.
    assert all("\n" not in line and len(line) <= width for line in lines)
    begin = {
        line.index(words)
        for line, words in zip(lines[1:4], _sizes(lines[1:4]), strict=True)
    }
    assert len(begin) == 1
    bars = {line.index("━") for line in lines if "━" in line}
    assert bars == {lines[3].index("not converging")}


def test_what_does_not_fit_is_left_out_whole():
    """Seen: '42.4 MiB', without the '/s' of a rate."""
    look_at_rate = look(rate=42.4 * MiB)
    assert "42.4" not in drawn(look_at_rate)
    assert "42.4 MiB/s" in drawn(look_at_rate, 120)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({}, "75 %"),
        ({"estimated": True}, "~75 %"),
        ({"stalled": True}, "128 MiB remain"),
    ],
)
def test_in_a_narrow_table_sizes_are_short(changes, words):
    assert (
        drawn(look(**changes), 80, "HostB -> HostC").rstrip().endswith(words)
    )


def test_what_does_not_converge_has_no_full_bar():
    line = drawn(look(stalled=True, memory_remaining=512 * MiB, left=9.0))
    assert "not converging" in line and "memory 512 MiB remain" in line
    assert "━" not in line and "left" not in line


@pytest.mark.parametrize(
    "one, colour",
    [
        (look(), "green"),
        (look(stalled=True), "yellow"),
        (look(trouble="no answer"), "yellow"),
        (look(silence="no news"), "yellow"),
        (look("error", "error"), "red"),
        (look("cancelled", "cancelled", stalled=True), "red"),
    ],
)
def test_the_colour_says_how_it_stands(one, colour):
    assert drawing.colour(one) == colour


def test_the_rest_of_a_bar_is_grey_and_thin():
    bar = drawing.progress_bar(console(80), 0.5, "green")
    assert bar.plain == "━" * 7 + "─" * 7
    assert [span.style for span in bar.spans] == ["green", "bright_black"]


def test_an_estimate_of_days_is_none():
    assert progress.time_left(look(left=86401.0)) == ""
    assert progress.time_left(look(left=61.0)) == "1:01 left"


RUN = "20261130-191317-9a82"


def a_run(elapsed=5.0, estimate=61.0, **counts):
    numbers = {Result[name.upper()]: n for name, n in counts.items()}
    done = sum(counts.values())
    return Look(RUN, elapsed, done, 16, numbers, (), (), estimate)


@pytest.mark.parametrize(
    "counts, words",
    [
        ({"left": 3}, " 0 moved,  3 stay, 13 to go"),
        ({"moved": 5, "left": 3}, " 5 moved,  3 stay,  8 to go"),
        # At the end of a run that was stopped.
        (
            {"moved": 5, "gone": 1, "stopped": 1, "failed": 2, "not_begun": 7},
            " 6 moved,  1 stay,  2 failed,  7 to go",
        ),
    ],
)
def test_a_run_is_counted_by_what_became_of_its_servers(counts, words):
    assert run_drawing.counts_text(a_run(**counts)) == words


def test_the_name_of_a_run_is_whole_on_80_columns():
    one = a_run(elapsed=3700, moved=5, failed=1)
    screen = console(80)
    screen.print(run_drawing._summary(screen, one))
    (line,) = screen.file.getvalue().splitlines()
    assert RUN in line and "to go" in line


def test_off_a_terminal_a_run_has_a_line_a_minute():
    looks = [a_run(elapsed=float(n), moved=5) for n in range(0, 130, 10)]
    assert list(run_drawing.lines(looks)) == [
        f"[5/16]  5 moved,  0 stay, 11 to go  {time}"
        for time in ("1:00", "2:00")
    ]
