"""Visits many nodes at once."""

import concurrent.futures
import logging
import typing
from collections.abc import Callable, Iterable, Mapping

from osc_migrate.facts import Unread
from osc_migrate.nodes.transport.shell import NodeLimits, Shell
from osc_migrate.nodes.transport.target import Target
from osc_migrate.text import printable

T = typing.TypeVar("T")
LOG = logging.getLogger(__name__)
# Maximum length of an exception's message.
_WIDEST = 300


class Sessions:
    """A shell on each node, kept between calls of :meth:`each`.

    A lost node stays lost: later visits report that at once.

    :param targets: node -> how it is reached.
    :param forks: number of nodes visited in parallel.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        forks: int = 20,
        limits: NodeLimits | None = None,
    ) -> None:
        self._shells = {
            name: Shell(target.argv, name, limits)
            for name, target in targets.items()
        }
        self._forks = max(1, forks)

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self.kill()
        # All shells are told to exit before waiting for any.
        for shell in self._shells.values():
            shell.finish()
        for shell in self._shells.values():
            shell.close()

    @property
    def lost(self) -> dict[str, Unread]:
        """Lost nodes, and why."""
        return {
            name: shell.lost
            for name, shell in self._shells.items()
            if shell.lost is not None
        }

    def each(
        self,
        work: Callable[[Shell], T],
        names: Iterable[str] | None = None,
        keep_open: bool = True,
    ) -> dict[str, T | Unread]:
        """Return the result of `work` for each node, or the error.

        :param work: called with the open shell, in a thread; `shell.name` is
            the node. Its exceptions become the node's `Unread`.
        :param names: only these nodes, in this order.
        :param keep_open: False closes each session after its work, so that no
            more than `forks` are open.
        :raises KeyError: a name is not among the targets.
        """
        chosen = self._shells if names is None else names
        shells = [self._shells[name] for name in chosen]
        pool = concurrent.futures.ThreadPoolExecutor(
            min(self._forks, len(shells)) or 1, "node"
        )
        try:
            futures = [
                pool.submit(self._visit, shell, work, keep_open)
                for shell in shells
            ]
            return {
                shell.name: future.result()
                for shell, future in zip(shells, futures, strict=True)
            }
        except BaseException:
            # Ctrl-C: the threads wait for nodes; disconnect them.
            self.kill()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def kill(self) -> None:
        """End all sessions at once and permanently."""
        for shell in self._shells.values():
            shell.kill()

    def _visit(
        self, shell: Shell, work: Callable[[Shell], T], keep_open: bool
    ) -> T | Unread:
        try:
            shell.open()
            return work(shell)
        except Unread as unread:
            # The traceback would keep everything in memory that was read.
            return unread.with_traceback(None)
        except Exception as error:
            LOG.debug("work on node %s", shell.name, exc_info=True)
            message = printable(error, _WIDEST)
            return Unread(f"{type(error).__name__}: {message}")
        finally:
            if not keep_open:
                shell.close()


def visit(
    targets: Mapping[str, Target],
    work: Callable[[Shell], T],
    forks: int = 20,
    limits: NodeLimits | None = None,
) -> dict[str, T | Unread]:
    """Visit each node once: see :meth:`Sessions.each`."""
    with Sessions(targets, forks, limits) as sessions:
        return sessions.each(work, keep_open=False)
