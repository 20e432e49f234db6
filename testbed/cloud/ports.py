"""Listening sockets on loopback, opened before any service starts.

The parent binds and listens, then passes the open socket to the service.  No
other process can take the port in between, clouds that start at the same time
do not conflict, and a request that arrives before the service is ready waits
in the socket's queue instead of being refused.  The services can therefore be
started together, in any order.
"""

import socket
from collections.abc import Iterable, Mapping

from testbed.cloud.errors import CloudError

ADDRESS = "127.0.0.1"


def listen(
    names: Iterable[str], wanted: Mapping[str, int] | None = None
) -> dict[str, socket.socket]:
    """Open one listening socket per name.

    :param wanted: fixed ports for some names; the others get a free port
    """
    wanted = wanted or {}
    opened: dict[str, socket.socket] = {}
    try:
        for name in names:
            opened[name] = _listen(name, wanted.get(name, 0))
    except BaseException:
        close(opened)
        raise
    return opened


def close(sockets: Mapping[str, socket.socket]) -> None:
    """Close this process's copies."""
    for sock in sockets.values():
        sock.close()


def _listen(name: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Allow reuse of ports that an earlier cloud left in TIME_WAIT.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((ADDRESS, port))
        sock.listen(256)
    except OSError as exc:
        sock.close()
        raise CloudError(
            f"{name}: cannot listen on {ADDRESS}:{port}: {exc.strerror}"
        ) from exc
    return sock
