"""Show a run in progress: one line per change, or bars."""

import typing
from collections.abc import Iterable, Iterator, Mapping

from osc_migrate.commands import base, drawing, progress, terminal
from osc_migrate.maintenance.running.results import AWAY, Look, Result
from osc_migrate.redact import mask_secrets
from osc_migrate.text import duration, printable

# Results of servers that are done, but neither moved nor failed.
_STAY = (Result.STOPPED, Result.LEFT, Result.WAITS, Result.RUNNING_ON)


def draw(looks: Iterable[Look]) -> None:
    """Draw the polls of a run until it ends."""
    if terminal.draws():
        _live(looks)
        return
    for line in lines(looks):
        base.say(line)


def lines(looks: Iterable[Look]) -> Iterator[str]:
    """Yield a line for each event and each server that starts to move, and
    one per minute for each in flight, or for the run."""
    phases: dict[tuple[str, str, str | None], str] = {}
    minutes: dict[tuple[str, str, str | None], float] = {}
    last = 0.0
    for look in looks:
        new = []
        for moving in look.moving:
            current = moving.progress
            key = moving.server, moving.source, moving.destination
            host = moving.destination or "the scheduler's choice"
            line = (
                f"{moving.server}: {current.phase} ({moving.source} -> {host})"
            )
            if phases.get(key) != current.phase:
                phases[key] = current.phase
                minutes.setdefault(key, look.elapsed)
                if current.phase in ("running", "copying"):
                    minutes[key] = look.elapsed
                    new.append(line)
            if look.elapsed - minutes[key] >= progress.AT_LEAST:
                minutes[key] = look.elapsed
                new.append(f"{line}  {progress.described(current)}")
        prefix = f"[{servers_gone(look)}/{look.total}]"
        new += [f"{prefix} {event}" for event in look.events]
        if not new and look.elapsed - last >= progress.AT_LEAST:
            new.append(
                f"{prefix} {counts_text(look)}  {duration(look.elapsed)}"
            )
        if new:
            last = look.elapsed
        yield from new


def servers_gone(look: Look) -> int:
    """Count the servers that have left the hosts."""
    return _sum(look.counts, AWAY)


def _sum(counts: Mapping[Result, int], results: Iterable[Result]) -> int:
    return sum(counts.get(result, 0) for result in results)


def counts_text(look: Look) -> str:
    """Sum up the progress: '5 moved, 3 stay, 7 to go'."""
    width = len(str(look.total))
    moved, stay = servers_gone(look), _sum(look.counts, _STAY)
    failed = look.counts.get(Result.FAILED, 0)
    ahead = look.total - moved - stay - failed
    parts = [f"{moved:>{width}} moved", f"{stay:>{width}} stay"]
    if failed:
        parts.append(f"{failed:>{width}} failed")
    return ", ".join([*parts, f"{max(0, ahead):>{width}} to go"])


def _live(looks: Iterable[Look]) -> None:
    # Imported here: slow, and only needed on a terminal.
    from rich import console as consoles
    from rich import live, text

    console = drawing.screen()

    def drawn(look: Look) -> consoles.Group:
        rows = drawing.routes(console)
        # The last line, about the run, always stays on the screen.
        max_rows = max(1, console.height - 3)
        for moving in look.moving[:max_rows]:
            current = moving.progress
            route = f"{moving.source} -> {moving.destination or '?'}"
            drawing.add(
                *(console, rows, moving.server, current),
                drawing.colour(current),
                route=route,
            )
        hidden = len(look.moving) - max_rows
        overflow = [text.Text(f"and {hidden} more")] if hidden > 0 else []
        return consoles.Group(rows, *overflow, _summary(console, look))

    with live.Live(console=console, auto_refresh=False) as display:
        for look in looks:
            for event in look.events:
                style = "red" if event.warning else ""
                line = printable(mask_secrets(str(event)), base.WIDEST)
                display.console.print(text.Text(line, style=style))
            display.update(drawn(look), refresh=True)


def _summary(console: typing.Any, look: Look) -> typing.Any:
    """Return one line about the whole run, of at least 80 columns."""
    from rich import text

    left = f"{duration(look.left)} left" if look.left is not None else ""
    line = text.Text(no_wrap=True, overflow="crop")
    line.append(f"run {look.run}  ")
    line.append(counts_text(look), style="bold")
    line.append(f"  {duration(look.elapsed)}  {left:<10}")
    line.truncate(console.width)
    if console.width > line.cell_len + 20:
        line.append(" ")
        style = "red" if look.counts.get(Result.FAILED) else "green"
        share = servers_gone(look) / max(1, look.total)
        line.append_text(drawing.progress_bar(console, share, style))
    return line
