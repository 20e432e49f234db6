"""Runs a command as ``openstack`` does, with the cloud behind it replaced."""

import io
import types
from typing import Any


class Desk:
    """A place where an operator types."""

    def __init__(self, migrate: Any) -> None:
        self.stdout = io.StringIO()
        self.app = types.SimpleNamespace(
            client_manager=types.SimpleNamespace(migrate=migrate),
            stdout=self.stdout,
        )

    def run(self, command: Any, *words: str) -> int:
        made = command(self.app, None)
        parser = made.get_parser("openstack migrate")
        return made.run(parser.parse_args(words))

    @property
    def out(self) -> str:
        return self.stdout.getvalue()
