"""Tolerates an API outage while a move is followed."""

from collections.abc import Callable

from osc_migrate import errors

# Seconds for which requests to a failing API are repeated.
PATIENCE = 600.0


class Outage:
    """True while the API does not respond.

    :param now: returns the seconds of a monotonic clock.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._since: float | None = None

    def __bool__(self) -> bool:
        return self._since is not None

    def tolerate(self, error: errors.ApiError) -> None:
        """Record a failed request.

        :raises ApiError: this one, if the API refuses, or has not responded
            for :data:`PATIENCE` seconds.
        """
        now = self._now()
        if self._since is None:
            self._since = now
        if not error.passing or now - self._since > PATIENCE:
            raise error

    def end(self) -> float:
        """Record a response.

        :returns: duration of the outage in seconds; 0 if there was none.
        """
        since, self._since = self._since, None
        return 0.0 if since is None else self._now() - since
