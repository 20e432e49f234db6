"""Names that a lab uses outside its state directory.

All names are derived from the path of the state directory, so that the objects
can be removed without a record, and labs do not conflict.
"""

import hashlib
import pathlib
from dataclasses import dataclass

_PROPAGATED = pathlib.Path("/run/systemd/nspawn/propagate")
_RUN = pathlib.Path("/run/osc-migrate-nodes")


@dataclass(frozen=True)
class Names:
    """The names of one lab."""

    lab: str

    @classmethod
    def of(cls, state: pathlib.Path) -> "Names":
        """Return the names of the lab in a state directory."""
        digest = hashlib.sha256(str(state.resolve()).encode()).hexdigest()
        return cls(f"nodes-{digest[:8]}")

    @property
    def namespace(self) -> str:
        """The network namespace of the bridge between the nodes."""
        return self.lab

    def node_namespace(self, node: str) -> str:
        """Return the network namespace of a node that is a container."""
        return f"{self.lab}-{node}"

    def machine(self, node: str) -> str:
        """Return the name of a node among this machine's containers."""
        return f"{self.lab}-{node}"

    def propagated(self, node: str) -> pathlib.Path:
        """Return a directory that systemd-nspawn leaves behind."""
        return _PROPAGATED / self.machine(node)

    def cgroup(self, node: str) -> str:
        """Return the cgroup of all processes of a node, below the root."""
        return f"{self.lab}/{node}"

    @property
    def run(self) -> pathlib.Path:
        """The directory for sockets, whose paths must be short."""
        return _RUN / self.lab
