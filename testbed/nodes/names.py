"""What a lab is called outside its state directory.

All names come from the path of the state directory, so they can be removed
without having been written down, and two labs do not meet.
"""

import hashlib
import pathlib
from dataclasses import dataclass

_PROPAGATED = pathlib.Path("/run/systemd/nspawn/propagate")
_RUN = pathlib.Path("/run/osc-migrate-nodes")


@dataclass(frozen=True)
class Names:
    """Of one lab."""

    lab: str

    @classmethod
    def of(cls, state: pathlib.Path) -> "Names":
        """The names of the lab in a state directory."""
        digest = hashlib.sha256(str(state.resolve()).encode()).hexdigest()
        return cls(f"nodes-{digest[:8]}")

    @property
    def namespace(self) -> str:
        """The network namespace of the bridge between the nodes."""
        return self.lab

    def node_namespace(self, node: str) -> str:
        """The network namespace of a node that is a container."""
        return f"{self.lab}-{node}"

    def machine(self, node: str) -> str:
        """The name of a node among the containers of this machine."""
        return f"{self.lab}-{node}"

    def propagated(self, node: str) -> pathlib.Path:
        """A directory which systemd-nspawn leaves behind."""
        return _PROPAGATED / self.machine(node)

    def cgroup(self, node: str) -> str:
        """Where all processes of a node are found, below the root."""
        return f"{self.lab}/{node}"

    @property
    def run(self) -> pathlib.Path:
        """For sockets, whose paths must be short."""
        return _RUN / self.lab
