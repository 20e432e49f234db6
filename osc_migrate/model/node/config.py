"""The options of nova-compute that matter for a move."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.model.facts import Facts

# Nova's defaults (nova/conf/paths.py).
STATE_PATH = "/var/lib/nova"


@dataclasses.dataclass(frozen=True, repr=False)
class Config(Facts):
    """nova.conf as nova-compute reads it, several files joined."""

    # Where it was read, the later ones winning; as nova-compute sees them.
    files: tuple[str, ...]
    # (section, option) -> what it is set to; unset ones are not there.
    options: Mapping[tuple[str, str], str]

    def get(self, section: str, option: str, default: str = "") -> str:
        """What an option is set to, its own $references followed."""
        value = self.options.get((section, option), default)
        for name, inner in (
            ("state_path", STATE_PATH),
            ("my_ip", ""),
            ("host", ""),
        ):
            if f"${name}" in value or f"${{{name}}}" in value:
                used = self.options.get(("DEFAULT", name), inner)
                value = value.replace(f"${{{name}}}", used)
                value = value.replace(f"${name}", used)
        return value

    def flag(self, section: str, option: str, default: bool = False) -> bool:
        """A boolean option, in the spellings of oslo.config."""
        said = self.get(section, option, str(default)).strip().lower()
        return said in ("true", "1", "yes", "on")

    @property
    def file(self) -> str:
        """Where an operator would change an option."""
        return self.files[-1] if self.files else "/etc/nova/nova.conf"

    @property
    def state_path(self) -> str:
        return self.get("DEFAULT", "state_path", STATE_PATH)

    @property
    def instances_path(self) -> str:
        """Without a slash at the end."""
        path = self.get("DEFAULT", "instances_path", "$state_path/instances")
        return path.rstrip("/") or "/"
