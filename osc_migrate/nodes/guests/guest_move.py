"""A server on the source and destination nodes of its move, for checks."""

import dataclasses
from collections.abc import Callable, Iterable

from osc_migrate.checks.check import Check, check
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.nodes.config.options import ceph_conf, in_ceph
from osc_migrate.nodes.node import NodeFacts, PairFacts


@dataclasses.dataclass(frozen=True)
class GuestMove:
    """A server and the source and destination nodes of its move."""

    move: MoveFacts
    pair: PairFacts
    kind: Kind

    @property
    def name(self) -> str:
        return f"{self.move.server.name}: {self.pair.name}"

    @property
    def id(self) -> str:
        return self.move.server.id

    @property
    def source(self) -> NodeFacts:
        return self.pair.source

    @property
    def destination(self) -> NodeFacts:
        return self.pair.destination


def of_guest(
    kinds: Iterable[Kind] = Kind,
) -> Callable[[Callable[[GuestMove], str]], Check]:
    return check(lambda guest: guest.name, kinds)


def shared(node: NodeFacts) -> bool:
    """Return whether the disks of its guests are on shared storage."""
    return in_ceph(node) or node.storage.mount.shared


def storage_classes(pair: PairFacts) -> str:
    """Return how the storage of the two nodes differs, or ''.

    No move converts disks between classes of storage.
    """
    source, destination = pair.source, pair.destination
    if in_ceph(source) and in_ceph(destination):
        if _ceph_cluster(source) == _ceph_cluster(destination):
            return ""
        if ceph_conf(source) == ceph_conf(destination):
            return ""  # the same cluster; options-that-must-agree-do judges it
        return (
            f"disks are in the Ceph cluster of {ceph_conf(source)} on"
            f" {source.name} and of {ceph_conf(destination)} on"
            f" {destination.name}, and no move copies them"
        )
    if in_ceph(source) == in_ceph(destination):
        return ""
    disk_homes = ("files", "in Ceph")
    texts = (
        f"{disk_homes[in_ceph(node)]} on {node.name}"
        for node in (source, destination)
    )
    return (
        f"disks are {' and '.join(texts)} (images_type), and no move converts"
        " them"
    )


def _ceph_cluster(node: NodeFacts) -> tuple[str, str]:
    """Return what identifies a cluster, wherever its files are."""
    return (
        node.config.get("libvirt", "images_rbd_pool") or "rbd",
        node.config.get("libvirt", "rbd_secret_uuid"),
    )
