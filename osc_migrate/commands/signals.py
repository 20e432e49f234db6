"""Handle all signals that end a process like Ctrl-C."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

# The signals, with the text for messages.
STOPPED_BY: dict[int, str] = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "interrupted by SIGTERM",
    signal.SIGHUP: "interrupted: the terminal was closed (SIGHUP)",
}


@contextlib.contextmanager
def handled(handle: Callable[[int, Any], None]) -> Iterator[None]:
    """Call `handle` for all of them, except those already ignored, like
    SIGHUP under nohup."""
    old_handlers = {}
    for number in STOPPED_BY:
        ignored = signal.getsignal(number) in (signal.SIG_IGN, None)
        if number == signal.SIGINT or not ignored:
            old_handlers[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in old_handlers.items():
            signal.signal(number, handler)


def raising_interrupt() -> contextlib.AbstractContextManager[None]:
    """Raise KeyboardInterrupt for all of them."""

    def interrupt(number: int, _frame: Any) -> None:
        raise KeyboardInterrupt(STOPPED_BY[number])

    return handled(interrupt)
