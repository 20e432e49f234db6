"""What was tried from one node towards another."""

import dataclasses
import enum
from collections.abc import Mapping

from osc_migrate.facts import Facts


class ConnectOutcome(enum.StrEnum):
    """How a TCP connection went."""

    OPEN = "open"
    # Nothing listens there, or a firewall answers so in its place.
    REFUSED = "refused"
    # No answer in three seconds: what a firewall that drops looks like.
    SILENT = "silent"
    # No route to it, or a firewall reports none.
    UNREACHABLE = "unreachable"
    # The name of the host has no address.
    UNRESOLVED = "unresolved"


@dataclasses.dataclass(frozen=True)
class TriedPort:
    """A port that was tried."""

    host: str
    port: int
    outcome: ConnectOutcome

    def __str__(self) -> str:
        return f"{self.host} port {self.port}: {self.outcome}"


@dataclasses.dataclass(frozen=True)
class CommandResult:
    """A command that was run; 124 when it did not end in time."""

    status: int
    # The end of its output.
    output: str


@dataclasses.dataclass(frozen=True, repr=False)
class Reach(Facts):
    """What was tried from one node towards another."""

    # What Nova on the source connects to for a live migration there.
    connect: str
    # The URI that it builds of it.
    uri: str
    # What files are copied to.
    copy: str
    # A name of the other node -> the addresses it has on this one, none
    # where it does not resolve. Addresses are their own.
    names: Mapping[str, tuple[str, ...]]
    # Of libvirt; None where the URI goes through ssh.
    libvirt: TriedPort | None
    # 'virsh -c URI hostname', as root; None where its port was not open.
    virsh: CommandResult | None
    # Ports of the other's migration range, the lowest first.
    data: tuple[TriedPort, ...]
    # Whether they were opened for it.
    listened: bool
    # The other's migration range, both ends included.
    data_range: tuple[int, int]
    # 'ssh COPY true' as user nova, in the container of nova-compute if it
    # runs in one.
    nova_ssh: CommandResult
    # Size of the packet in bytes, headers included, and whether an unbroken
    # one arrived; None where even a small one does not.
    packet: tuple[int, bool] | None
    # 'ssh -s COPY sftp' as the same user; None where it was not tried, as the
    # other's sshd surely has sftp.
    sftp: CommandResult | None = None
    # Where ssh logs in, as 'ssh -G' says: user, and port if it is not 22.
    # Empty where nothing was wrong.
    login: str = ""
    # The source's OpenSSH, such as 'OpenSSH_9.2p1'; with sftp alone.
    openssh: str = ""
