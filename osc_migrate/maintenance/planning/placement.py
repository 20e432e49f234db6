"""Which host each server goes to: as many as have room, spread evenly.

Bin packing in several dimensions: two quick rules, then improvements while
somebody has no place, then a search that tries everything it has time for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import State

Placed = dict[Candidate, str]
Hosts = Mapping[Candidate, Sequence[str]]
# Steps of the search that tries everything: about a second.
BUDGET = 30_000
# Beyond, no search through everything ends in time.
FEW = 30


def placed(state: State, hosts: Hosts) -> Placed:
    """Candidate -> destination, of those for which there is one.

    The state is left with all of them arrived.

    :param hosts: candidate -> hosts that may take it, room and groups apart.
    """
    best: Placed = {}
    for order, score in ((_hardest, emptiest), (_largest, _fullest)):
        found = _greedy(state, order(state, hosts), hosts, score)
        if len(found) < len(hosts):
            _eject(state, found, hosts)
        _undo(state, found)
        if len(found) > len(best):
            best = found
        if len(best) == len(hosts):
            break
    if len(best) < len(hosts) <= FEW:
        best = _Search(state, hosts, best).best
    for one, host in best.items():
        state.arrive(one, host)
    return best


def _undo(state: State, found: Placed) -> None:
    for one, host in found.items():
        state.depart(one, host)


Score = Callable[[State, Candidate, str], object]


def _greedy(
    state: State, order: Iterable[Candidate], hosts: Hosts, score: Score
) -> Placed:
    found: Placed = {}
    for one in order:
        host = best(state, one, hosts[one], score)
        if host is not None:
            state.arrive(one, host)
            found[one] = host
    return found


def best(
    state: State, one: Candidate, hosts: Iterable[str], score: Score
) -> str | None:
    """The host that takes it with the lowest score."""
    able = [host for host in hosts if state.takes(one, host)]
    if not able:
        return None
    return min(able, key=lambda host: (score(state, one, host), host))


def emptiest(state: State, one: Candidate, host: str) -> tuple[int, float]:
    return _soft(state, one, host), _filled(state, one, host)


def _fullest(state: State, one: Candidate, host: str) -> tuple[int, float]:
    return _soft(state, one, host), -_filled(state, one, host)


def _soft(state: State, one: Candidate, host: str) -> int:
    """How little the host is what its soft groups would like."""
    badness = 0
    for group in one.groups:
        there = state.members[group.id][host]
        if group.policy == "soft-anti-affinity":
            badness += there
        elif group.policy == "soft-affinity":
            badness -= there
    return badness


def _filled(state: State, one: Candidate, host: str) -> float:
    """The share of its scarcest resource that is used with it."""
    share = 0.0
    for resource, amount in one.needs.items():
        shelf = state.shelf(host, resource)
        total = state.total.get(shelf, 0)
        if total > 0:
            share = max(share, 1 - (state.left[shelf] - amount) / total)
    return share


def _sizes(state: State, hosts: Hosts) -> dict[Candidate, float]:
    """The largest share of what is left anywhere that each takes."""
    left: dict[str, int] = {}
    shelves = {
        state.shelf(host, resource)
        for one, able in hosts.items()
        for host in able
        for resource in one.needs
    }
    for shelf in shelves:
        amount = max(state.left.get(shelf, 0), 0)
        left[shelf[1]] = left.get(shelf[1], 0) + amount
    return {
        one: max(
            (
                amount / (left.get(name) or 1)
                for name, amount in one.needs.items()
            ),
            default=0.0,
        )
        for one in hosts
    }


def _hardest(state: State, hosts: Hosts) -> list[Candidate]:
    """Those with the fewest hosts first, then the largest."""
    sizes = _sizes(state, hosts)
    able = {
        one: sum(state.takes(one, host) for host in hosts[one])
        for one in hosts
    }
    return sorted(hosts, key=lambda one: (able[one], -sizes[one], one.id))


def _largest(state: State, hosts: Hosts) -> list[Candidate]:
    sizes = _sizes(state, hosts)
    return sorted(hosts, key=lambda one: (-sizes[one], one.id))


def _eject(state: State, found: Placed, hosts: Hosts) -> None:
    """Makes room for one that has none by placing another elsewhere."""
    for one in hosts:
        if one not in found:
            _make_room(state, one, found, hosts)


def _make_room(
    state: State, one: Candidate, found: Placed, hosts: Hosts
) -> bool:
    allowed = set(hosts[one])
    for other, host in list(found.items()):
        if host not in allowed:
            continue
        state.depart(other, host)
        if state.takes(one, host):
            state.arrive(one, host)
            elsewhere = best(
                state, other, (h for h in hosts[other] if h != host), _fullest
            )
            if elsewhere is not None:
                state.arrive(other, elsewhere)
                found[other], found[one] = elsewhere, host
                return True
            state.depart(one, host)
        state.arrive(other, host)
    return False


class _Search:
    """Depth first, with a bound; the best that was found in time."""

    def __init__(self, state: State, hosts: Hosts, best: Placed) -> None:
        self.best = best
        self._state = state
        self._hosts = hosts
        self._order = _largest(state, hosts)
        self._steps = BUDGET
        self._go(0, {})

    def _go(self, depth: int, found: Placed) -> None:
        self._steps -= 1
        if len(found) > len(self.best):
            self.best = dict(found)
        left = len(self._order) - depth
        if self._steps < 0 or not left or len(found) + left <= len(self.best):
            return
        one = self._order[depth]
        seen = set()
        for host in self._hosts[one]:
            if not self._state.takes(one, host):
                continue
            # Hosts that are alike to all the rest need no second look.
            if (alike := self._alike(depth, host)) in seen:
                continue
            seen.add(alike)
            self._state.arrive(one, host)
            found[one] = host
            self._go(depth + 1, found)
            del found[one]
            self._state.depart(one, host)
        self._go(depth + 1, found)

    def _alike(self, depth: int, host: str) -> object:
        rest = self._order[depth:]
        names = sorted({name for one in rest for name in one.needs})
        shelves = [self._state.shelf(host, name) for name in names]
        groups = sorted({g.id for one in rest for g in one.groups})
        return (
            tuple(self._state.left.get(s) for s in shelves),
            tuple(self._state.most.get(s) for s in shelves),
            tuple(self._state.members[g][host] for g in groups),
            tuple(host in self._hosts[one] for one in rest),
        )
