"""The script that a node's shell is given, and its answers in frames.

After each command the shell writes a mark on both streams: a random word
that the node cannot print by chance, the command's number, its exit status.
What stands before the first mark (motd, a talkative .bashrc) is dropped.
"""

import secrets
import shlex

# For all commands: English, bytes as they are, and the tools of root.
_HELLO = """\
LC_ALL=C LANG=C LANGUAGE= TERM=dumb
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL LANG LANGUAGE TERM PATH
"""


class Script:
    """What is written to the shell of one session."""

    def __init__(self) -> None:
        # Not kept in a variable of the shell, where 'set' would print it.
        self.word = secrets.token_hex(16)

    def hello(self) -> bytes:
        """Sets the shell up; its mark is number 0."""
        return (_HELLO + "true;" + self._mark(0)).encode()

    def command(self, number: int, text: str) -> bytes:
        """Runs `text`, whatever it is, in a separate shell.

        `eval` keeps a syntax error there, too; it has no limit of length.
        """
        inner = f"( eval {shlex.quote(text)} ) </dev/null;"
        # Names in JSON can hold half a surrogate pair.
        return (inner + self._mark(number)).encode(errors="surrogatepass")

    def _mark(self, number: int) -> str:
        """Without a listener, nothing that was sent keeps running."""
        mark = f"{self.word}.{number}."
        return (
            f" printf '{mark}%s;' $? || exit; printf '{mark}0;' >&2 || exit\n"
        )


class Stream:
    """What came on one of the two streams, taken apart at the marks."""

    def __init__(self, word: str) -> None:
        self._word = word.encode()
        self.buffer = bytearray()
        # Up to here there is no mark.
        self._searched = 0

    def feed(self, data: bytes) -> None:
        self.buffer += data

    def take(self, number: int) -> tuple[bytes, int] | None:
        """What stands before mark `number`, and its status; None when the
        mark has not come yet."""
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
        # Longer ones are not a status: int() refuses thousands of digits.
        is_status = status.isdigit() and len(status) <= 3
        return content, int(status) if is_status else 255
