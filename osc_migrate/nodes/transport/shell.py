"""A long-lived POSIX shell on a node that answers many questions at once."""

import contextlib
import dataclasses
import secrets
import threading
import time
import typing
from collections.abc import Iterator, Mapping, Sequence

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer, Question
from osc_migrate.nodes.transport import connection_errors
from osc_migrate.nodes.transport.connection_errors import NodeLost
from osc_migrate.nodes.transport.session import Session
from osc_migrate.text import printable, size

# Maximum length of a command in a message.
_SHOWN = 60


@dataclasses.dataclass(frozen=True)
class NodeLimits:
    """Limits for one node."""

    # Seconds until its shell must answer.
    connect: float = 20.0
    # Total time allowed for the node, in seconds.
    node: float = 120.0
    # Maximum size of an answer in bytes.
    size: int = 2**20

    @property
    def slowness(self) -> float:
        """Factor by which the node may be slower than usual, per command."""
        return max(1.0, self.node / type(self).node)


class Shell:
    """A shell started by `argv`, such as ``ssh host exec sh``.

    It is opened by the first question, or by :meth:`open`. A question whose
    answer takes too long or is too large ends the session, and the others are
    asked in a new one; after a second such question the node is lost. Only one
    thread may use it at a time, except for :meth:`kill`.

    Nothing is killed on the node itself: hanging commands keep hanging.

    :ivar lost: why it is lost, or None.
    """

    def __init__(
        self, argv: Sequence[str], name: str, limits: NodeLimits | None = None
    ) -> None:
        self.argv = tuple(argv)
        self.name = name
        self.limits = limits or NodeLimits()
        self.lost: NodeLost | None = None
        self._session: Session | None = None
        self._strikes = 0
        self._stopped = threading.Event()
        # Seconds left for this node, and the deadline while waiting.
        self._left = self.limits.node
        self._end = 0.0

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect to the node.

        :raises NodeLost: it could not be reached, or was lost before.
        """
        with self._waiting():
            if self.lost is None and self._session is None:
                self._open()
        if self.lost is not None:
            raise NodeLost(self.lost.reason, self.lost.remedy)

    def ask(
        self, questions: Mapping[str, Question]
    ) -> dict[str, Answer | Unread]:
        """Send all questions, and read the answers in order.

        A batch takes about one round trip. Errors are among the answers.
        """
        answers: dict[str, Answer | Unread] = {}
        left = {
            name: question.slower(self.limits.slowness)
            for name, question in questions.items()
        }
        for name, question in questions.items():
            if "\0" in question.text:
                answers[name] = Unread("a command cannot hold a NUL byte")
                del left[name]
        with self._waiting():
            while left and self.lost is None:
                if self._session is None:
                    self._open()
                else:
                    self._run_questions(self._session, left, answers)
        if self.lost is not None:
            answers |= dict.fromkeys(left, self.lost)
        return {name: answers[name] for name in questions}

    def run(self, command: str, *args: str, limit: float = 10.0) -> Answer:
        """Ask one question.

        :param limit: time limit in seconds.
        :raises Unread: there is no answer.
        """
        answer = self.ask({"": Question(command, args, limit)})[""]
        if isinstance(answer, Unread):
            raise answer
        return answer

    def close(self) -> None:
        """End the session; the next question would open another one."""
        session, self._session = self._session, None
        if session is not None:
            session.process.close()

    def finish(self) -> None:
        """Tell the shell to exit, so that :meth:`close` is fast."""
        if self._session is not None:
            self._session.process.finish()

    def kill(self) -> None:
        """End it at once and permanently; pending questions get no answer."""
        self._stopped.set()
        self._lose(NodeLost("stopped"))
        session = self._session
        if session is not None:
            session.process.signal()

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        """Account for the time; leave no process behind if interrupted."""
        self._end = time.monotonic() + self._left
        try:
            yield
        except BaseException:
            self._drop()
            raise
        finally:
            self._left = self._end - time.monotonic()

    def _open(self) -> None:
        """Start a session, or mark the node as lost."""
        failure = self._start()
        if failure is not None and failure.passing:
            # Random, so that rejected clients do not all retry at the same
            # time.
            pause = 1 + secrets.randbelow(1000) / 1000
            if not self._stopped.wait(pause):
                failure = self._start()
        if failure is not None:
            self._lose(failure)

    def _start(self) -> NodeLost | None:
        """Start a session; return the error, or None."""
        try:
            session = self._session = Session(self.argv)
        except OSError as error:
            return connection_errors.no_program(self.argv[0], error)
        end = min(time.monotonic() + self.limits.connect, self._end)
        while session.take() is None:
            failure = self.lost or self._trouble(session, end)
            if failure is not None:
                self._drop()
                return failure
            session.wait(end)
        return None

    def _trouble(self, session: Session, end: float) -> NodeLost | None:
        """Return why there will be no shell, or None."""
        if session.process.ended:
            stderr, status = session.last_words(), session.end()
            return connection_errors.unreachable(self.name, stderr, status)
        if session.unfinished > self.limits.size:
            return NodeLost(self._too_much("the login"))
        if time.monotonic() > end:
            stderr = session.last_words()
            return connection_errors.silent_node(
                self.name, stderr, self.limits.connect
            )
        return None

    def _run_questions(
        self,
        session: Session,
        left: dict[str, Question],
        answers: dict[str, Answer | Unread],
    ) -> None:
        """Process questions in `left` until they, or the session, end."""
        session.ask(question.text for question in left.values())
        for name, question in list(left.items()):
            answer = self._answer(session, question)
            if answer is not None:
                answers[name] = answer
                del left[name]
            if not isinstance(answer, Answer):
                self._drop()
                return

    def _answer(
        self, session: Session, question: Question
    ) -> Answer | Unread | None:
        """Return one answer, or None if the node was lost."""
        end = min(time.monotonic() + question.limit, self._end)
        while (answer := session.take()) is None:
            if session.process.ended:
                stderr, status = session.last_words(), session.end()
                self._lose(connection_errors.cut_off(stderr, status))
            if self.lost is not None:
                return None
            if session.unfinished > self.limits.size:
                shown = printable(question.text, _SHOWN)
                return self._strike(self._too_much(f"'{shown}'"))
            if (now := time.monotonic()) > self._end:
                limit = f"{self.limits.node:g} s"
                self._lose(
                    NodeLost(
                        f"it took more than {limit} in all",
                        "where it is only slow: --node-timeout",
                    )
                )
                return None
            if now > end:
                return self._strike(f"no answer within {question.limit:g} s")
            session.wait(end)
        return answer

    def _strike(self, reason: str) -> Unread:
        """Count a lost session; after the second, the node is lost."""
        self._strikes += 1
        if self._strikes > 1:
            self._lose(NodeLost(f"given up after two such commands: {reason}"))
        return Unread(reason)

    def _too_much(self, request: str) -> str:
        return f"the node sent more than {size(self.limits.size)} to {request}"

    def _lose(self, failure: NodeLost) -> None:
        if self.lost is None:
            self.lost = failure

    def _drop(self) -> None:
        """Kill the session, whose command would block it."""
        session, self._session = self._session, None
        if session is not None:
            session.process.close(grace=0)
