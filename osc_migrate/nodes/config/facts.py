"""The options of nova-compute that matter for a move."""

import dataclasses
import re
from collections.abc import Mapping

from osc_migrate.facts import Facts, Unread

# Nova's defaults (nova/conf/paths.py).
STATE_PATH = "/var/lib/nova"


# References within references; all references of one value; characters of
# the result. oslo.config has no bounds, but a path and an address do: a few
# lines that refer to each other several times become gigabytes.
_DEPTH = 8


_REFERENCES = 64


_LONGEST = 4096


_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


@dataclasses.dataclass(frozen=True, repr=False)
class Config(Facts):
    """nova.conf as nova-compute reads it, several files joined."""

    # Where it was read, the later ones winning; as nova-compute sees them.
    files: tuple[str, ...]
    # (section, option) -> what it is set to; unset ones are not there.
    options: Mapping[tuple[str, str], str]
    # (section, option) -> the file that set it.
    origins: Mapping[tuple[str, str], str] = dataclasses.field(
        default_factory=dict
    )
    # Where nova-compute runs in a container: the file on the node that it is
    # made from; empty where none is known.
    template: str = ""
    # nova-compute runs with another root directory than the node's.
    contained: bool = False
    # systemd's unit of nova-compute; empty where none is known.
    unit: str = ""
    # Seconds since the epoch, by the node's clock: when nova-compute was
    # started, None where it does not run; and when a file last changed.
    started: float | None = None
    changed: float | None = None
    # Lines that oslo.config refuses, as 'file:number'.
    broken: tuple[str, ...] = ()

    def get(self, section: str, option: str, default: str = "") -> str:
        """What an option is set to, $references to [DEFAULT] followed.

        :raises Unread: they lead too far.
        """
        value = self.options.get((section, option), default)
        if "$" not in value:
            return value
        known = {"state_path": STATE_PATH}
        followed = 0

        def follow(value: str, above: tuple[str, ...]) -> str:
            parts: list[str] = []
            length = end = 0
            for match in _REFERENCE.finditer(value):
                name = match[1] or match[2]
                if name in above:  # oslo.config has no value for it
                    continue
                nonlocal followed
                followed += 1
                if len(above) == _DEPTH or followed > _REFERENCES:
                    raise Unread(
                        f"[{section}] {option} in nova.conf has too many"
                        " references to other options"
                    )
                referenced = self.options.get(
                    ("DEFAULT", name), known.get(name, "")
                )
                parts += (
                    value[end : match.start()],
                    follow(referenced, (*above, name)),
                )
                end = match.end()
                length += sum(map(len, parts[-2:]))
                check(length)
            parts.append(value[end:])
            check(length + len(parts[-1]))
            return "".join(parts)

        def check(length: int) -> None:
            if length > _LONGEST:
                raise Unread(
                    f"[{section}] {option} in nova.conf is longer than"
                    f" {_LONGEST} characters with its references"
                )

        return follow(value, ())

    def flag(self, section: str, option: str, default: bool = False) -> bool:
        """A boolean option, in the spellings of oslo.config."""
        value = self.get(section, option, str(default)).strip().lower()
        return value in ("true", "1", "yes", "on")

    def number(self, section: str, option: str, default: int) -> int:
        """A whole number; the default where it is set to none, which
        nova-compute does not start with."""
        try:
            return int(self.get(section, option, str(default))[:20])
        except ValueError:
            return default

    @property
    def file(self) -> str:
        """Where an operator would change any option: what is set there wins
        over the other files."""
        if self.template:
            return self.template
        return self.files[-1] if self.files else "/etc/nova/nova.conf"

    def file_of(self, section: str, option: str) -> str:
        """Where an operator would change this one."""
        return self.template or self.origins.get((section, option), self.file)

    @property
    def state_path(self) -> str:
        return self.get("DEFAULT", "state_path", STATE_PATH)

    @property
    def instances_path(self) -> str:
        """Without a slash at the end."""
        path = self.get("DEFAULT", "instances_path", "$state_path/instances")
        return path.rstrip("/") or "/"

    @property
    def ceph_files(self) -> tuple[str, str]:
        """ceph.conf and the keyring, where Nova looks for them."""
        conf = self.get("libvirt", "images_rbd_ceph_conf")
        conf = conf or "/etc/ceph/ceph.conf"
        user = self.get("libvirt", "rbd_user") or "admin"
        place = conf.rpartition("/")[0]
        return conf, f"{place}/ceph.client.{user}.keyring"
