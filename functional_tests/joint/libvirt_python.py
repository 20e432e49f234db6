"""libvirt's Python module for a nova-compute: Debian's, unpacked.

Building it from its sources takes a compiler and libvirt's headers, which the
machine need not have.  Debian's fits the libvirt of the nodes, and any
CPython of the same version.
"""

import pathlib
import sys

from functional_tests.nodes import cache, sources
from functional_tests.nodes.commands import run
from functional_tests.nodes.errors import LabError

_PACKAGE = "python3-libvirt"


def directory() -> pathlib.Path:
    """What is to be on PYTHONPATH in the nodes.

    :raises LabError: it cannot be had
    """
    recipe = (_PACKAGE, sources.release(), sys.version_info[:2])
    path = cache.entry(f"libvirt-{cache.key(recipe)}", _unpack)
    found = path / "usr/lib/python3/dist-packages"
    version = "".join(map(str, sys.version_info[:2]))
    if not any(found.glob(f"libvirtmod.cpython-{version}-*.so")):
        cache.remove(path)
        raise LabError(
            f"{_PACKAGE} of this release is not for Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}"
        )
    return found


def _unpack(path: pathlib.Path) -> None:
    script = (
        'cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "$2" &&'
        " dpkg-deb --extract ./*.deb . && rm ./*.deb"
    )
    run("sh", "-ec", script, "sh", str(path), _PACKAGE)
    path.chmod(0o755)  # user nova reads it
