"""Reads the inventories of hosts and what is left of them."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from osc_migrate.cloud.cloud import Cloud, or_unread
from osc_migrate.cloud.hosts import Host, Hypervisor
from osc_migrate.cloud.placement import Inventory, Provider
from osc_migrate.facts import Facts, Unread, fact, or_none


@dataclasses.dataclass(frozen=True, repr=False)
class HostInventory(Facts):
    """A compute host and its free resources."""

    host: Host
    # Resource class -> inventory of the provider in its tree.
    stock: Mapping[str, Inventory]
    traits: frozenset[str]
    # Resource class -> sharing provider (a key of Fleet.pools).
    shared: Mapping[str, str] = dataclasses.field(default_factory=dict)
    # Classes that several providers of its tree have: only placement can
    # decide how a server is spread over them.
    spread: frozenset[str] = frozenset()


# Maximum number of hosts to read one by one, besides the requested ones.
CLOSER = 50


# Root provider -> resource class -> sharing provider.
Shared = Mapping[str, Mapping[str, str]]


Pools = Mapping[str, Mapping[str, Inventory]]


def places(
    cloud: Cloud, hosts: Mapping[str, Host], first: Collection[str]
) -> tuple[Mapping[str, HostInventory], Pools]:
    """Return (hosts with their free resources, the providers they share).

    :param first: hosts to read in any case.
    :raises Unread: sharing providers could not be read.
    """
    placement = cloud.placement
    sharing = or_unread(placement.sharing)
    shared = _shared(sharing)
    trees: dict[str, list[Provider]] = {}
    # Below 1.29, every host is read by itself.
    summaries: Any = fact(lambda: or_unread(placement.summaries))
    if not isinstance(summaries, Unread):
        for provider in summaries:
            trees.setdefault(provider.root, []).append(provider)
    looked = 0
    inventories = {}
    for name in [*first, *(n for n in hosts if n not in set(first))]:
        host = hosts[name]
        hypervisor = hypervisor_of(host)
        tree: Any
        if hypervisor is None:
            tree = Unread(f"Nova lists no hypervisor of {name}")
        elif hypervisor.id in trees:
            tree = trees[hypervisor.id]
        elif name in first or looked < CLOSER:
            looked += name not in first
            tree = fact(_tree, cloud, hypervisor.id, name)
        else:
            tree = Unread(
                f"placement offers no memory on {name}, and {CLOSER} such"
                " hosts were looked at already"
            )
        inventories[name] = _place(host, tree, shared)
    pools = {id: provider.stock for id, (provider, _) in sharing.items()}
    return {name: inventories[name] for name in hosts}, pools


def hypervisor_of(host: Host) -> Hypervisor | None:
    return or_none(lambda: host.hypervisor)


def _tree(cloud: Cloud, root: str, name: str) -> list[Provider]:
    return or_unread(lambda: cloud.placement.tree(root, name))


def _shared(
    sharing: Mapping[str, tuple[Provider, frozenset[str]]],
) -> dict[str, dict[str, str]]:
    pools_of_root: dict[str, dict[str, str]] = {}
    for id, (provider, takers) in sharing.items():
        for taker in takers:
            for resource in provider.stock:
                pools_of_root.setdefault(taker, {}).setdefault(resource, id)
    return pools_of_root


def _place(host: Host, tree: Any, shared: Shared) -> HostInventory:
    if isinstance(tree, Unread):
        unread: Any = tree
        return HostInventory(host, stock=unread, traits=unread)
    root = tree[0].root
    counts = Counter(name for provider in tree for name in provider.stock)
    taken_from = {
        resource: pool
        for resource, pool in shared.get(root, {}).items()
        # The host's own inventory takes precedence.
        if resource not in counts
    }
    return HostInventory(
        host=host,
        stock=_bounded(tree, host),
        traits=frozenset().union(*(p.traits for p in tree if p.id == root)),
        shared=taken_from,
        spread=frozenset(name for name, count in counts.items() if count > 1),
    )


def _bounded(tree: Iterable[Provider], host: Host) -> dict[str, Inventory]:
    """Return inventories with the limit for one server.

    The limit is the host's own total without the allocation ratio (max_unit in
    nova/virt/libvirt/driver.py, update_provider_tree).
    """
    bounds: dict[str, int | None] = {}
    if hypervisor := hypervisor_of(host):
        bounds = {
            "VCPU": or_none(lambda: hypervisor.vcpus),
            "MEMORY_MB": or_none(lambda: hypervisor.memory_mb),
            "DISK_GB": or_none(lambda: hypervisor.local_gb),
        }
    inventories: dict[str, Inventory] = {}
    for provider in tree:
        for name, stock in provider.stock.items():
            limit = stock.max_amount or bounds.get(name)
            inventories[name] = Inventory(stock.total, stock.used, limit)
    return inventories
