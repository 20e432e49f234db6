"""Facts about the options of nova-compute that matter for a move."""

import dataclasses
import re
from collections.abc import Mapping

from osc_migrate.facts import Facts, Unread

# Nova's defaults (nova/conf/paths.py).
STATE_PATH = "/var/lib/nova"


# Limits: nesting of references, references in one value, and length of the
# result. oslo.config has none, but a few lines that refer to each other
# several times could expand to gigabytes.
_DEPTH = 8


_REFERENCES = 64


_LONGEST = 4096


_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


@dataclasses.dataclass(frozen=True, repr=False)
class Config(Facts):
    """nova.conf as read by nova-compute, merged from several files."""

    # Files, as seen by nova-compute; later ones take precedence.
    files: tuple[str, ...]
    # (section, option) -> value; without unset options.
    options: Mapping[tuple[str, str], str]
    # (section, option) -> the file that set it.
    origins: Mapping[tuple[str, str], str] = dataclasses.field(
        default_factory=dict
    )
    # If nova-compute runs in a container: the file on the node that its
    # nova.conf is generated from; empty if unknown.
    template: str = ""
    # Whether nova-compute has another root directory than the node.
    contained: bool = False
    # systemd unit of nova-compute; empty if unknown.
    unit: str = ""
    # Seconds since the epoch, by the node's clock: when nova-compute was
    # started (None if it does not run), and when a file last changed.
    started: float | None = None
    changed: float | None = None
    # Lines refused by oslo.config, as 'file:number'.
    broken: tuple[str, ...] = ()

    def get(self, section: str, option: str, default: str = "") -> str:
        """Return the value of an option, with $references expanded.

        :raises Unread: the expansion exceeds a limit.
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
                if name in above:  # no value in oslo.config either
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
        """Return a boolean option, in any spelling of oslo.config."""
        value = self.get(section, option, str(default)).strip().lower()
        return value in ("true", "1", "yes", "on")

    def number(self, section: str, option: str, default: int) -> int:
        """Return an integer option.

        The default if the value is invalid: then nova-compute does not start.
        """
        try:
            return int(self.get(section, option, str(default))[:20])
        except ValueError:
            return default

    @property
    def file(self) -> str:
        """The file in which to set options: it takes precedence."""
        if self.template:
            return self.template
        return self.files[-1] if self.files else "/etc/nova/nova.conf"

    def file_of(self, section: str, option: str) -> str:
        """Return the file in which to change an option."""
        return self.template or self.origins.get((section, option), self.file)

    @property
    def state_path(self) -> str:
        return self.get("DEFAULT", "state_path", STATE_PATH)

    @property
    def instances_path(self) -> str:
        """Without a trailing slash."""
        path = self.get("DEFAULT", "instances_path", "$state_path/instances")
        return path.rstrip("/") or "/"

    @property
    def ceph_files(self) -> tuple[str, str]:
        """Paths of ceph.conf and the keyring that Nova uses."""
        conf = self.get("libvirt", "images_rbd_ceph_conf")
        conf = conf or "/etc/ceph/ceph.conf"
        user = self.get("libvirt", "rbd_user") or "admin"
        place = conf.rpartition("/")[0]
        return conf, f"{place}/ceph.client.{user}.keyring"
