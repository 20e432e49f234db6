"""Facts about connections from one node to another."""

import dataclasses
import enum
from collections.abc import Mapping

from osc_migrate.facts import Facts


class ConnectOutcome(enum.StrEnum):
    """Result of a TCP connection."""

    OPEN = "open"
    # Nothing listens there, or a firewall rejects it.
    REFUSED = "refused"
    # No answer within three seconds, typical of a firewall that drops packets.
    SILENT = "silent"
    # No route, or a firewall pretends so.
    UNREACHABLE = "unreachable"
    # The name of the host has no address.
    UNRESOLVED = "unresolved"


@dataclasses.dataclass(frozen=True)
class TriedPort:
    """A port that was tried, and the result."""

    host: str
    port: int
    outcome: ConnectOutcome

    def __str__(self) -> str:
        return f"{self.host} port {self.port}: {self.outcome}"


@dataclasses.dataclass(frozen=True)
class CommandResult:
    """Result of a command; status 124 if it did not end in time."""

    status: int
    # The end of its output.
    output: str


@dataclasses.dataclass(frozen=True, repr=False)
class Reach(Facts):
    """Connections tried from one node to another."""

    # Address that Nova on the source uses for a live migration.
    connect: str
    # libvirt URI that it builds from it.
    uri: str
    # Address that files are copied to.
    copy: str
    # Name of the other node -> its addresses on this node; empty if it does
    # not resolve. An address stands for itself.
    names: Mapping[str, tuple[str, ...]]
    # Port of libvirt; None if the URI uses ssh.
    libvirt: TriedPort | None
    # 'virsh -c URI hostname', as root; None if the port was not open.
    virsh: CommandResult | None
    # Ports of the other node's migration range, lowest first.
    data: tuple[TriedPort, ...]
    # Whether listeners were opened on them.
    listened: bool
    # The other node's migration range, inclusive.
    data_range: tuple[int, int]
    # 'ssh COPY true' as user nova, in nova-compute's container, if any.
    nova_ssh: CommandResult
    # Packet size in bytes, including headers, and whether an unfragmented one
    # arrived; None if not even a small one does.
    packet: tuple[int, bool] | None
    # 'ssh -s COPY sftp' as the same user; None if it was not tried because
    # sshd there offers sftp for certain.
    sftp: CommandResult | None = None
    # User, and port unless 22, of the login from 'ssh -G'. Empty if nothing
    # failed.
    login: str = ""
    # OpenSSH version of the source, such as 'OpenSSH_9.2p1'; only with sftp.
    openssh: str = ""
