"""What any kind of node needs from its lab."""

import pathlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from testbed.nodes.names import Names
from testbed.nodes.secrets import Secrets
from testbed.nodes.ssh import Shells


@dataclass(frozen=True)
class Context:
    """Callbacks and paths of one lab."""

    directory: pathlib.Path
    names: Names
    shells: Shells
    #: called with the name and the PID of each process
    record: Callable[[str, int], None]
    #: called with the secrets of nodes before waiting for them
    introduce: Callable[[Secrets], None]
    #: waits until nodes have booted and are healthy
    wait: Callable[[Iterable[str]], None]
    #: paths of this machine to mount read-only: path there, path here
    shown: Mapping[str, str]
    #: called with a description of each slow step
    report: Callable[[str], None]

    def path(self, node: str) -> pathlib.Path:
        """Return the directory of a node, which exists."""
        path = self.directory / "nodes" / node
        path.mkdir(parents=True, exist_ok=True)
        return path

    def console(self, node: str) -> pathlib.Path:
        """Return the console log of a node."""
        return self.path(node) / "console.log"

    def use(self, what: str, entry: pathlib.Path) -> pathlib.Path:
        """Keep using this cache entry for the lifetime of the lab.

        The recipe may change while the lab runs.
        """
        (self.directory / what).symlink_to(entry)
        return entry

    def used(self, what: str) -> pathlib.Path:
        """Return the cache entry that the lab uses."""
        return (self.directory / what).resolve()
