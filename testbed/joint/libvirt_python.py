"""libvirt's Python module for a nova-compute: Debian's, unpacked.

Building it from its sources takes a compiler and libvirt's headers, which the
machine need not have.  Debian's fits the libvirt of the nodes, and any
CPython of the same version.
"""

import pathlib
import sys

from testbed.joint import debs
from testbed.nodes.errors import LabError

_PACKAGE = "python3-libvirt"


def directory() -> pathlib.Path:
    """What is to be on PYTHONPATH in the nodes.

    :raises LabError: it cannot be had
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
