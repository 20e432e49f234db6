"""Control the hosts of a running cloud from outside, through one file.

Changes that no API can make to a real host (silence it, change its CPU) are
written to ``control.json`` in the state directory.  The Nova process reads it
whenever it needs a setting; no restart or signal is necessary.
"""

import json
import os
import pathlib
import threading
from collections.abc import Mapping
from typing import Any

FILE = "control.json"
SILENT = "silent"


class Control:
    """The settings of each host: ``{"HostC": {"silent": true}}``."""

    def __init__(self, state: pathlib.Path | str) -> None:
        self.path = pathlib.Path(state) / FILE
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._hosts: dict[str, dict[str, Any]] = {}

    def read(self) -> dict[str, dict[str, Any]]:
        """Return all settings; read the file only if it was replaced."""
        with self._lock:
            try:
                stat = self.path.stat()
                seen = (stat.st_ino, stat.st_mtime_ns)
                if seen != self._seen:
                    self._hosts = json.loads(self.path.read_text())
                    self._seen = seen
            except FileNotFoundError:
                self._hosts, self._seen = {}, None
            return self._hosts

    def get(self, host: str, key: str) -> Any:
        """Return one setting of one host, or None."""
        return self.read().get(host, {}).get(key)

    def set(self, host: str, settings: Mapping[str, Any]) -> None:
        """Change settings of one host; the value None removes one."""
        hosts = {name: dict(known) for name, known in self.read().items()}
        mine = hosts.setdefault(host, {})
        for key, value in settings.items():
            if value is None:
                mine.pop(key, None)
            else:
                mine[key] = value
        new = self.path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(hosts, indent=1, sort_keys=True) + "\n")
        new.replace(self.path)

    def silent(self, host: str) -> bool:
        """Whether the host is silent."""
        return bool(self.get(host, SILENT))
