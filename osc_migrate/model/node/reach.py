"""What was tried from one node towards another."""

import dataclasses

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Reach(Facts):
    """What was tried from one node towards another."""
