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

# What libvirt's own client runs on the remote side, and before 6.8
# (remote_driver.c); both sockets are the read-only ones.
_BRIDGE = """
if command -v virt-ssh-helper >/dev/null; then
    exec virt-ssh-helper -r qemu:///system
fi
for socket in virtqemud-sock-ro libvirt-sock-ro; do
    [ ! -S "/run/libvirt/$socket" ] || exec nc -U "/run/libvirt/$socket"
done
"""


def installed_module() -> types.ModuleType | None:
    """Return the module; None if it is not installed for this Python."""
    try:
        return importlib.import_module("libvirt")
    except ImportError:
        return None


class Connection:
    """A connection to libvirt of one node, opened on first use.

    That may hang: :meth:`close` ends it, from another thread.

    :raises Unread: a local socket could not be created.
    """

    def __init__(self, libvirt: types.ModuleType, target: Target) -> None:
        self._libvirt: typing.Any = libvirt
        # It would also print what it raises.
        self._libvirt.registerErrorHandler(_silent, None)
        self._connection: typing.Any = None
        try:
            self._tunnel = Tunnel(target.running(_BRIDGE))
        except OSError as error:
            raise Unread(f"no tunnel to {target.name}: {error}") from None

    def job(self, server_id: str) -> Mapping[str, int]:
        """Return libvirt's job fields of a guest; empty without that guest.

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
    """Ignore messages: they are raised as exceptions."""


def _unread(error: Exception) -> Unread:
    return Unread(f"libvirt: {printable(error, 200)}")
