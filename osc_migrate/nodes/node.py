"""The facts about a node: the machine of a compute host, or a file server.

Each attribute is a subject, which is read and judged separately. Like any
fact, a subject that could not be read is Unread.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from osc_migrate.facts import Facts, Unread
from osc_migrate.nodes.accounts.facts import Accounts
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.guests.facts import Guests
from osc_migrate.nodes.libvirt.facts import Libvirt
from osc_migrate.nodes.network.facts import NodeNetwork
from osc_migrate.nodes.reach.facts import Reach
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.storage.facts import Storage
from osc_migrate.nodes.system.facts import System
from osc_migrate.nodes.tls.facts import Tls
from osc_migrate.nodes.volumes.facts import Volumes

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, repr=False)
class NodeFacts(Facts):
    # Name of the compute host in Nova.
    name: str
    role: Role
    config: Config
    system: System
    accounts: Accounts
    storage: Storage
    libvirt: Libvirt
    tls: Tls
    network: NodeNetwork
    volumes: Volumes
    # Guests of the servers that the survey looked for.
    guests: Guests
    # Name of another node -> connections tried from this node to it.
    reach: Mapping[str, Reach]
    # Name of a small subject -> its facts: see nodes.small.
    smalls: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def small(self, facts: type[T]) -> T:
        """Return the facts of a small subject.

        :param facts: their class, from the module of the subject.
        :raises Unread: they were not read.
        """
        subject = facts.__module__.rpartition(".")[2]
        small_facts = self.smalls.get(
            subject, Unread(f"{subject} was not read")
        )
        if isinstance(small_facts, Unread):
            raise Unread(small_facts.reason)
        return cast(T, small_facts)


@dataclasses.dataclass(frozen=True)
class PairFacts:
    """A source and a destination compute node."""

    source: NodeFacts
    destination: NodeFacts

    @property
    def name(self) -> str:
        return f"{self.source.name} -> {self.destination.name}"

    @property
    def reach(self) -> Reach:
        """Connections tried from the source to the destination."""
        try:
            return self.source.reach[self.destination.name]
        except KeyError:
            raise Unread(
                f"{self.destination.name} was not tried from"
                f" {self.source.name}"
            ) from None


@dataclasses.dataclass(frozen=True)
class ClusterFacts:
    """All nodes that answered."""

    nodes: Sequence[NodeFacts]

    @property
    def name(self) -> str:
        if len(self.nodes) > 4:
            return f"{len(self.nodes)} nodes"
        return ", ".join(node.name for node in self.nodes)

    @property
    def computes(self) -> list[NodeFacts]:
        return [node for node in self.nodes if node.role is Role.COMPUTE]

    @property
    def storages(self) -> list[NodeFacts]:
        return [node for node in self.nodes if node.role is Role.STORAGE]
