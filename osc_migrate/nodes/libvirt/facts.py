"""Facts about libvirt and QEMU of a node."""

import dataclasses
import ipaddress
from collections.abc import Mapping

from osc_migrate.facts import Facts

# Ports of libvirtd and virtproxyd (libvirt, remote_driver.h), by transport.
PORTS = {"tcp": 16509, "tls": 16514}
# QEMU's default ports for incoming migrations (qemu.conf).
DATA_PORTS = (49152, 49215)


@dataclasses.dataclass(frozen=True)
class SystemdUnit:
    """A unit of systemd, with the values of 'systemctl show'."""

    # LoadState: loaded, masked, not-found.
    load: str
    # ActiveState: active, inactive, failed.
    active: str
    # UnitFileState: enabled, disabled, static, masked; empty without a file.
    boot: str
    # ListenStream of a socket.
    listen: tuple[str, ...] = ()

    @property
    def starts(self) -> bool:
        """Whether it starts at boot."""
        return self.boot in ("enabled", "alias", "generated", "linked")


@dataclasses.dataclass(frozen=True)
class Listener:
    """A TCP port that a process listens on."""

    # '*' for any address of both families, as in ss.
    address: str
    port: int
    # Name of the process; empty if unknown.
    process: str = ""

    def hears(self, target: str) -> bool:
        """Return whether a connection to an address or name reaches it.

        A name may resolve to any address except loopback.
        """
        if self.address == "*":
            return True
        try:
            bound = ipaddress.ip_address(self.address.partition("%")[0])
        except ValueError:
            return False
        try:
            requested = ipaddress.ip_address(target)
        except ValueError:
            return not bound.is_loopback
        if bound.is_unspecified:
            return bound.version == requested.version
        return bound == requested


@dataclasses.dataclass(frozen=True, repr=False)
class Libvirt(Facts):
    # The daemon that runs guests: 'libvirtd' (monolithic) or 'virtqemud'
    # (modular); empty if neither is installed or running.
    daemon: str
    # Whether it runs in a container: no unit of this node starts it.
    contained: bool
    # Name -> state, for installed or masked units.
    units: Mapping[str, SystemdUnit]
    # Processes of libvirt's daemons.
    processes: frozenset[str]
    # Whether libvirtd was started with --listen.
    flag: bool
    # Whether it will be at the next start, and the file that says so.
    flag_next: bool
    flag_file: str
    # libvirtd.conf, or virtproxyd.conf and virtqemud.conf: paths as seen by
    # the daemon, and settings. Lists have one line for each entry.
    remote_file: str
    remote: Mapping[str, str]
    daemon_file: str
    daemon_conf: Mapping[str, str]
    # The same for qemu.conf.
    qemu_file: str
    qemu: Mapping[str, str]
    # Whether auth.conf has credentials for other hosts.
    credentials: bool
    # /etc/machine-id; empty without one.
    machine_id: str
    # The end of the journal, if the daemon failed.
    last_words: str
    # Why virsh got no answer, or ''.
    trouble: str
    # libvirt's answers: UUID of the host; versions such as (7, 2, 22).
    host_uuid: str
    qemu_version: tuple[int, ...]
    version: tuple[int, ...]
    # Machine types of QEMU for the node's own architecture.
    machines: frozenset[str]
    # Machine types of aliases such as 'pc' and 'q35', for new guests.
    aliases: Mapping[str, str]
    # Machine types of the guests that are defined here.
    machines_used: frozenset[str]
    # Models of the security driver in effect: dac, apparmor, selinux.
    security: frozenset[str]
    listeners: tuple[Listener, ...]

    @property
    def front(self) -> str:
        """The daemon that other hosts connect to."""
        return "virtproxyd" if self.daemon == "virtqemud" else "libvirtd"

    def unit(self, name: str) -> SystemdUnit:
        return self.units.get(name, SystemdUnit("not-found", "inactive", ""))

    @property
    def by_sockets(self) -> bool:
        """Whether systemd listens for it (the default since libvirt 5.6).

        Otherwise the daemon listens itself, with --listen and masked sockets.
        """
        main = self.unit(f"{self.front}.socket").load
        # If the service is masked too, neither should run.
        masked = main == "masked" != self.unit(f"{self.front}.service").load
        alone = self.flag_next and main != "loaded"
        return not (self.flag or alone or masked)

    @property
    def ports(self) -> tuple[int, int]:
        """First and last port for incoming migrations.

        :raises ValueError: a setting in qemu.conf is not a number.
        """
        first, last = (
            int(self.qemu.get(f"migration_port_{end}", default), 10)
            for end, default in zip(
                ("min", "max"), map(str, DATA_PORTS), strict=True
            )
        )
        return first, last
