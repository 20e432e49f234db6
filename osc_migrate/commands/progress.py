"""Draws Progress on stderr: a live line on a terminal, else a line a phase."""

import time
import typing
from collections.abc import Callable, Iterable, Iterator

from osc_migrate.cloud.migrations import ENDED
from osc_migrate.commands import terminal
from osc_migrate.commands.base import say
from osc_migrate.migration.progress import Progress
from osc_migrate.nodes.counters.job import Job
from osc_migrate.text import duration, printable, size

# Times a second that the line is drawn.
_REFRESHED = 2
# Seconds after which a move in flight gets a line where there is no terminal,
# though nothing has changed.
AT_LEAST = 60.0


def no_counters() -> Job | None:
    """Counts nothing."""
    return None


def draw(
    server: str,
    looks: Iterable[Progress],
    counters: Callable[[], Job | None] = no_counters,
) -> None:
    """Draws every look until they end.

    :param counters: what libvirt counts at this moment; it must not wait.
    """
    if drawn():
        _live(server, looks, counters)
    else:
        for line in lines(server, looks):
            say(line)


def drawn() -> bool:
    """Whether there is a terminal to draw on."""
    return terminal.draws()


def lines(server: str, looks: Iterable[Progress]) -> Iterator[str]:
    """A line at each change of phase, or of trouble with the API; and at
    least one a minute."""
    last = 0.0
    for look, changes in _changes(looks):
        for text in changes:
            yield f"{server}: {text}"
        if changes:
            last = look.elapsed
        elif look.elapsed - last >= AT_LEAST:
            last = look.elapsed
            yield f"{server}: {look.phase}  {described(look)}"


def _changes(
    looks: Iterable[Progress],
) -> Iterator[tuple[Progress, list[str]]]:
    """Each look, and what is new in it."""
    phase, trouble, stalled, silence = "", False, False, False
    for look in looks:
        changes = []
        if look.phase != phase:
            phase = look.phase
            changes.append(phase)
        if bool(look.trouble) != trouble:
            trouble = bool(look.trouble)
            changes.append(
                f"{look.trouble}; the move continues, retrying"
                if trouble
                else "the API answers again"
            )
        if bool(look.silence) != silence:
            silence = bool(look.silence)
            if text := news(look):
                changes.append(text)
        if look.stalled != stalled:
            stalled = look.stalled
            if text := convergence(look):
                changes.append(text)
        yield look, changes


def news(look: Progress) -> str:
    """What to say when silence began or ended; empty for nothing."""
    over = look.status in ENDED
    return look.silence or ("" if over else "there is news of it again")


def convergence(look: Progress) -> str:
    """What to say when a stall began or ended; empty for nothing."""
    if look.stalled:
        return "not converging: what remains does not fall"
    # Behind the copy nothing converges.
    return "converging again" if look.phase == "running" else ""


class Latest:
    """The last look, carried on to this moment.

    :param counters: as of :func:`draw`.
    """

    def __init__(
        self,
        counters: Callable[[], Job | None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counters = counters
        self._now = now
        self._last: tuple[float, Progress] | None = None

    def take(self, look: Progress) -> None:
        self._last = self._now(), look

    def now(self) -> Progress | None:
        """None before the first look."""
        if self._last is None:
            return None
        last_time, look = self._last
        current = look.later(self._now() - last_time)
        # Without a job in the look it is at an end, or has not begun.
        job = self._counters() if look.job else None
        return current.counted(job) if job else current


def add_row(
    grid: typing.Any,
    server: str,
    route: str,
    look: Progress,
    style: str,
    *,
    ended: bool = False,
) -> None:
    """One move among several on a terminal.

    :param grid: a rich.table.Table without headings.
    :param route: source and destination.
    :param style: of the phase.
    """
    from rich import progress_bar, text

    progress = progress_bar.ProgressBar(
        total=look.total, completed=look.total - look.remaining, width=20
    )
    grid.add_row(
        text.Text(printable(server, 24), style="bold"),
        text.Text(printable(route, 40)),
        text.Text(printable(look.phase, 24), style=style),
        progress if look.total and not ended else "",
        text.Text("" if ended else describe(look)),
    )


def describe(look: Progress) -> str:
    """What stands beside the bar."""
    parts = []
    about = "~" if look.estimated else ""
    if look.memory_total:
        parts.append(
            _share("memory", look.memory_remaining, look.memory_total, about)
        )
    if look.disk_total:
        parts.append(
            _share("disk", look.disk_remaining, look.disk_total, about)
        )
    if look.rate is not None:
        parts.append(f"{size(look.rate)}/s")
    if look.job:
        parts += _counted(look.job)
    if look.usual_seconds is not None:
        parts.append(f"usually {duration(look.usual_seconds)} here")
    if look.trouble:
        parts.append(f"no news: {printable(look.trouble, 60)}")
    elif look.silence:
        parts.append(printable(look.silence, 80))
    elif look.stalled:
        parts.append("not converging: what remains does not fall")
    elif look.left is not None:
        parts.append(f"{about}{duration(look.left)} left")
    return "  ".join(parts)


def described(look: Progress) -> str:
    """The same, and for how long it has been followed."""
    return "  ".join(filter(None, (describe(look), duration(look.elapsed))))


def _share(label: str, remaining: int, total: int, about: str) -> str:
    return f"{label} {about}{size(total - remaining)} of {size(total)}"


def _counted(job: Job) -> Iterator[str]:
    """What only libvirt counts."""
    if job.passes:
        yield f"pass {job.passes}"
    if job.dirty:
        yield f"guest writes {size(job.dirty)}/s"
    if job.throttle:
        yield f"throttled {job.throttle} %"
    if job.downtime:
        yield f"pause {job.downtime:.1f} s"


def _live(
    server: str,
    looks: Iterable[Progress],
    counters: Callable[[], Job | None],
) -> None:
    # Only for a person at a terminal, who waits for the move anyway.
    from rich import console, live, progress_bar, table, text

    screen = console.Console(stderr=True)
    latest = Latest(counters)

    def line() -> table.Table:
        row = table.Table.grid(padding=(0, 1))
        look = latest.now()
        if look is None:
            return row
        style = "yellow" if look.stalled or look.trouble else "cyan"
        copied = look.total - look.remaining
        row.add_row(
            text.Text(printable(server, 24), style="bold"),
            text.Text(f"{printable(look.phase, 24):<9}", style=style),
            progress_bar.ProgressBar(
                total=look.total, completed=copied, width=20
            )
            if look.total
            else "",
            text.Text(describe(look)),
            text.Text(duration(look.elapsed), style="dim"),
        )
        return row

    with live.Live(
        console=screen, get_renderable=line, refresh_per_second=_REFRESHED
    ) as display:
        for look in looks:
            latest.take(look)
            display.refresh()
