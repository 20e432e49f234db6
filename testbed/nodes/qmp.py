"""Control a QEMU process through its monitor."""

import json
import pathlib
import socket
import time
from typing import Any

from testbed.nodes.errors import LabError


class Monitor:
    """A connection to the socket of one QEMU (QMP)."""

    def __init__(self, path: pathlib.Path, patience: float = 30.0) -> None:
        """Connect; the socket appears some time after QEMU's start.

        :param patience: timeout in seconds, also for each response
        :raises LabError: no process listens
        """
        self._path = path
        self._patience = patience
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(patience)
        end = time.monotonic() + patience
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError as exc:
                if time.monotonic() > end:
                    raise LabError(f"{path}: {exc}") from exc
                time.sleep(0.05)
        self._lines = self._socket.makefile("r")
        self._lines.readline()  # the greeting
        self.ask("qmp_capabilities")

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, command: str, **arguments: Any) -> Any:
        """Run a command and return the response.

        :raises LabError: QEMU returns an error or does not respond
        """
        question = {"execute": command, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(question).encode() + b"\n")
            for line in self._lines:
                answer = json.loads(line)
                if "return" in answer:
                    return answer["return"]
                if "error" in answer:
                    raise LabError(f"{command}: {answer['error']['desc']}")
        except OSError as exc:
            raise LabError(f"{self._path}: {command}: {exc}") from exc
        raise LabError(f"{self._path}: {command}: QEMU has ended")

    def save(self, path: pathlib.Path, patience: float = 120.0) -> None:
        """Write the state of the stopped machine to a file.

        :param patience: timeout in seconds
        :raises LabError: it failed
        """
        self.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 34})
        self.ask("migrate", uri=f"exec:cat >{path}")
        end = time.monotonic() + patience
        while time.monotonic() < end:
            status = self.ask("query-migrate").get("status")
            if status == "completed":
                return
            if status in ("failed", "cancelled"):
                break
            time.sleep(0.1)
        raise LabError(f"the state of a machine was not saved: {status}")

    def await_state(self, patience: float = 120.0) -> None:
        """Wait until the machine has loaded its state.

        :param patience: timeout in seconds
        :raises LabError: it does not finish loading
        """
        end = time.monotonic() + patience
        while self.ask("query-status")["status"] == "inmigrate":
            if time.monotonic() > end:
                raise LabError("the state of a machine was not read")
            time.sleep(0.05)
