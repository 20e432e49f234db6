"""The guests of one host, which survive a restart of the process."""

import json
import pathlib
import threading

from nova.compute import power_state
from nova.virt import fake


class Guests(dict):
    """Instance uuid -> FakeInstance, mirrored in a file."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__()
        self._path = path
        self._lock = threading.Lock()
        if path.exists():
            for uuid, (name, state) in json.loads(path.read_text()).items():
                dict.__setitem__(
                    self, uuid, fake.FakeInstance(name, state, uuid)
                )

    def define(self, instance, state: int = power_state.RUNNING) -> None:
        """Add a guest."""
        self[instance.uuid] = fake.FakeInstance(
            instance.name, state, instance.uuid
        )

    def set_state(self, uuid: str, state: int) -> None:
        """Change the power state of a guest, if it is here."""
        if uuid in self:
            self[uuid].state = state
            self._save()

    def __setitem__(self, uuid, guest) -> None:
        super().__setitem__(uuid, guest)
        self._save()

    def __delitem__(self, uuid) -> None:
        super().__delitem__(uuid)
        self._save()

    def pop(self, uuid, *default):
        """Remove a guest."""
        guest = super().pop(uuid, *default)
        self._save()
        return guest

    def _save(self) -> None:
        with self._lock:
            content = {
                uuid: (guest.name, guest.state)
                for uuid, guest in list(self.items())
            }
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(content))
            new.replace(self._path)
