"""A node's users and groups."""

import dataclasses

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Accounts(Facts):
    """A node's users and groups."""
