"""What a fault of a real move is."""

import dataclasses
from collections.abc import Callable

from testbed.joint import Joint, storage

#: Brings a fault about, or ends it: the joint cloud, source, destination.
Action = Callable[[Joint, str, str], None]


@dataclasses.dataclass(frozen=True)
class RealFault:
    """One thing that goes wrong on a joint cloud when a guest is moved."""

    key: str
    # What is wrong, in words.
    what: str
    inject: Action
    mend: Action
    # The check that finds it beforehand; empty where none can.
    check: str
    # The cause that `explain` must name; empty for none.
    cause: str = ""
    # What it may end in instead, with exit code 4, where chance decides: an
    # answer between Nova's services that was lost just then.
    otherwise: tuple[str, ...] = ()
    # Words that must be in the row which `explain` prints.
    words: str = ""
    # Of the command that moves the server.
    code: int = 4
    kind: str = "live"
    # Where the disks are.
    storage: str = storage.SHARED
    # While the guest is copied, rather than before it is asked for.
    during: bool = False
    # The guest runs on the destination when all is over.
    moves: bool = False


def on_source(script: str) -> Action:
    """Runs a script of root on the source."""
    return lambda joint, source, destination: run(joint, source, script)


def on_destination(script: str) -> Action:
    """Runs a script of root on the destination."""
    return lambda joint, source, destination: run(joint, destination, script)


def run(joint: Joint, node: str, script: str) -> None:
    done = joint.lab.run(node, f"set -e\n{script}")
    assert done.returncode == 0, done.stderr


def nothing(joint: Joint, source: str, destination: str) -> None:
    """There is nothing to do."""
