"""Forward ports of the lab's bridge to loopback, for the nodes.

The control plane only listens on loopback, where `openstack` connects to it;
the nodes cannot reach loopback.  This process listens in the network
namespace of the lab and connects in its own: a socket belongs to the
namespace in which it was created.  As a result, nothing listens on an address
that is reachable from outside this machine.

usage: python -m testbed.joint.gate NAMESPACE ADDRESS PORT...
"""

import asyncio
import contextlib
import ctypes
import os
import socket
import sys

from testbed.cloud.ports import ADDRESS

_CLONE_NEWNET = 0x40000000
_CHUNK = 65536


@contextlib.contextmanager
def _within(namespace: str):
    """Enter another network namespace (os.setns needs Python 3.12)."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path: int) -> None:
        if libc.setns(path, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    other = os.open(namespace, os.O_RDONLY)
    try:
        enter(other)
        yield
    finally:
        enter(own)
        os.close(own)
        os.close(other)


async def _copy(reader, writer) -> None:
    """Copy one direction, and forward its end of file."""
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


def _handler(port: int):
    async def handle(reader, writer) -> None:
        with contextlib.suppress(OSError):
            inner = await asyncio.open_connection(ADDRESS, port)
            await asyncio.gather(
                _copy(reader, inner[1]), _copy(inner[0], writer)
            )
            inner[1].close()
        writer.close()

    return handle


async def _serve(sockets: dict[int, socket.socket]) -> None:
    for port, sock in sockets.items():
        await asyncio.start_server(_handler(port), sock=sock)
    await asyncio.Event().wait()


def main() -> None:
    """Forward connections without end."""
    namespace, address, *ports = sys.argv[1:]
    with _within(namespace):
        sockets = {
            int(port): socket.create_server((address, int(port)))
            for port in ports
        }
    asyncio.run(_serve(sockets))


if __name__ == "__main__":
    main()
