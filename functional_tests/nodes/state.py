"""What a lab leaves on disk, and where.

::

    <state>/lab.json       kind, phase, pids with start times: the marker
    <state>/secrets.json   keys and certificates, the authority's too
    <state>/ssh/           ssh_config, known_hosts, the key of the lab
    <state>/nodes/NODE/    what a node consists of; console.log
    <state>/shared/        the shared directory of containers
    <state>/tree, image, saved   which entries of the cache are used
"""

import contextlib
import fcntl
import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

from functional_tests.cloud.processes import Process, describe
from functional_tests.nodes import cache
from functional_tests.nodes.errors import LabError

MARKER = "lab.json"
LOCK = ".lock"
_KEPT = (MARKER, LOCK, "nodes")


class State:
    """The state directory of one lab."""

    def __init__(self, path: pathlib.Path | str) -> None:
        self.path = pathlib.Path(path).absolute()
        self.marker = self.path / MARKER
        self.secrets = self.path / "secrets.json"
        self.ssh = self.path / "ssh"

    @property
    def exists(self) -> bool:
        """Has a lab been started here, and not been removed?"""
        return self.marker.is_file()

    def create(self) -> None:
        """Make the directory; refuse one that holds something else."""
        if set(str(self.path)) & set(':,\\"\n '):
            raise LabError(
                f"{self.path}: the path may hold no blank, comma, colon, "
                "quote or backslash, for it becomes part of mount options"
            )
        found = set(os.listdir(self.path)) if self.path.is_dir() else set()
        if not self.exists and found - {LOCK}:
            raise LabError(
                f"{self.path} is not empty and holds no lab; "
                "choose another --state"
            )
        self.path.mkdir(parents=True, exist_ok=True)

    def load(self) -> dict[str, Any]:
        """The recorded facts; empty when there is no lab."""
        try:
            return json.loads(self.marker.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as exc:
            raise LabError(f"{self.marker} cannot be read: {exc}") from exc

    def save(self, **facts: Any) -> None:
        """Record facts besides those recorded before."""
        new = self.marker.with_suffix(".new")
        new.write_text(json.dumps({**self.load(), **facts}, indent=1) + "\n")
        new.replace(self.marker)

    def record(self, name: str, pid: int) -> None:
        """Record a process that has been started."""
        process = describe(name, pid)
        entry = {"pid": process.pid, "started": process.started}
        found = self.load().get("processes", {})
        self.save(processes={**found, name: entry})

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second `up` of the same lab out."""
        with open(self.path / LOCK, "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LabError(
                    f"another `up` is starting the lab in {self.path}"
                ) from None
            yield

    def processes(self) -> list[Process]:
        """The processes recorded, dead or alive."""
        return [
            Process(name, entry["pid"], entry["started"])
            for name, entry in self.load().get("processes", {}).items()
        ]

    def clear(self) -> None:
        """Delete all but the consoles' logs and the marker."""
        for path in [*self.path.glob("nodes/*/*"), *self.path.iterdir()]:
            if path.suffix != ".log" and path.name not in _KEPT:
                cache.remove(path)

    def remove(self) -> None:
        """Delete the directory, but only if a lab is recorded there."""
        if self.exists:
            cache.remove(self.path)
