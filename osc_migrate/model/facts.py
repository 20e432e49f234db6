"""What was read from the cloud, before anything is judged.

A fact that could not be read is stored as :class:`Unread`, and whoever looks
at it gets it raised: no code can mistake 'not known' for 'no'.
"""

import dataclasses
import datetime
import typing
from collections.abc import Callable, Mapping

from osc_migrate.model.progress import ENDED

T = typing.TypeVar("T")


class Unread(Exception):
    """A fact that could not be read, and why not."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Facts:
    """Base of all facts: looking at an unread one raises :class:`Unread`."""

    if not typing.TYPE_CHECKING:  # a typed one would allow any name

        def __getattribute__(self, name):
            value = object.__getattribute__(self, name)
            if isinstance(value, Unread):
                # A new one each time, or the tracebacks would pile up.
                raise Unread(value.reason)
            return value

    def but(self, **changes: object) -> typing.Self:
        """The same facts with some changed, unread ones included."""
        fields = object.__getattribute__(self, "__dict__")
        return type(self)(**(fields | changes))

    def __repr__(self) -> str:
        fields = object.__getattribute__(self, "__dict__").items()
        inner = ", ".join(f"{name}={value!r}" for name, value in fields)
        return f"{type(self).__name__}({inner})"


def known(read: Callable[[], T]) -> T | None:
    """What `read` returns, None where it meets an unread fact.

    For what is only shown, or helps where it is known: never for a
    judgement.
    """
    try:
        return read()
    except Unread:
        return None


@dataclasses.dataclass(frozen=True, repr=False)
class Flavor(Facts):
    """A server's size: memory in MiB, disks in GiB, swap in MiB."""

    vcpus: int
    ram: int
    disk: int
    ephemeral: int
    swap: int
    # Shown from 2.61 on, to whom policy allows.
    extra_specs: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, repr=False)
class Server(Facts):
    id: str
    name: str
    # As the API says it: ACTIVE, SHUTOFF, VERIFY_RESIZE ...
    status: str
    # None when Nova is doing nothing with the server.
    task_state: str | None
    # Shown to admins only.
    host: str
    locked: bool
    # None where nobody gave one, or below microversion 2.73.
    locked_reason: str | None
    project_id: str
    flavor: Flavor
    # Nova's numbers: 1 running, 3 paused, 4 shut down (nova power_state.py).
    power_state: int
    # None unless the server is in ERROR.
    fault: str | None
    # None where the root disk is a volume.
    image_id: str | None = None
    # Copied from the image at boot and shown from 2.98 on; where Nova does
    # not show them, what Glance or Cinder says of the image now.
    image_properties: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )
    config_drive: bool = False
    # The zone that somebody asked for at boot (2.96), None when nobody did.
    pinned_zone: str | None = None
    volume_ids: tuple[str, ...] = ()
    # IDs of server groups (2.71).
    group_ids: tuple[str, ...] = ()
    # UTC.
    updated_at: datetime.datetime | None = None
    # A hash of project and host: changes when the host does, and is shown
    # to everybody. Empty on no host.
    host_id: str = ""
    # When the fault happened, UTC.
    faulted_at: datetime.datetime | None = None
    # Words that its owner has put on it (tags: 2.26).
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, repr=False)
class Hypervisor(Facts):
    """A row of os-hypervisors; sizes as Nova accounts them (MiB, GiB)."""

    # From 2.53 on a UUID, which is also the placement resource provider's.
    id: str
    name: str
    vcpus: int
    vcpus_used: int
    memory_mb: int
    memory_mb_used: int
    local_gb: int
    local_gb_used: int
    # 'QEMU', 'VMware vCenter Server' ...
    type: str = "QEMU"
    # Major * 1000000 + minor * 1000 + release: 8002002 is QEMU 8.2.2.
    version: int = 0
    # GiB that new disks may fill; None where the driver does not say.
    disk_available_least: int | None = None
    # What guests may see, such as {'pcid', 'avx2'}; empty with some drivers.
    cpu_features: frozenset[str] = frozenset()
    # Its IP address, as nova.conf's my_ip says.
    ip: str | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class Agent(Facts):
    """A Neutron agent, or an OVN controller shown as one."""

    type: str
    host: str
    alive: bool
    admin_up: bool
    # Physical networks that it connects; None where it does not say.
    physical_networks: frozenset[str] | None


@dataclasses.dataclass(frozen=True, repr=False)
class Aggregate(Facts):
    name: str
    hosts: frozenset[str]
    # 'availability_zone' among them; filters read others.
    metadata: Mapping[str, str]


@dataclasses.dataclass(frozen=True, repr=False)
class Host(Facts):
    """A compute host: its nova-compute service and its hypervisor."""

    name: str
    # 'up' or 'down', as Nova judges the heartbeat.
    state: str
    # 'enabled' or 'disabled'.
    status: str
    disabled_reason: str | None
    forced_down: bool
    # The last heartbeat, UTC; None before the first.
    updated_at: datetime.datetime | None
    # Its availability zone.
    zone: str = "nova"
    hypervisor: Hypervisor | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class Room(Facts):
    """What placement says of a server and one host: resource class -> n."""

    # What the server holds now, and so needs there.
    asked: Mapping[str, int]
    # What the host's tree has left, after reserved and ratios.
    free: Mapping[str, int]
    # Placement's own answer: it has an allocation candidate in that tree.
    fits: bool
    # Compute hosts on which the server holds something -> their provider.
    holders: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, repr=False)
class Volume(Facts):
    id: str
    status: str
    multiattach: bool
    zone: str | None
    # Of the image that it was made from, when a server may boot from it.
    image_properties: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )
    # Its attachments; Cinder tells admins alone on which hosts they are.
    attachments: tuple["Attachment", ...] = ()


@dataclasses.dataclass(frozen=True)
class Attachment:
    """A volume's attachment to a server."""

    id: str
    server_id: str
    # None where Cinder does not say.
    host: str | None


@dataclasses.dataclass(frozen=True, repr=False)
class Port(Facts):
    id: str
    # normal, direct, macvtap, vdpa, accelerator-direct ...
    vnic_type: str
    # Physical network of its network (provider:physical_network), if any.
    physical_network: str | None
    # Host -> ACTIVE or INACTIVE; more than one only while it moves.
    bindings: Mapping[str, str]


@dataclasses.dataclass(frozen=True, repr=False)
class Group(Facts):
    """A server group."""

    name: str
    # affinity, anti-affinity, soft-affinity or soft-anti-affinity.
    policy: str
    # Of anti-affinity: so many members may share a host (2.64).
    max_per_host: int
    # Host -> how many other members it has.
    members: Mapping[str, int]


@dataclasses.dataclass(frozen=True, repr=False)
class Topology(Facts):
    """How the guest is bound to the host's CPUs and memory (2.78)."""

    nodes: int
    pinned: bool
    # None with the host's ordinary pages.
    pagesize_kb: int | None


@dataclasses.dataclass(frozen=True, repr=False)
class Migration(Facts):
    """A migration record; counters in bytes, None where Nova shows none."""

    id: int
    uuid: str | None
    # Nova's word: accepted, queued, preparing, running ... completed.
    status: str
    # 'live-migration', 'migration', 'resize' or 'evacuation'.
    type: str | None
    source: str | None
    destination: str | None
    memory_total: int | None = None
    memory_processed: int | None = None
    memory_remaining: int | None = None
    disk_total: int | None = None
    disk_processed: int | None = None
    disk_remaining: int | None = None
    # UTC.
    created_at: datetime.datetime | None = None
    updated_at: datetime.datetime | None = None
    # Of the server; None where Nova does not say it again.
    server_id: str | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class MoveFacts(Facts):
    """All that is known of one server and one destination."""

    server: Server
    # As the operator typed it; None leaves the choice to the scheduler.
    wanted: str | None
    # Where the server is; None when Nova knows no such compute host.
    source: Host | None
    # None when no such compute host exists, or none was wanted.
    destination: Host | None
    room: Room
    # Names of the compute hosts there are.
    hosts: tuple[str, ...]
    # The server's migration records, newest first.
    migrations: tuple[Migration, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    groups: tuple[Group, ...] = ()
    ports: tuple[Port, ...] = ()
    # Names of Neutron's extensions, such as 'binding-extended'.
    network_extensions: frozenset[str] = frozenset()
    agents: tuple[Agent, ...] = ()
    volumes: tuple[Volume, ...] = ()
    # False when the image was deleted from Glance; True without an image.
    image_exists: bool = True
    # When the server was paused; None when it is not.
    paused_at: datetime.datetime | None = None
    # Names of attached Manila shares (2.97).
    shares: tuple[str, ...] = ()
    topology: Topology = dataclasses.field(
        default_factory=lambda: Topology(0, False, None)
    )
    # Records of moves that run towards the destination now.
    incoming: tuple[Migration, ...] = ()
    # The newest microversion that the cloud's Nova has, used or not: what
    # came later cannot be there.
    nova: tuple[int, int] = (2, 104)
    # Names of the roles in the user's token.
    roles: frozenset[str] = frozenset({"admin"})
    # When all this was read, UTC.
    now: datetime.datetime = dataclasses.field(
        default_factory=lambda: datetime.datetime.now(datetime.UTC)
    )

    @property
    def under_way(self) -> tuple[Migration, ...]:
        """The server's records that have not ended."""
        return tuple(m for m in self.migrations if m.status not in ENDED)

    @property
    def last_migration(self) -> int:
        """The id of the newest record so far, 0 when there is none: a
        record with a higher one is of a move that began later."""
        return max((record.id for record in self.migrations), default=0)
