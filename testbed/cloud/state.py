"""The files of a cloud in its state directory.

::

    <state>/cloud.json     ports, pids with start times, hosts: the marker
    <state>/clouds.yaml    credentials for the openstack client
    <state>/control.json   settings of single hosts (see control.py)
    <state>/conf/          the services' configuration
    <state>/log/           one log per process
    <state>/db/            SQLite databases, keys, images, guests
"""

import pathlib
from typing import Any

from testbed.cloud.errors import CloudError
from testbed.cloud.record import Record

MARKER = "cloud.json"
LOCK = ".osc-migrate-cloud.lock"
DIRECTORIES = ("conf", "log", "db")


class State(Record):
    """The state directory of one cloud."""

    error = CloudError

    def __init__(self, path: pathlib.Path | str) -> None:
        super().__init__(path, MARKER, LOCK)
        self.conf = self.path / "conf"
        self.log = self.path / "log"
        self.db = self.path / "db"
        self.clouds_yaml = self.path / "clouds.yaml"

    def create(self) -> None:
        """Create the directory; refuse one with foreign contents."""
        self.refuse_other()
        for name in DIRECTORIES:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        if not self.exists:
            self.save({})

    def database(self, name: str) -> str:
        """Return a database's URL: on the recorded server, else SQLite."""
        server = self.load().get("database_server")
        if server:
            return f"{server}/{name}"
        return f"sqlite:///{self.db / name}.db?timeout=60"

    def save(self, facts: dict[str, Any]) -> None:
        """Record these facts, replacing the previous ones."""
        self.write(facts)
