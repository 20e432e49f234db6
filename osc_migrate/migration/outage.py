"""An API that does not answer while a move is followed."""

from collections.abc import Callable

from osc_migrate import errors

# Seconds for which an API that fails or is silent is asked again.
PATIENCE = 600.0


class Outage:
    """True while the API does not answer.

    :param now: the seconds of a monotonic clock.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._since: float | None = None

    def __bool__(self) -> bool:
        return self._since is not None

    def tolerate(self, error: errors.ApiError) -> None:
        """
        :raises ApiError: this one, if the API refuses, or has not answered
            for :data:`PATIENCE` seconds.
        """
        now = self._now()
        if self._since is None:
            self._since = now
        if not error.passing or now - self._since > PATIENCE:
            raise error

    def end(self) -> float:
        """It answered.

        :returns: seconds of the outage; 0 where there was none.
        """
        since, self._since = self._since, None
        return 0.0 if since is None else self._now() - since
