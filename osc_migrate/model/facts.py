"""What was read from the cloud, before anything is judged.

A fact that could not be read is stored as :class:`Unread`, and whoever looks
at it gets it raised: no code can mistake 'not known' for 'no'.
"""

import dataclasses
import datetime
import typing
from collections.abc import Callable, Mapping

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


@dataclasses.dataclass(frozen=True, repr=False)
class Room(Facts):
    """What placement says of a server and one host: resource class -> n."""

    # What the server holds now, and so needs there.
    asked: Mapping[str, int]
    # What the host's tree has left, after reserved and ratios.
    free: Mapping[str, int]
    # Placement's own answer: it has an allocation candidate in that tree.
    fits: bool


@dataclasses.dataclass(frozen=True, repr=False)
class MoveFacts(Facts):
    """All that is known of one server and one destination."""

    server: Server
    # As the operator typed it; None leaves the choice to the scheduler.
    wanted: str | None
    # None when no such compute host exists, or none was wanted.
    destination: Host | None
    room: Room
    # Names of the compute hosts there are.
    hosts: tuple[str, ...]
    # The id of the server's newest migration so far, 0 when none: a record
    # with a higher one is ours.
    last_migration: int


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
