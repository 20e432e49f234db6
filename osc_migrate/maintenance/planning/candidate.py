"""A server to be moved, with everything that decides its destination."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.cloud.server_groups import ServerGroup
from osc_migrate.cloud.servers import Server
from osc_migrate.maintenance.planning.plan import Way


@dataclasses.dataclass(frozen=True, eq=False)
class Candidate:
    """One server of one plan; compared and hashed by identity.

    :ivar beyond: a requirement that only the scheduler can place, or ''.
    :ivar failing: host -> recent failed moves to it; such a host is the last
        choice.
    """

    server: Server
    source: str
    way: Way
    needs: Mapping[str, int]
    groups: tuple[ServerGroup, ...] = ()
    required: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    beyond: str = ""
    notes: tuple[str, ...] = ()
    failing: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.server.id

    @property
    def hard(self) -> tuple[ServerGroup, ...]:
        """Groups that Nova enforces."""
        return tuple(g for g in self.groups if not g.policy.startswith("soft"))
