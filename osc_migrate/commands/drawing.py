"""Draw moves on a terminal: columns with fixed positions, and bars.

Green is in flight and well, yellow has stalled or has no updates, red has
failed. The remainder is a thin grey line, also on a light background.
"""

import typing
from collections.abc import Callable, Iterable

from osc_migrate.commands import progress, terminal
from osc_migrate.commands.base import say
from osc_migrate.migration.follow import FAILED
from osc_migrate.migration.progress import Progress
from osc_migrate.nodes.counters.job import Job
from osc_migrate.text import duration, printable

# A terminal with at least this many columns counts as wide.
_WIDE = 100
# Redraws per second.
_REFRESHED = 2
_REST_STYLE = "bright_black"
NOT_CONVERGING = "not converging"


def screen() -> typing.Any:
    """Return the terminal of stderr."""
    # Imported here: slow, and only needed on a terminal.
    from rich import console

    return console.Console(stderr=True, highlight=False)


def colour(look: Progress) -> str:
    """Return the colour for the state of a move."""
    if look.status in FAILED:
        return "red"
    if look.stalled or look.trouble or look.silence:
        return "yellow"
    return "green"


def progress_bar(console: typing.Any, share: float, style: str) -> typing.Any:
    """Return a progress bar.

    :param share: from 0 to 1.
    """
    from rich import text

    full, empty = ("#", "-") if console.options.ascii_only else ("━", "─")
    width = _bar_width(console)
    filled = round(max(0.0, min(1.0, share)) * width)
    return text.Text.assemble(
        (full * filled, style), (empty * (width - filled), _REST_STYLE)
    )


def _bar_width(console: typing.Any) -> int:
    # At least as long as the text that may replace it.
    return 20 if console.width >= _WIDE else len(NOT_CONVERGING)


def grid(console: typing.Any, name_width: int, route_width: int) -> typing.Any:
    """Return a table for :func:`add`, without headings.

    :param route_width: 0 for a table without the hosts.
    """
    from rich import table

    rows = table.Table.grid(padding=(0, 1), expand=True)
    for width in filter(None, (name_width, route_width, 11)):
        rows.add_column(width=width, no_wrap=True, overflow="crop")
    rows.add_column(width=_bar_width(console), no_wrap=True, overflow="crop")
    if not route_width:
        rows.add_column(width=6, no_wrap=True, justify="right")
    rows.add_column(width=10, no_wrap=True, justify="right")
    rows.add_column(ratio=1, no_wrap=True, overflow="crop")
    return rows


def add(
    console: typing.Any,
    rows: typing.Any,
    server: str,
    look: Progress,
    style: str,
    *,
    route: str = "",
    ended: bool = False,
) -> None:
    """Add one move to the table.

    :param route: source and destination, if the table shows them.
    :param style: style of the phase and of the bar.
    """
    from rich import text

    *fixed, _ = rows.columns
    name_width, route_width = (column.width for column in fixed[:2])
    room = console.width - sum(column.width + 1 for column in fixed)
    bar_or_words: typing.Any = ""
    if look.stalled and not ended:
        bar_or_words = text.Text(NOT_CONVERGING, style=style)
    elif look.total and not ended:
        copied = look.total - look.remaining
        bar_or_words = progress_bar(console, copied / look.total, style)
    left = "" if ended else progress.time_left(look)
    rows.add_row(
        text.Text(printable(server, name_width), style="bold"),
        *([text.Text(printable(route, route_width))] if route else []),
        text.Text(printable(look.phase, 24), style=style),
        bar_or_words,
        *([] if route else [text.Text(duration(look.elapsed))]),
        text.Text(left),
        text.Text("" if ended else progress.progress_text(look, room)),
    )


def routes(console: typing.Any) -> typing.Any:
    """Return a table for several moves, with their hosts."""
    wide = console.width >= _WIDE
    return grid(console, 20 if wide else 10, 28 if wide else 16)


def draw(
    server: str,
    looks: Iterable[Progress],
    counters: Callable[[], Job | None] = progress.no_counters,
) -> None:
    """Draw the progress of one move to its end: a live line on a terminal,
    otherwise one line per phase.

    :param counters: returns libvirt's current counters, without blocking.
    """
    if terminal.draws():
        _live(server, looks, counters)
    else:
        for line in progress.lines(server, looks):
            say(line)


def _live(
    server: str,
    looks: Iterable[Progress],
    counters: Callable[[], Job | None],
) -> None:
    from rich import live

    console = screen()
    latest = progress.Latest(counters)
    width = min(16, len(printable(server)))

    def line() -> typing.Any:
        rows = grid(console, width, 0)
        look = latest.now()
        if look is not None:
            add(console, rows, server, look, colour(look))
        return rows

    with live.Live(
        console=console, get_renderable=line, refresh_per_second=_REFRESHED
    ) as display:
        for look in looks:
            latest.take(look)
            display.refresh()
