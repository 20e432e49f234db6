"""A node's libvirt's daemons and QEMU's settings."""

import dataclasses

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Libvirt(Facts):
    """A node's libvirt's daemons and QEMU's settings."""
