"""Handle output without a reader: a broken pipe or a closed terminal.

The first failed write is reported. From then on the stream's descriptor is
redirected to /dev/null, so that later writes do not fail.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO


def discard(stream: TextIO) -> None:
    """Redirect a stream and its buffered data to /dev/null."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)
        stream.flush()


class Unfailing:
    """A stream that writes while it has a reader, and never raises.

    :param lost: called once, at the first failed write.
    """

    def __init__(self, stream: TextIO, lost: Callable[[], None]) -> None:
        self._stream = stream
        self._lost = lost
        self._over = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def isatty(self) -> bool:
        return not self._over and self._stream.isatty()

    def _try(self, operation: Callable[[], object]) -> None:
        if self._over:
            return
        try:
            operation()
        except (OSError, ValueError):
            # ValueError: the stream was closed.
            self._over = True
            discard(self._stream)
            self._lost()


@contextlib.contextmanager
def surviving_lost_output(lost: Callable[[], None]) -> Iterator[None]:
    """Let writes to stderr raise nothing, even if its reader is gone."""
    stream = sys.stderr
    unfailing: Any = Unfailing(stream, lost)
    sys.stderr = unfailing
    try:
        yield
    finally:
        sys.stderr = stream
