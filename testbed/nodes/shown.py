"""Share paths of this machine with virtual machines, on a disk.

Their kernel has no 9p.  The disk is created for each lab, which takes seconds.
It is hot-plugged, because the saved machines in the cache do not have it.
"""

import pathlib
import shlex
from collections.abc import Mapping

from testbed.nodes.commands import run
from testbed.nodes.qmp import Monitor

_NAME = "shown"  #: name of the device, and its serial number
_SIZE = "8G"  #: of a sparse file
#: The mounts disappear with their namespace.
_MAKE = f"""\
set -e
disk=$1 top=$2
shift 2
mount -t tmpfs {_NAME} "$top"
while [ $# -gt 0 ]; do
    mkdir -p "$top$1"
    mount --bind "$2" "$top$1"
    shift 2
done
truncate -s {_SIZE} "$disk"
exec mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 -d "$top" "$disk"
"""
_MOUNT = f"""\
set -e
disk=/dev/disk/by-id/virtio-{_NAME} top=/run/{_NAME}
until [ -b "$disk" ]; do sleep 0.2; done
mkdir -p "$top"
mount -t ext4 -o ro "$disk" "$top"
for path in {{paths}}; do
    mkdir -p "$path"
    mount --bind "$top$path" "$path"
done
"""


def make(disk: pathlib.Path, shown: Mapping[str, str]) -> None:
    """Create the disk.

    :param shown: path there, path here
    """
    top = disk.with_suffix(".top")
    top.mkdir(exist_ok=True)
    pairs = [part for pair in shown.items() for part in pair]
    run(
        *("unshare", "--mount", "sh", "-c", _MAKE, "sh", str(disk), str(top)),
        *pairs,
        patience=300.0,
    )
    top.rmdir()


def plug(monitor: Monitor, disk: pathlib.Path) -> None:
    """Hot-plug the disk into a machine."""
    file = {"driver": "file", "filename": str(disk)}
    monitor.ask(
        "blockdev-add",
        **{"node-name": _NAME, "driver": "raw", "file": file},
        **{"read-only": True},
    )
    monitor.ask(
        "device_add",
        **{"driver": "virtio-blk-pci", "drive": _NAME},
        **{"id": _NAME, "serial": _NAME},
    )


def mounting(shown: Mapping[str, str]) -> str:
    """Return a script that mounts it in a machine, at the paths there."""
    return _MOUNT.format(paths=shlex.join(shown))
