"""libvirt and QEMU of a node."""

import dataclasses
import ipaddress
from collections.abc import Mapping

from osc_migrate.facts import Facts

# Ports of libvirtd and virtproxyd (libvirt, remote_driver.h), by transport.
PORTS = {"tcp": 16509, "tls": 16514}
# Where QEMU takes guests in unless qemu.conf says otherwise (qemu.conf).
DATA_PORTS = (49152, 49215)


@dataclasses.dataclass(frozen=True)
class SystemdUnit:
    """A unit of systemd, in the words of 'systemctl show'."""

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
        """It starts with the node."""
        return self.boot in ("enabled", "alias", "generated", "linked")


@dataclasses.dataclass(frozen=True)
class Listener:
    """A TCP port that a process listens on."""

    # '*' for any address of both families, as ss has it.
    address: str
    port: int
    # Name of the process; empty where it is not known.
    process: str = ""

    def hears(self, target: str) -> bool:
        """A connection to `target` gets there: an address, or a name, which
        may mean any but a loopback one."""
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
    # Who runs the guests: 'libvirtd' (one daemon for all) or 'virtqemud'
    # (modular daemons); empty when neither is installed nor running.
    daemon: str
    # It runs in a container: no unit of this node starts it.
    contained: bool
    # Name -> state, of those that are installed or masked.
    units: Mapping[str, SystemdUnit]
    # Processes of libvirt's daemons.
    processes: frozenset[str]
    # libvirtd was started with --listen.
    flag: bool
    # The file says it will be the next time, and where that file is.
    flag_next: bool
    flag_file: str
    # libvirtd.conf, or virtproxyd.conf and virtqemud.conf: paths as the
    # daemon sees them, and what they set. Lists are one line an entry.
    remote_file: str
    remote: Mapping[str, str]
    daemon_file: str
    daemon_conf: Mapping[str, str]
    # The same for qemu.conf.
    qemu_file: str
    qemu: Mapping[str, str]
    # There is an auth.conf with credentials for other hosts.
    credentials: bool
    # /etc/machine-id; empty without one.
    machine_id: str
    # The end of the journal where the daemon failed.
    last_words: str
    # Why virsh got no answer; empty when it got one.
    trouble: str
    # What libvirt answered: UUID of the host; versions as (7, 2, 22).
    host_uuid: str
    qemu_version: tuple[int, ...]
    version: tuple[int, ...]
    # Machine types of QEMU for the node's own architecture.
    machines: frozenset[str]
    # What 'pc', 'q35' and such mean: what new guests get.
    aliases: Mapping[str, str]
    # Machine types of the guests that are defined here.
    machines_used: frozenset[str]
    # Models of the security driver in effect: dac, apparmor, selinux.
    security: frozenset[str]
    listeners: tuple[Listener, ...]

    @property
    def front(self) -> str:
        """The daemon that other hosts talk to."""
        return "virtproxyd" if self.daemon == "virtqemud" else "libvirtd"

    def unit(self, name: str) -> SystemdUnit:
        return self.units.get(name, SystemdUnit("not-found", "inactive", ""))

    @property
    def by_sockets(self) -> bool:
        """systemd listens for it (the rule since libvirt 5.6), not the
        daemon itself with --listen, which takes the sockets masked."""
        main = self.unit(f"{self.front}.socket").load
        # Where the service is masked as well, neither is meant to run.
        masked = main == "masked" != self.unit(f"{self.front}.service").load
        alone = self.flag_next and main != "loaded"
        return not (self.flag or alone or masked)

    @property
    def ports(self) -> tuple[int, int]:
        """First and last one where QEMU takes guests in.

        :raises ValueError: qemu.conf has no number there.
        """
        first, last = (
            int(self.qemu.get(f"migration_port_{end}", default), 10)
            for end, default in zip(
                ("min", "max"), map(str, DATA_PORTS), strict=True
            )
        )
        return first, last
