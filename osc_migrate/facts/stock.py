"""Reads what hosts have and what of it is left."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from osc_migrate.facts.body import fact
from osc_migrate.facts.cloud import Cloud, quiet
from osc_migrate.facts.placement import Provider
from osc_migrate.model.facts import Host, Hypervisor, Unread, known
from osc_migrate.model.fleet import Place, Stock

# Hosts that are looked at one by one, beside those that were asked for.
CLOSER = 50
# A root provider -> its class -> the sharing provider that it is taken from.
Shared = Mapping[str, Mapping[str, str]]
Pools = Mapping[str, Mapping[str, Stock]]


def places(
    cloud: Cloud, hosts: Mapping[str, Host], first: Collection[str]
) -> tuple[Mapping[str, Place], Pools]:
    """(the hosts with their room, the providers that they share).

    :param first: hosts to look at, however many more there are.
    :raises Unread: what is shared cannot be read.
    """
    placement = cloud.placement
    sharing = quiet(placement.sharing)
    shared = _shared(sharing)
    trees: dict[str, list[Provider]] = {}
    # Below 1.29 every host is one to look at.
    summaries: Any = fact(lambda: quiet(placement.summaries))
    if not isinstance(summaries, Unread):
        for provider in summaries:
            trees.setdefault(provider.root, []).append(provider)
    looked = 0
    found = {}
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
        found[name] = _place(host, tree, shared)
    pools = {id: provider.stock for id, (provider, _) in sharing.items()}
    return {name: found[name] for name in hosts}, pools


def hypervisor_of(host: Host) -> Hypervisor | None:
    return known(lambda: host.hypervisor)


def _tree(cloud: Cloud, root: str, name: str) -> list[Provider]:
    return quiet(lambda: cloud.placement.tree(root, name))


def _shared(
    sharing: Mapping[str, tuple[Provider, frozenset[str]]],
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for id, (provider, takers) in sharing.items():
        for taker in takers:
            for resource in provider.stock:
                found.setdefault(taker, {}).setdefault(resource, id)
    return found


def _place(host: Host, tree: Any, shared: Shared) -> Place:
    if isinstance(tree, Unread):
        unread: Any = tree
        return Place(host, stock=unread, traits=unread)
    root = tree[0].root
    own = Counter(name for provider in tree for name in provider.stock)
    others = {
        resource: pool
        for resource, pool in shared.get(root, {}).items()
        # What a host has itself goes first.
        if resource not in own
    }
    return Place(
        host=host,
        stock=_bounded(tree, host),
        traits=frozenset().union(*(p.traits for p in tree if p.id == root)),
        shared=others,
        spread=frozenset(name for name, count in own.items() if count > 1),
    )


def _bounded(tree: Iterable[Provider], host: Host) -> dict[str, Stock]:
    """With what one server may have at most: a host's own, without ratio
    (max_unit in nova/virt/libvirt/driver.py, update_provider_tree)."""
    bounds: dict[str, int | None] = {}
    if hypervisor := hypervisor_of(host):
        bounds = {
            "VCPU": known(lambda: hypervisor.vcpus),
            "MEMORY_MB": known(lambda: hypervisor.memory_mb),
            "DISK_GB": known(lambda: hypervisor.local_gb),
        }
    found: dict[str, Stock] = {}
    for provider in tree:
        for name, stock in provider.stock.items():
            most = stock.most or bounds.get(name)
            found[name] = Stock(stock.total, stock.used, most)
    return found
