"""What connects volumes: iSCSI, multipath, Ceph, GlusterFS."""

import dataclasses

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Volumes(Facts):
    """What connects volumes: iSCSI, multipath, Ceph, GlusterFS."""
