"""Small problems solved exactly, by trying everything there is."""

import itertools

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.maintenance.planning.requirements import needs


def most_placed(fleet: Fleet, source: str) -> int:
    """How many servers of a host can be elsewhere at once, of those that
    are not kept by themselves; room and hard groups."""
    servers = [s for s in fleet.servers.values() if s.host == source]
    hosts = [
        name
        for name, place in fleet.places.items()
        if name != source and place.host.status == "enabled"
    ]
    left = {
        (name, resource): stock.total - stock.used
        for name in hosts
        for resource, stock in fleet.places[name].stock.items()
    }
    where = {
        (g.id, host): sum(
            fleet.servers[m].host == host
            for m in g.members
            if m in fleet.servers
        )
        for g in fleet.groups
        for host in hosts
    }

    def may(server, host):
        for group in fleet.groups:
            if server.id in group.members:
                there = where[group.id, host]
                if (
                    group.policy == "anti-affinity"
                    and there >= group.max_per_host
                ):
                    return False
                if group.policy == "affinity" and not there:
                    return False
        return all(
            left.get((host, name), 0) >= n for name, n in needs(server).items()
        )

    def put(server, host, sign):
        for name, n in needs(server).items():
            left[host, name] -= sign * n
        for group in fleet.groups:
            if server.id in group.members:
                where[group.id, host] += sign

    def go(number):
        if number == len(servers):
            return 0
        server, best = servers[number], go(number + 1)
        for host in hosts:
            if best == len(servers) - number:
                break
            if may(server, host):
                put(server, host, 1)
                best = max(best, 1 + go(number + 1))
                put(server, host, -1)
        return best

    return go(0)


def fewest_moves(fleet: Fleet, threshold: float, limit: int) -> int | None:
    """With how few moves, each server at most once, memory comes within the
    threshold of the mean, one after the other with room for each; None when
    `limit` are not enough. Groups are not looked at.
    """
    used = {n: p.stock["MEMORY_MB"].used for n, p in fleet.places.items()}
    total = {n: p.stock["MEMORY_MB"].total for n, p in fleet.places.items()}
    mean = sum(used.values()) / sum(total.values())
    span = threshold / 100

    def even(found):
        return all(
            mean * (1 - span) * total[h] - 1e-3
            <= found[h]
            <= mean * (1 + span) * total[h] + 1e-3
            for h in total
        )

    servers = list(fleet.servers.values())
    for count in range(limit + 1):
        for chosen in itertools.combinations(servers, count):
            for hosts in itertools.product(total, repeat=count):
                after = dict(used)
                for server, host in zip(chosen, hosts, strict=True):
                    after[server.host] -= server.flavor.ram
                    after[host] += server.flavor.ram
                if even(after) and _in_some_order(
                    dict(used), total, chosen, hosts
                ):
                    return count
    return None


def _in_some_order(used, total, chosen, hosts) -> bool:
    """Whether the moves can be made one after the other."""
    pending = list(zip(chosen, hosts, strict=True))
    while pending:
        for pair in pending:
            server, host = pair
            if used[host] + server.flavor.ram <= total[host]:
                used[host] += server.flavor.ram
                used[server.host] -= server.flavor.ram
                pending.remove(pair)
                break
        else:
            return False
    return True
