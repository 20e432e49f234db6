"""A node's addresses, names and firewall."""

import dataclasses

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Network(Facts):
    """A node's addresses, names and firewall."""
