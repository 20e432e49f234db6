"""One session with a node's shell."""

import time
from collections.abc import Iterable, Sequence

from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.transport.frames import Script, Stream
from osc_migrate.nodes.transport.process import Process

# Number of last bytes that are searched for a reason.
_TAIL = 4096
# Seconds to wait for the exit status of a lost process.
_PATIENCE = 0.5


class Session:
    """A shell that answers in order.

    :raises OSError: the program cannot be run.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        self._script = Script()
        self._streams = (Stream(self._script.word), Stream(self._script.word))
        self._finished: list[tuple[bytes, int] | None] = [None, None]
        # Number of the next answer; 0 is the greeting.
        self._number = 0
        out, err = self._streams
        self.process = Process(argv, out.feed, err.feed)
        self.process.write(self._script.hello())

    def ask(self, commands: Iterable[str]) -> None:
        """Send all commands; earlier answers must have been taken."""
        for number, command in enumerate(commands, self._number):
            self.process.write(self._script.command(number, command))

    def take(self) -> Answer | None:
        """Return the next answer, or None if it is not complete yet."""
        for n, stream in enumerate(self._streams):
            if self._finished[n] is None:
                self._finished[n] = stream.take(self._number)
        out, err = self._finished
        if out is None or err is None:
            return None
        self._finished = [None, None]
        self._number += 1
        return Answer(out[1], _text(out[0]), _text(err[0]))

    @property
    def unfinished(self) -> int:
        """Bytes received of the next answer."""
        count = 0
        for stream, finished in zip(
            self._streams, self._finished, strict=True
        ):
            # Later answers may follow, within limits.
            length = len(stream.buffer)
            count += length if finished is None else length // 4
        return count

    def last_words(self) -> str:
        """Return the last output on stderr, or else on stdout."""
        out, err = (_text(bytes(s.buffer[-_TAIL:])) for s in self._streams)
        return f"{out}\n{err}" if self._number == 0 else err or out

    def end(self) -> int:
        """Reap an ended process; return its exit status."""
        return self.process.close(_PATIENCE)

    def wait(self, end: float) -> None:
        """Wait shortly for output, but not after `end`."""
        self.process.pump(end - time.monotonic())


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
