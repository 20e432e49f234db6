"""A state directory with a file that records what runs there."""

import fcntl
import json
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from functional_tests.cloud.processes import Process


class Record:
    """What is known by a file of facts in a directory of its own."""

    #: what it is in words, and what is raised about it
    what = "cloud"
    error: type[Exception] = RuntimeError

    def __init__(
        self, path: pathlib.Path | str, marker: str, lock: str
    ) -> None:
        self.path = pathlib.Path(path).absolute()
        self.marker = self.path / marker
        self.lock = self.path / lock

    @property
    def exists(self) -> bool:
        """Has one been started here, and not been removed?"""
        return self.marker.is_file()

    def refuse_other(self) -> None:
        """:raises error: the directory holds something else."""
        found = (
            {one.name for one in self.path.iterdir()}
            if self.path.is_dir()
            else set()
        )
        if not self.exists and found - {self.lock.name}:
            raise self.error(
                f"{self.path} is not empty and holds no {self.what}; "
                "choose another --state"
            )

    def load(self) -> dict[str, Any]:
        """The recorded facts; empty when there are none."""
        try:
            return json.loads(self.marker.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as exc:
            raise self.error(f"{self.marker} cannot be read: {exc}") from exc

    def write(self, facts: dict[str, Any]) -> None:
        """Record these facts; a reader never sees half a file."""
        new = self.marker.with_suffix(".new")
        new.write_text(json.dumps(facts, indent=1) + "\n")
        new.replace(self.marker)

    def processes(self) -> list[Process]:
        """The processes recorded, dead or alive."""
        return [
            Process(name, entry["pid"], entry["started"])
            for name, entry in self.load().get("processes", {}).items()
        ]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second `up` of the same one out."""
        with open(self.lock, "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise self.error(
                    f"another `up` is starting the {self.what} in {self.path}"
                ) from None
            yield
