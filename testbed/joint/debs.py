"""Debian packages, unpacked rather than installed, for the nodes to see."""

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
    """The directory with their files, from the cache.

    :param kind: names the entry
    :raises LabError: they cannot be had
    """

    def make(path: pathlib.Path) -> None:
        run("sh", "-ec", _UNPACK, "sh", str(path), *packages, patience=300.0)
        path.chmod(0o755)  # others than root read it

    recipe = cache.key((packages, sources.release(), _UNPACK))
    return cache.entry(f"{kind}-{recipe}", make)
