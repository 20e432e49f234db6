"""The memory of a container: that of this machine, half of it in use.

What else runs on the machine at a given moment is no fact about a node.
"""

import pathlib
import re

from testbed.nodes.layer import Layer

_MEMINFO = "/proc/meminfo"
_COPY = "/etc/lab-meminfo"
_NAME = "lab-memory.service"
_UNIT = f"""\
[Unit]
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=mount --bind {_COPY} {_MEMINFO}
"""


def write(layer: Layer) -> None:
    """Lay a copy over what the kernel says, when the node boots."""
    layer.write(_COPY, half_available(pathlib.Path(_MEMINFO).read_text()))
    layer.write(f"/etc/systemd/system/{_NAME}", _UNIT)
    layer.link(
        f"/etc/systemd/system/sysinit.target.wants/{_NAME}", f"../{_NAME}"
    )


def half_available(meminfo: str) -> str:
    """As if half of the memory were free."""
    (total,) = re.findall(r"^MemTotal:\s+(\d+) kB$", meminfo, re.M)
    half = f"{int(total) // 2:>8} kB"
    return re.sub(
        r"^(MemFree|MemAvailable):.*",
        lambda line: f"{line[1] + ':':<16}{half}",
        meminfo,
        flags=re.M,
    )
