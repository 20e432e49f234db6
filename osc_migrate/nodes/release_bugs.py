"""Known bugs of releases of Nova, libvirt and QEMU that affect moves.

Listed are bugs whose first affected and first fixed releases are documented by
the project, and that a node's facts show to be possible.
"""

import dataclasses
from collections.abc import Callable

from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.node import NodeFacts, PairFacts

Version = tuple[int, ...]
# Each from the first affected release to the first fixed one.
Ranges = tuple[tuple[Version, Version], ...]
_NOVA_BUG = "https://bugs.launchpad.net/nova/+bug/"
_LIBVIRT_NEWS = "https://libvirt.org/news.html"


def is_in_ranges(version: Version, ranges: Ranges) -> bool:
    return any(first <= version < fixed for first, fixed in ranges)


def _ranges_text(ranges: Ranges) -> str:
    return ", ".join(
        f"{dotted(first)} to {dotted(fixed)}"
        if any(first)
        else f"before {dotted(fixed)}"
        for first, fixed in ranges
    )


def dotted(version: Version) -> str:
    return ".".join(map(str, version))


@dataclasses.dataclass(frozen=True)
class Bug:
    """A bug of one program on one node."""

    program: str
    ranges: Ranges
    # Whether it can occur on this node.
    applies: Callable[[NodeFacts], bool]
    effect: str
    remedy: str
    source: str
    # Whether it would harm the guest.
    hurts: Callable[[NodeFacts], bool] = lambda node: False

    @property
    def releases(self) -> str:
        """As the documentation has them."""
        return f"{self.program} {_ranges_text(self.ranges)}"


@dataclasses.dataclass(frozen=True)
class PairBug:
    """A bug of a move from one release to another."""

    program: str
    source_ranges: Ranges
    destination_ranges: Ranges
    applies: Callable[[PairFacts], bool]
    effect: str
    remedy: str
    source: str

    @property
    def releases(self) -> str:
        """As the documentation has them."""
        return (
            f"{self.program} {_ranges_text(self.source_ranges)}, to"
            f" {_ranges_text(self.destination_ranges)}"
        )


def _applies_always(node: NodeFacts) -> bool:
    return True


def _on_shared_storage(node: NodeFacts) -> bool:
    return node.storage.mount.shared


def _on_nfs(node: NodeFacts) -> bool:
    return node.storage.mount.nfs


def _local_disks(node: NodeFacts) -> bool:
    images_type = config_of(node).get("libvirt", "images_type")
    return images_type != "rbd" and not _on_shared_storage(node)


def _pins_processors(node: NodeFacts) -> bool:
    config = config_of(node)
    return bool(
        config.get("compute", "cpu_dedicated_set")
        or config.get("DEFAULT", "vcpu_pin_set")
    )


def _parallel(node: NodeFacts) -> bool:
    """Whether it uses several connections.

    With post-copy, one-connection-with-post-copy reports them.
    """
    config = config_of(node)
    option = "live_migration_parallel_connections"
    return config.number("libvirt", option, 1) > 1 and not config.flag(
        "libvirt", "live_migration_permit_post_copy"
    )


def _parallel_with_tls(node: NodeFacts) -> bool:
    return _parallel(node) and config_of(node).flag(
        "libvirt", "live_migration_with_native_tls"
    )


def _reports_pci_devices(node: NodeFacts) -> bool:
    return config_of(node).flag("pci", "report_in_placement")


def _has_vmx(pair: PairFacts) -> bool:
    return all(
        "vmx" in node.system.cpu.flags
        for node in (pair.source, pair.destination)
    )


NOVA: tuple[Bug, ...] = (
    Bug(
        "Nova",
        (
            ((27, 3, 0), (27, 5, 1)),
            ((28, 1, 0), (28, 3, 1)),
            ((29, 0, 0), (29, 2, 1)),
        ),
        _on_shared_storage,
        "after a live move of a server with a NUMA topology Nova deletes the"
        " directory of the server on shared storage",
        "do not move such servers live; update nova-compute to 27.5.1, 28.3.1,"
        " 29.2.1 or newer",
        f"{_NOVA_BUG}2080436",
        hurts=_pins_processors,
    ),
    Bug(
        "Nova",
        (((33, 0, 0), (34, 0, 0)),),
        _pins_processors,
        "a server with dedicated CPUs that was started before the upgrade to"
        " 2026.1 does not move live",
        "update nova-compute to 34.0.0 or newer; or hard reboot that server"
        " before the move",
        f"{_NOVA_BUG}2152697",
    ),
    Bug(
        "Nova",
        (
            ((27, 0, 0), (29, 4, 0)),
            ((30, 0, 0), (30, 2, 0)),
            ((31, 0, 0), (31, 1, 0)),
        ),
        _reports_pci_devices,
        "a move may give a server more PCI devices than its flavor requests",
        "update nova-compute to 29.4.0, 30.2.0, 31.1.0 or newer; else compare"
        " the hostdevs of the guest after the move",
        f"{_NOVA_BUG}2098496",
    ),
    Bug(
        "Nova",
        (((0, 0, 0), (25, 1, 0)),),
        _applies_always,
        "Nova may take a completed copy for a failed one ('no RAM info was"
        " set'): the guest runs on the destination, unknown to Nova",
        "update nova-compute to 25.1.0 or newer; after a failure look at virsh"
        " list on both hosts before anything else",
        f"{_NOVA_BUG}1982284",
        hurts=_applies_always,
    ),
)
LIBVIRT: tuple[Bug, ...] = (
    Bug(
        "libvirt",
        (((10, 2, 0), (10, 3, 0)),),
        _applies_always,
        "libvirt may refuse a move with 'incompatible CPU definition', as"
        " Nova passes its own domain definition",
        "update libvirt to 10.3.0 or newer, or to a package with the fix",
        _LIBVIRT_NEWS,
    ),
    Bug(
        "libvirt",
        (((10, 1, 0), (10, 4, 0)),),
        _on_nfs,
        "a move of a server on an export with root_squash may fail with"
        " 'Unknown error 255'",
        "update libvirt to 10.4.0 or newer, or export with no_root_squash",
        _LIBVIRT_NEWS,
    ),
    Bug(
        "libvirt",
        (((8, 8, 0), (8, 9, 0)),),
        _applies_always,
        "libvirt's daemon crashes when it is restarted during a move",
        "update libvirt to 8.9.0 or newer; restart it only while nothing"
        " moves",
        _LIBVIRT_NEWS,
    ),
)
# Bugs of disk copies by libvirt.
DISK_COPIES: tuple[Bug, ...] = (
    Bug(
        "libvirt",
        (((7, 3, 0), (7, 6, 0)),),
        _local_disks,
        "libvirt does not copy the contents of disks: the guest's data is lost"
        " when it has moved",
        "do not move servers with local disks live; update libvirt to 7.6.0 or"
        " newer",
        _LIBVIRT_NEWS,
        hurts=_applies_always,
    ),
    Bug(
        "libvirt",
        (((8, 7, 0), (8, 8, 0)),),
        _local_disks,
        "a move that copies disks fails while libvirt prepares it",
        "update libvirt to 8.8.0 or newer",
        _LIBVIRT_NEWS,
    ),
    Bug(
        "libvirt",
        (((0, 0, 0), (10, 3, 0)),),
        _parallel_with_tls,
        "with several connections and native TLS the copy of disks fails:"
        " 'Certificate does not match the hostname'",
        "set [libvirt]live_migration_parallel_connections = 1, or update"
        " libvirt to 10.3.0 or newer",
        _LIBVIRT_NEWS,
    ),
)
PAIRS: tuple[PairBug, ...] = (
    PairBug(
        "libvirt",
        (((0, 0, 0), (9, 10, 0)),),
        (((9, 10, 0), (10, 2, 0)),),
        _has_vmx,
        "a guest with the CPU feature vmx is refused there: 'extra features:"
        " vmx-...'",
        "update libvirt on the destination to 10.2.0 or newer, or to a package"
        " with the fix",
        _LIBVIRT_NEWS,
    ),
    PairBug(
        "QEMU",
        (((0, 0, 0), (9, 0, 0)),),
        (((9, 2, 0), (9, 2, 1)),),
        lambda pair: _parallel(pair.source),
        "a copy over several connections fails",
        "set [libvirt]live_migration_parallel_connections = 1 on the source,"
        " or update QEMU on the destination to 9.2.1 or newer",
        "https://gitlab.com/qemu-project/qemu/-/issues/2720",
    ),
)


ALL: tuple[Bug | PairBug, ...] = (*NOVA, *LIBVIRT, *DISK_COPIES, *PAIRS)
