"""What a fault of a node is; standard library only."""

import dataclasses
from collections.abc import Callable
from typing import Any

#: the node that is broken, unless a fault says otherwise
BROKEN = "HostC"


@dataclasses.dataclass(frozen=True)
class NodeFault:
    """One thing that is wrong on a real node, and the check that shows it."""

    check: str
    # What it is about: 'nfs', 'permission', 'uid', 'dns', 'libvirt', 'tls',
    # 'port', 'firewall', 'config', 'clock', 'space', 'ssh' ...
    topic: str
    # What is wrong, in words.
    what: str
    # Brings it about: a shell script for root on that node, or a function
    # of the lab.
    inject: str | Callable[[Any], Any]
    node: str = BROKEN
    # FAIL or WARN.
    status: str = "FAIL"
    # Fixes it where the remedy has no script: what an operator would do who
    # follows its words. Empty: the remedy script is run.
    by_hand: str | Callable[[Any], Any] = ""
    # Takes back what neither touches, such as a file that holds space.
    undo: str | Callable[[Any], Any] = ""
    # 'nspawn', or 'vm' for what needs a kernel with NFS.
    lab: str = "nspawn"
    # Other checks that must speak then too, for a reason said here.
    beside: tuple[str, ...] = ()
    # Distinguishes faults of one check.
    name: str = ""

    @property
    def key(self) -> str:
        return self.name or self.check
