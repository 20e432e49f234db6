"""A node's certificates of libvirt and QEMU."""

import dataclasses

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Tls(Facts):
    """A node's certificates of libvirt and QEMU."""
