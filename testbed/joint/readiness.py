"""Wait until the started parts are usable."""

import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from testbed.cloud.state import State
from testbed.nodes.errors import LabError

#: seconds per wait, enough for emulated nodes on a busy machine
PATIENCE = 600.0
_LINES = 20


class Waiting:
    """Repeat checks until they are true."""

    def __init__(
        self,
        state: State,
        children: Mapping[str, "subprocess.Popen[bytes]"],
        say: Callable[[str], None],
    ) -> None:
        self._state = state
        self._children = children
        self._say = say

    def until(self, what: str, check: Callable[[], Any]) -> None:
        """Repeat a check until it is true.

        :raises LabError: a process has died, or it takes too long
        """
        from keystoneauth1 import exceptions
        from openstack import exceptions as sdk

        end = time.monotonic() + PATIENCE
        reason: object = "not yet"
        while True:
            try:
                if check():
                    self._say(what)
                    return
            except (exceptions.ClientException, sdk.SDKException) as exc:
                reason = exc
            for name, child in self._children.items():
                if child.poll() is not None:
                    raise LabError(
                        f"{name} ended with status {child.returncode}; the "
                        f"end of its log:\n{self._tail(name)}"
                    )
            if time.monotonic() > end:
                raise LabError(f"gave up waiting for: {what} ({reason})")
            time.sleep(0.1)

    def _tail(self, name: str) -> str:
        log = self._state.log / f"{name}.log"
        lines = log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LINES:])


def usable(connection: Any, hosts: Iterable[str]) -> bool:
    """Whether these computes are up, enabled, mapped and in Placement."""
    compute = connection.compute
    up = {
        found.host
        for found in compute.services(binary="nova-compute")
        if found.state == "up" and found.status == "enabled"
    }
    names = {found.name for found in compute.hypervisors()}
    providers = {
        found.name: found.id
        for found in connection.placement.resource_providers()
    }
    return all(
        host in up
        and host in names
        and host in providers
        and any(
            connection.placement.resource_provider_inventories(providers[host])
        )
        for host in hosts
    )
