"""Progress in words: what stands beside a bar, or a line a phase."""

import time
from collections.abc import Callable, Iterable, Iterator

from osc_migrate.cloud.migrations import ENDED
from osc_migrate.migration.progress import Progress
from osc_migrate.nodes.counters.job import Job
from osc_migrate.text import duration, printable, size

# Seconds after which a move in flight gets a line where there is no terminal,
# though nothing has changed.
AT_LEAST = 60.0
# Seconds above which an estimate is not shown.
_LONGEST_ESTIMATE = 86400.0


def no_counters() -> Job | None:
    """Counts nothing."""
    return None


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
    return look.silence or ("" if over else "updates have resumed")


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


def describe(look: Progress) -> str:
    """A move in words, where no bar is drawn."""
    parts = [beside_the_bar(look)]
    if _is_heard_of(look):
        if look.stalled:
            parts.append("not converging: what remains does not fall")
        else:
            parts.append(left(look))
    return "  ".join(filter(None, parts))


def left(look: Progress) -> str:
    """The time to the end; empty where it cannot be known."""
    if look.left is None or look.stalled or not _is_heard_of(look):
        return ""
    # At such a pace it does not end: an estimate would be a number only.
    if look.left > _LONGEST_ESTIMATE:
        return ""
    about = "~" if look.estimated else ""
    return f"{about}{duration(look.left)} left"


def _is_heard_of(look: Progress) -> bool:
    return not (look.trouble or look.silence)


def beside_the_bar(look: Progress, width: int = 0) -> str:
    """What stands beside the bar and the time that is left.

    :param width: columns for it, of which the first part may take more; 0
        for any number.
    """
    parts = list(_sizes(look))
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
    if width and look.total and len(parts[0]) > width:
        parts[0] = _in_short(look)
    while width and len(parts) > 1 and len("  ".join(parts)) > width:
        parts.pop()
    return "  ".join(parts)


def _in_short(look: Progress) -> str:
    """Memory and disk where there is little room."""
    if look.stalled:
        return f"{size(look.remaining)} remain"
    about = "~" if look.estimated else ""
    return f"{about}{100 * (look.total - look.remaining) // look.total} %"


def _sizes(look: Progress) -> Iterator[str]:
    about = "~" if look.estimated else ""
    for label, remaining, total in (
        ("memory", look.memory_remaining, look.memory_total),
        ("disk", look.disk_remaining, look.disk_total),
    ):
        if not total:
            continue
        # What was copied is written again: none of it is done.
        if look.stalled:
            yield f"{label} {size(remaining)} remain"
        else:
            yield (
                f"{label} {about}{size(total - remaining)} of {size(total)}"
            )


def described(look: Progress) -> str:
    """The same, and for how long it has been followed."""
    return "  ".join(filter(None, (describe(look), duration(look.elapsed))))


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
