"""A node's the instances directory, its mount and exports."""

import dataclasses

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Storage(Facts):
    """A node's the instances directory, its mount and exports."""
