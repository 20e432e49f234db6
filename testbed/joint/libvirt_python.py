"""libvirt's Python module for nova-compute: Debian's package, unpacked.

Building it needs a compiler and libvirt's headers, which may be missing.
Debian's build matches the libvirt of the nodes, and works with any CPython of
the same version.
"""

import pathlib
import sys

from testbed.joint import debs
from testbed.nodes.errors import LabError

_PACKAGE = "python3-libvirt"


def directory() -> pathlib.Path:
    """Return the directory for PYTHONPATH on the nodes.

    :raises LabError: the package is not available
    """
    found = (
        debs.unpacked("libvirt", _PACKAGE) / "usr/lib/python3/dist-packages"
    )
    version = "".join(map(str, sys.version_info[:2]))
    if not any(found.glob(f"libvirtmod.cpython-{version}-*.so")):
        raise LabError(
            f"{_PACKAGE} of this release is not for Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}"
        )
    return found
