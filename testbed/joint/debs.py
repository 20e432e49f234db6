"""Debian packages for the nodes, unpacked rather than installed."""

import pathlib

from testbed.nodes import cache, sources
from testbed.nodes.commands import run

_UNPACK = """\
cd "$1"; shift
apt-get -qq -o APT::Sandbox::User=root download "$@"
for deb in *.deb; do dpkg-deb --extract "$deb" .; done
rm -- *.deb
"""


def unpacked(kind: str, *packages: str) -> pathlib.Path:
    """Return the cached directory with the packages' files.

    :param kind: name of the cache entry
    :raises LabError: the packages are not available
    """

    def make(path: pathlib.Path) -> None:
        run("sh", "-ec", _UNPACK, "sh", str(path), *packages, patience=300.0)
        path.chmod(0o755)  # users other than root read it

    recipe = cache.key((packages, sources.release(), _UNPACK))
    return cache.entry(f"{kind}-{recipe}", make)
