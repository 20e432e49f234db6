"""Progress as text: beside a bar, or as one line per phase."""

import time
from collections.abc import Callable, Iterable, Iterator

from osc_migrate.cloud.migrations import ENDED
from osc_migrate.migration.progress import Progress
from osc_migrate.nodes.counters.job import Job
from osc_migrate.text import duration, printable, size

# Without a terminal, a move in flight gets a line after this many seconds
# even if nothing has changed.
AT_LEAST = 60.0
# Longer estimates are not shown, in seconds.
_LONGEST_ESTIMATE = 86400.0


def no_counters() -> Job | None:
    """Return no counters."""
    return None


def lines(server: str, looks: Iterable[Progress]) -> Iterator[str]:
    """Yield a line at each change of phase or of the API's availability,
    and at least one per minute."""
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
    """Yield each poll with the text of its changes."""
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
            if text := silence_change(look):
                changes.append(text)
        if look.stalled != stalled:
            stalled = look.stalled
            if text := convergence(look):
                changes.append(text)
        yield look, changes


def silence_change(look: Progress) -> str:
    """Return a text if updates stopped or resumed; else empty."""
    over = look.status in ENDED
    return look.silence or ("" if over else "updates have resumed")


def convergence(look: Progress) -> str:
    """Return a text if a stall began or ended; else empty."""
    if look.stalled:
        return "not converging: what remains does not fall"
    # After the copy, convergence has no meaning.
    return "converging again" if look.phase == "running" else ""


class Latest:
    """The last poll, extrapolated to the current time.

    :param counters: as in :func:`draw`.
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
        """Return the current progress; None before the first poll."""
        if self._last is None:
            return None
        last_time, look = self._last
        current = look.later(self._now() - last_time)
        # Without a job in the poll, the copy has ended or not yet begun.
        job = self._counters() if look.job else None
        return current.counted(job) if job else current


def describe(look: Progress) -> str:
    """Describe a move as text, if no bar is drawn."""
    parts = [progress_text(look)]
    if _is_heard_of(look):
        if look.stalled:
            parts.append("not converging: what remains does not fall")
        else:
            parts.append(time_left(look))
    return "  ".join(filter(None, parts))


def time_left(look: Progress) -> str:
    """Return the remaining time; empty if it is not known."""
    if look.left is None or look.stalled or not _is_heard_of(look):
        return ""
    # At this pace the copy does not end: an estimate would be meaningless.
    if look.left > _LONGEST_ESTIMATE:
        return ""
    about = "~" if look.estimated else ""
    return f"{about}{duration(look.left)} left"


def _is_heard_of(look: Progress) -> bool:
    return not (look.trouble or look.silence)


def progress_text(look: Progress, width: int = 0) -> str:
    """Return the text beside the bar and the remaining time.

    :param width: columns for it, which the first part may exceed; 0 for no
        limit.
    """
    parts = list(_sizes(look))
    if look.rate is not None:
        parts.append(f"{size(look.rate)}/s")
    if look.job:
        parts += _libvirt_counters(look.job)
    if look.usual_seconds is not None:
        parts.append(f"usually {duration(look.usual_seconds)} here")
    if look.trouble:
        parts.append(f"no news: {printable(look.trouble, 60)}")
    elif look.silence:
        parts.append(printable(look.silence, 80))
    if width and look.total and len(parts[0]) > width:
        parts[0] = _short_progress(look)
    while width and len(parts) > 1 and len("  ".join(parts)) > width:
        parts.pop()
    return "  ".join(parts)


def _short_progress(look: Progress) -> str:
    """Return memory and disk as a short text."""
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
        # The guest has written it again: the copy is not progress.
        if look.stalled:
            yield f"{label} {size(remaining)} remain"
        else:
            yield (
                f"{label} {about}{size(total - remaining)} of {size(total)}"
            )


def described(look: Progress) -> str:
    """Return the same text, and for how long it has been followed."""
    return "  ".join(filter(None, (describe(look), duration(look.elapsed))))


def _libvirt_counters(job: Job) -> Iterator[str]:
    """Yield the counters that only libvirt has."""
    if job.passes:
        yield f"pass {job.passes}"
    if job.dirty:
        yield f"guest writes {size(job.dirty)}/s"
    if job.throttle:
        yield f"throttled {job.throttle} %"
    if job.downtime:
        yield f"pause {job.downtime:.1f} s"
