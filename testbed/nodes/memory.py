"""Memory of a container: this machine's, reported as half used.

The current load of this machine must not influence the checks of a node.
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
    """Mount a copy over the kernel's meminfo when the node boots."""
    layer.write(_COPY, half_available(pathlib.Path(_MEMINFO).read_text()))
    layer.write(f"/etc/systemd/system/{_NAME}", _UNIT)
    layer.link(
        f"/etc/systemd/system/sysinit.target.wants/{_NAME}", f"../{_NAME}"
    )


def half_available(meminfo: str) -> str:
    """Return meminfo as if half of the memory were free."""
    (total,) = re.findall(r"^MemTotal:\s+(\d+) kB$", meminfo, re.M)
    half = f"{int(total) // 2:>8} kB"
    return re.sub(
        r"^(MemFree|MemAvailable):.*",
        lambda line: f"{line[1] + ':':<16}{half}",
        meminfo,
        flags=re.M,
    )
