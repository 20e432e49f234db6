"""The files of a lab in its state directory.

::

    <state>/lab.json       kind, phase, pids with start times: the marker
    <state>/secrets.json   keys and certificates, the authority's too
    <state>/ssh/           ssh_config, known_hosts, the key of the lab
    <state>/nodes/NODE/    what a node consists of; console.log
    <state>/shared/        the shared directory of containers
    <state>/shown.raw      the disk with what virtual machines are shown
    <state>/tree, image, saved   which entries of the cache are used
"""

import pathlib
from typing import Any

from testbed.cloud.processes import describe
from testbed.cloud.record import Record
from testbed.nodes import cache
from testbed.nodes.errors import LabError

MARKER = "lab.json"
LOCK = ".lock"
_KEPT = (MARKER, LOCK, "nodes")


class State(Record):
    """The state directory of one lab."""

    what = "lab"
    error = LabError

    def __init__(self, path: pathlib.Path | str) -> None:
        super().__init__(path, MARKER, LOCK)
        self.secrets = self.path / "secrets.json"
        self.ssh = self.path / "ssh"

    def create(self) -> None:
        """Create the directory; refuse one with foreign contents."""
        if set(str(self.path)) & set(':,\\"\n '):
            raise LabError(
                f"{self.path}: the path may hold no blank, comma, colon, "
                "quote or backslash, for it becomes part of mount options"
            )
        self.refuse_other()
        self.path.mkdir(parents=True, exist_ok=True)

    def save(self, **facts: Any) -> None:
        """Record further facts, and keep the previous ones."""
        self.write({**self.load(), **facts})

    def record(self, name: str, pid: int) -> None:
        """Record a started process."""
        process = describe(name, pid)
        entry = {"pid": process.pid, "started": process.started}
        found = self.load().get("processes", {})
        self.save(processes={**found, name: entry})

    def clear(self) -> None:
        """Delete everything except the console logs and the marker."""
        for path in [*self.path.glob("nodes/*/*"), *self.path.iterdir()]:
            if path.suffix != ".log" and path.name not in _KEPT:
                cache.remove(path)

    def delete(self, path: pathlib.Path) -> None:
        """Delete a file or directory tree, but nothing that is mounted."""
        cache.remove(path)
