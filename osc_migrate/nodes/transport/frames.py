"""The input for a node's shell, and its output split into frames.

After each command the shell writes a marker to both streams: a random word
that the node cannot print by chance, the number of the command and its exit
status. Output before the first marker (motd, .bashrc) is dropped.
"""

import secrets
import shlex

# For all commands: English, raw bytes, and root's tools.
_HELLO = """\
LC_ALL=C LANG=C LANGUAGE= TERM=dumb
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL LANG LANGUAGE TERM PATH
"""


class Script:
    """The input for the shell of one session."""

    def __init__(self) -> None:
        # Not stored in a shell variable, which 'set' would print.
        self.word = secrets.token_hex(16)

    def hello(self) -> bytes:
        """Return the set-up of the shell; its marker has number 0."""
        return (_HELLO + "true;" + self._mark(0)).encode()

    def command(self, number: int, text: str) -> bytes:
        """Return the input to run any `text` in a subshell.

        `eval` confines syntax errors to it, and has no limit of length.
        """
        inner = f"( eval {shlex.quote(text)} ) </dev/null;"
        # Names in JSON may contain half a surrogate pair.
        return (inner + self._mark(number)).encode(errors="surrogatepass")

    def _mark(self, number: int) -> str:
        """Return the marker; if it cannot be written, the shell ends."""
        mark = f"{self.word}.{number}."
        return (
            f" printf '{mark}%s;' $? || exit; printf '{mark}0;' >&2 || exit\n"
        )


class Stream:
    """The output on one of the two streams, split at the markers."""

    def __init__(self, word: str) -> None:
        self._word = word.encode()
        self.buffer = bytearray()
        # There is no marker up to this position.
        self._searched = 0

    def feed(self, data: bytes) -> None:
        self.buffer += data

    def take(self, number: int) -> tuple[bytes, int] | None:
        """Return the output before marker `number` and the status, or None."""
        mark = b"%s.%d." % (self._word, number)
        at = self.buffer.find(mark, self._searched)
        end = self.buffer.find(b";", at + len(mark)) if at >= 0 else -1
        if end < 0:
            known = at if at >= 0 else len(self.buffer) - len(mark)
            self._searched = max(0, known)
            return None
        content = bytes(self.buffer[:at])
        status = bytes(self.buffer[at + len(mark) : end])
        del self.buffer[: end + 1]
        self._searched = 0
        # Longer numbers are not a status: int() refuses thousands of digits.
        is_status = status.isdigit() and len(status) <= 3
        return content, int(status) if is_status else 255
