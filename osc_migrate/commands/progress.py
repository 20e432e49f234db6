"""Draws Progress on stderr: a live line on a terminal, else a line a phase."""

import sys
from collections.abc import Iterable, Iterator

from osc_migrate.commands.base import say
from osc_migrate.model.progress import Progress
from osc_migrate.words import duration, printable, size


def draw(server: str, looks: Iterable[Progress]) -> None:
    """Draws every look until they end."""
    if sys.stderr.isatty():
        _live(server, looks)
    else:
        for line in lines(server, looks):
            say(line)


def lines(server: str, looks: Iterable[Progress]) -> Iterator[str]:
    """A line at each change of phase, or of trouble with the API."""
    phase, trouble, stalled, silence = "", False, False, False
    for look in looks:
        if look.phase != phase:
            phase = look.phase
            yield f"{server}: {phase}"
        if bool(look.trouble) != trouble:
            trouble = bool(look.trouble)
            yield f"{server}: " + (
                f"{look.trouble}; the move goes on, asking again"
                if trouble
                else "the API answers again"
            )
        if bool(look.silence) != silence:
            silence = bool(look.silence)
            yield f"{server}: {look.silence or 'there is news of it again'}"
        if look.stalled != stalled:
            stalled = look.stalled
            yield f"{server}: " + (
                "not converging: what remains does not fall"
                if stalled
                else "converging again"
            )


def describe(look: Progress) -> str:
    """What stands beside the bar."""
    parts = []
    if look.memory_total:
        parts.append(
            _share("memory", look.memory_remaining, look.memory_total)
        )
    if look.disk_total:
        parts.append(_share("disk", look.disk_remaining, look.disk_total))
    if look.rate is not None:
        parts.append(f"{size(look.rate)}/s")
    if look.trouble:
        parts.append(f"no news: {printable(look.trouble, 60)}")
    elif look.silence:
        parts.append(printable(look.silence, 80))
    elif look.stalled:
        parts.append("not converging: what remains does not fall")
    elif look.left is not None:
        parts.append(f"{duration(look.left)} left")
    return "  ".join(parts)


def _share(what: str, remaining: int, total: int) -> str:
    return f"{what} {size(total - remaining)} of {size(total)}"


def _live(server: str, looks: Iterable[Progress]) -> None:
    # Only for a person at a terminal, who waits for the move anyway.
    from rich import console, live, progress_bar, table, text

    screen = console.Console(stderr=True)

    def drawn(look: Progress) -> table.Table:
        row = table.Table.grid(padding=(0, 1))
        style = "yellow" if look.stalled or look.trouble else "cyan"
        done = look.total - look.remaining
        row.add_row(
            text.Text(printable(server, 24), style="bold"),
            text.Text(f"{printable(look.phase, 24):<9}", style=style),
            progress_bar.ProgressBar(
                total=look.total, completed=done, width=20
            )
            if look.total
            else "",
            text.Text(describe(look)),
            text.Text(duration(look.elapsed), style="dim"),
        )
        return row

    with live.Live(console=screen, auto_refresh=False) as display:
        for look in looks:
            display.update(drawn(look), refresh=True)
