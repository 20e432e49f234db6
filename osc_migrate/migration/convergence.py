"""Detects whether a copy converges.

It does if the remainder decreases, or if each pass has less to copy. QEMU
copies the memory in passes. During a pass the remainder decreases; at its end
it jumps to what the guest has written meanwhile. A pass over a large guest
takes minutes, so a remainder above the minimum may still be progress.
"""

# Updates without progress that count as a stall: a single one may fall between
# two passes.
FRUITLESS = 2
# Seconds to wait for the second update while the interval is unknown: twice
# the longest interval used in large clouds, plus a margin.
FIRST_UPDATE = 250.0
# A pass counts as smaller below this fraction of the smallest one.
SMALLER = 0.95


class Convergence:
    """Convergence of one copy, from the counters of Nova or of libvirt."""

    def __init__(self) -> None:
        self._started = False
        self._last = 0
        self._last_at = 0.0
        # The minimum of the remainder, and the time of the last progress.
        self._least = 0
        self._progress_at = 0.0
        self._fruitless = 0
        # The size of this pass, and the smallest one before it.
        self._pass = 0
        self._smallest: int | None = None
        self._rises = False

    def update(self, now: float, remaining: int, total: int) -> None:
        """Take new counters.

        :param now: seconds.
        :param total: memory and disks.
        """
        if not self._started:
            self._started = True
            # Joined halfway: assume that the first pass started with all.
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
            # A new pass, unless the last update also increased: that was
            # the same pass.
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
        """Discount time in which no counters could be read."""
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
        """Return whether there was no progress for long enough.

        :param stall_after: minimum time without progress, in seconds.
        :param interval: seconds between two updates, None if unknown. Nothing
            is known about the copy between updates.
        :param fresh: the counters are current (libvirt's), not what Nova wrote
            last.
        :param near_end: the copy may have ended since the last update.
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
