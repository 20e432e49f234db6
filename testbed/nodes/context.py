"""What the nodes of a lab need from the lab, whatever they are made of."""

import pathlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from testbed.nodes.names import Names
from testbed.nodes.secrets import Secrets
from testbed.nodes.ssh import Shells


@dataclass(frozen=True)
class Context:
    """Of one lab."""

    directory: pathlib.Path
    names: Names
    shells: Shells
    #: to be told the name and the pid of each process
    record: Callable[[str, int], None]
    #: to be told the secrets of nodes before they are awaited
    introduce: Callable[[Secrets], None]
    #: waits until nodes have booted, and are well
    wait: Callable[[Iterable[str]], None]
    #: what nodes see of this machine, read-only: path there, path here
    shown: Mapping[str, str]
    #: to be told what takes long
    report: Callable[[str], None]

    def path(self, node: str) -> pathlib.Path:
        """The directory of a node; it exists."""
        path = self.directory / "nodes" / node
        path.mkdir(parents=True, exist_ok=True)
        return path

    def console(self, node: str) -> pathlib.Path:
        """What a node has said while it booted."""
        return self.path(node) / "console.log"

    def use(self, what: str, entry: pathlib.Path) -> pathlib.Path:
        """Keep to an entry of the cache as long as the lab lives.

        A recipe can change while it runs.
        """
        (self.directory / what).symlink_to(entry)
        return entry

    def used(self, what: str) -> pathlib.Path:
        """The entry of the cache which the lab has kept to."""
        return (self.directory / what).resolve()
