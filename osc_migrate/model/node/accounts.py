"""A node's users and groups: files on shared storage know them by number."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class Account(Facts):
    """A user as the node's own name service has it."""

    name: str
    uid: int
    # Of the group that its new files have.
    gid: int
    # That group's name; its number where it has none.
    group: str
    home: str
    shell: str
    # Names of all its groups, that one among them.
    groups: frozenset[str]


@dataclasses.dataclass(frozen=True, repr=False)
class Accounts(Facts):
    # Whom nova-compute runs as; the user 'nova' where it does not run. None
    # where there is no such user.
    nova: Account | None
    # Whom QEMU runs as: what qemu.conf says, else libvirt-qemu (Debian) or
    # qemu (Red Hat). None where there is no such user.
    qemu: Account | None
    # The name that was looked for, found or not.
    qemu_name: str
    # qemu.conf sets it; else it is libvirt's own choice.
    qemu_is_set: bool
    # uid -> name, of /etc/passwd alone: a directory may have thousands.
    users: Mapping[int, str]
    # gid -> name, of /etc/group.
    groups: Mapping[int, str]
    # What libvirt said to nova on its socket: '' where it answered, None
    # where nova was not tried, as there is no virsh.
    libvirt_says: str | None
    # The group that may use libvirt's socket; '' where there is no socket.
    libvirt_group: str
    # Those of nova-compute and of libvirt that are loaded, whatever the
    # distribution calls them, and run.
    nova_unit: str
    libvirt_unit: str

    def gid_of(self, name: str) -> int | None:
        """The number of a group."""
        return next((g for g, n in self.groups.items() if n == name), None)
