"""What a cloud leaves on disk, and where.

::

    <state>/cloud.json     ports, pids with start times, hosts: the marker
    <state>/clouds.yaml    credentials for the openstack client
    <state>/control.json   settings of single hosts (see control.py)
    <state>/conf/          the services' configuration
    <state>/log/           one log per process
    <state>/db/            SQLite databases, keys, images, guests
"""

import fcntl
import json
import os
import pathlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from functional_tests.cloud.errors import CloudError
from functional_tests.cloud.processes import Process

MARKER = "cloud.json"
LOCK = ".osc-migrate-cloud.lock"
DIRECTORIES = ("conf", "log", "db")


class State:
    """The state directory of one cloud."""

    def __init__(self, path: pathlib.Path | str) -> None:
        self.path = pathlib.Path(path).absolute()
        self.conf = self.path / "conf"
        self.log = self.path / "log"
        self.db = self.path / "db"
        self.marker = self.path / MARKER
        self.clouds_yaml = self.path / "clouds.yaml"

    @property
    def exists(self) -> bool:
        """Has a cloud been started here, and not been removed?"""
        return self.marker.is_file()

    def create(self) -> None:
        """Make the directory; refuse one that holds something else."""
        found = set(os.listdir(self.path)) if self.path.is_dir() else set()
        if not self.exists and found - {LOCK}:
            raise CloudError(
                f"{self.path} is not empty and holds no cloud; "
                "choose another --state"
            )
        for name in DIRECTORIES:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        if not self.exists:
            self.save({})

    def database(self, name: str) -> str:
        """The URL of a database: on the server recorded, else SQLite."""
        server = self.load().get("database_server")
        if server:
            return f"{server}/{name}"
        return f"sqlite:///{self.db / name}.db?timeout=60"

    def load(self) -> dict[str, Any]:
        """The recorded facts; empty when there is no cloud."""
        try:
            return json.loads(self.marker.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as exc:
            raise CloudError(f"{self.marker} cannot be read: {exc}") from exc

    def save(self, facts: dict[str, Any]) -> None:
        """Record facts; a reader never sees half a file."""
        new = self.marker.with_suffix(".new")
        new.write_text(json.dumps(facts, indent=1) + "\n")
        new.replace(self.marker)

    def processes(self) -> list[Process]:
        """The processes recorded, dead or alive."""
        return [
            Process(name, entry["pid"], entry["started"])
            for name, entry in self.load().get("processes", {}).items()
        ]

    def remove(self) -> None:
        """Delete the directory, but only if a cloud is recorded there."""
        if self.exists:
            shutil.rmtree(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second `up` of the same cloud out."""
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self.path / LOCK, "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CloudError(
                    f"another `up` is starting the cloud in {self.path}"
                ) from None
            try:
                yield
            finally:
                if not self.exists:  # it never came to be; leave no trace
                    with suppress(OSError):
                        (self.path / LOCK).unlink()
                        self.path.rmdir()
