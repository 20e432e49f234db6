"""libvirt's Python module on a read-only connection through a tunnel."""

import contextlib
import importlib
import types
import typing
from collections.abc import Mapping

from osc_migrate.facts import Unread
from osc_migrate.nodes.counters.tunnel import Tunnel
from osc_migrate.nodes.transport.target import Target
from osc_migrate.text import printable

# What libvirt's own client runs at the far end, and what it did before 6.8
# (remote_driver.c); both sockets are libvirtd's or virtqemud's for readers.
_BRIDGE = """
if command -v virt-ssh-helper >/dev/null; then
    exec virt-ssh-helper -r qemu:///system
fi
for socket in virtqemud-sock-ro libvirt-sock-ro; do
    [ ! -S "/run/libvirt/$socket" ] || exec nc -U "/run/libvirt/$socket"
done
"""


def installed_module() -> types.ModuleType | None:
    """The module; None where it is not installed, or not for this Python."""
    try:
        return importlib.import_module("libvirt")
    except ImportError:
        return None


class Connection:
    """To libvirt of one node, opened by the first question. That may hang:
    :meth:`close` ends it, from another thread.

    :raises Unread: there is no room for a socket here.
    """

    def __init__(self, libvirt: types.ModuleType, target: Target) -> None:
        self._libvirt: typing.Any = libvirt
        # It prints what it raises, too.
        self._libvirt.registerErrorHandler(_silent, None)
        self._connection: typing.Any = None
        try:
            self._tunnel = Tunnel(target.running(_BRIDGE))
        except OSError as error:
            raise Unread(f"no tunnel to {target.name}: {error}") from None

    def job(self, server_id: str) -> Mapping[str, int]:
        """libvirt's own fields of the migration of a guest; none where it
        does not know the guest (any more).

        :raises Unread: libvirt does not answer.
        """
        try:
            if self._connection is None:
                self._connection = self._libvirt.openReadOnly(
                    f"qemu+unix:///system?socket={self._tunnel.path}"
                )
            domain = self._connection.lookupByUUIDString(server_id)
            fields = domain.jobStats()
        except self._libvirt.libvirtError as error:
            if error.get_error_code() == self._libvirt.VIR_ERR_NO_DOMAIN:
                return {}
            raise _unread(error) from None
        return {k: v for k, v in fields.items() if isinstance(v, int)}

    def close(self) -> None:
        self._tunnel.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(self._libvirt.libvirtError):
                connection.close()


def _silent(context: object, error: object) -> None:
    """libvirt's messages come as exceptions."""


def _unread(error: Exception) -> Unread:
    return Unread(f"libvirt: {printable(error, 200)}")
