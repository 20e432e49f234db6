"""What connects volumes: iSCSI, multipath, NVMe, Ceph."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True)
class Readable:
    """A file, and who may read it."""

    owner: str
    group: str
    # As stat's %a: '640'.
    mode: str

    def by(self, user: str, group: str) -> bool:
        """A user may read it who is in that group."""
        digits = self.mode.zfill(3)[-3:]
        for name, mine, digit in (
            (self.owner, user, digits[0]),
            (self.group, group, digits[1]),
        ):
            if name == mine:
                return digit in "4567"
        return digits[2] in "4567"


@dataclasses.dataclass(frozen=True, repr=False)
class Volumes(Facts):
    """What connects volumes: iSCSI, multipath, NVMe, Ceph."""

    # 'iqn...' of /etc/iscsi/initiatorname.iscsi; empty without one.
    initiator: str
    # Connections to iSCSI targets that are open.
    iscsi_sessions: int
    # Programs that run, of 'iscsid' and 'multipathd'.
    running: frozenset[str]
    # systemd's units that are installed, of iscsid and multipathd.
    units: frozenset[str]
    # multipathd's configuration is there, without which it does not start.
    multipath_conf: bool
    # /etc/nvme/hostnqn; empty without one.
    hostnqn: str
    # Controllers reached over a network.
    nvme_fabrics: int
    # UUIDs of secrets that libvirt has, and of those that have a value; None
    # where libvirt keeps the values elsewhere.
    secrets: frozenset[str]
    with_value: frozenset[str] | None
    # ceph.conf and keyring, by their paths; what is not there is left out.
    ceph_files: Mapping[str, Readable]
