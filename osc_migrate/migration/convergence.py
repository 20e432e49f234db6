"""Whether a copy gets on: what remains falls, or each pass has less to copy.

QEMU copies the memory in passes. Within one the remainder falls; at its end it
rises to what the guest has written meanwhile. A pass of a large guest lasts
minutes, so a remainder above the least one so far may still be progress.
"""

# Updates without progress that make a stall: one may fall between two passes.
FRUITLESS = 2
# Seconds to wait for the second update, while the interval is not known: two
# of the longest that a large cloud sets, and a margin.
FIRST_UPDATE = 250.0
# A pass counts as smaller below this part of the smallest so far.
SMALLER = 0.95


class Convergence:
    """Of one move, by counters of one source: Nova's or libvirt's."""

    def __init__(self) -> None:
        self._started = False
        self._last = 0
        self._last_at = 0.0
        # The least that ever remained, and the last progress.
        self._least = 0
        self._progress_at = 0.0
        self._fruitless = 0
        # What this pass began with, and the smallest of those before it.
        self._pass = 0
        self._smallest: int | None = None
        self._rises = False

    def update(self, now: float, remaining: int, total: int) -> None:
        """New counters.

        :param now: seconds.
        :param total: memory and disk together.
        """
        if not self._started:
            self._started = True
            # Followed from its midst: the first pass began with all.
            self._pass = max(total, remaining)
            self._least = remaining
            self._progress_at = now
        elif self._is_progress(remaining):
            self._progress_at, self._fruitless = now, 0
            self._least = min(self._least, remaining)
        else:
            self._fruitless += 1
        self._last, self._last_at = remaining, now

    def _is_progress(self, remaining: int) -> bool:
        if remaining > self._last:
            # A new pass, unless it rose before: that was one in its midst.
            if not self._rises:
                smallest = self._smallest
                self._smallest = min(
                    self._pass if smallest is None else smallest, self._pass
                )
            self._pass, self._rises = remaining, True
            return False
        self._rises = False
        if remaining < self._least:
            return True
        return (
            remaining < self._last
            and self._smallest is not None
            and self._pass < SMALLER * self._smallest
        )

    def missed(self, seconds: float) -> None:
        """For so long no counters could be read: that proves nothing."""
        self._progress_at += seconds
        self._last_at += seconds

    def stalled(
        self,
        now: float,
        stall_after: float,
        interval: float | None,
        *,
        fresh: bool = False,
        near_end: bool = False,
    ) -> bool:
        """No progress for long enough to call it a stall.

        :param stall_after: seconds without progress, at least.
        :param interval: seconds from one update to the next; None while it
            is not known. Between two nothing is known of the copy.
        :param fresh: the counters are those of this moment (libvirt's), not
            what Nova wrote last.
        :param near_end: the copy may well have ended since the last ones.
        """
        if not self._started or now - self._progress_at < stall_after:
            return False
        if fresh or self._fruitless >= FRUITLESS:
            return True
        if near_end:
            return False
        patience = FIRST_UPDATE
        if interval is not None:
            patience = max(stall_after, 2 * interval)
        return now - self._last_at >= patience
