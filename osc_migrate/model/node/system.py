"""A node's operating system, processors, memory and clock."""

import dataclasses

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True, repr=False)
class System(Facts):
    """A node's operating system, processors, memory and clock."""

    # As /etc/os-release has them: 'debian', 'rhel', 'rocky' ...
    os_id: str
    # The ones that it is like: ('rhel', 'centos', 'fedora').
    os_like: tuple[str, ...]

    @property
    def red_hat(self) -> bool:
        """Packages, units and paths are those of Red Hat's family."""
        return bool({"rhel", "fedora"} & {self.os_id, *self.os_like})
