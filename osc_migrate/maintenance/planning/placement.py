"""Places as many servers as possible on hosts, spread evenly.

Bin packing in several dimensions: two quick rules, then improvements while
servers are left over, then an exhaustive search within a budget.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import Occupancy

Placed = dict[Candidate, str]
Hosts = Mapping[Candidate, Sequence[str]]
# Steps of the exhaustive search: about a second.
BUDGET = 30_000
# With more servers, an exhaustive search would not end in time.
MAX_SEARCHED = 30
# More than the members of any soft group.
_LAST = 1_000_000


def place_all(state: Occupancy, hosts: Hosts) -> Placed:
    """Return candidate -> destination, for those that can be placed.

    The state then has all of them at their destination.

    :param hosts: candidate -> possible hosts, without regard to room and
        groups.
    """
    best: Placed = {}
    for order, score in (
        (_hardest, emptiest),
        (_largest_first, _by_scarcest_resource),
    ):
        placements = _greedy(state, order(state, hosts), hosts, score)
        if len(placements) < len(hosts):
            _eject(state, placements, hosts)
        _undo_placements(state, placements)
        if len(placements) > len(best):
            best = placements
        if len(best) == len(hosts):
            break
    if len(best) < len(hosts) <= MAX_SEARCHED:
        best = _Search(state, hosts, best).best
    for candidate, host in best.items():
        state.arrive(candidate, host)
    return best


def _undo_placements(state: Occupancy, placements: Placed) -> None:
    for candidate, host in placements.items():
        state.depart(candidate, host)


Score = Callable[[Occupancy, Candidate, str], object]


def _greedy(
    state: Occupancy, order: Iterable[Candidate], hosts: Hosts, score: Score
) -> Placed:
    placements: Placed = {}
    for candidate in order:
        host = best_host(state, candidate, hosts[candidate], score)
        if host is not None:
            state.arrive(candidate, host)
            placements[candidate] = host
    return placements


def best_host(
    state: Occupancy, candidate: Candidate, hosts: Iterable[str], score: Score
) -> str | None:
    """Return the possible host with the lowest score."""
    open_hosts = [host for host in hosts if state.takes(candidate, host)]
    if not open_hosts:
        return None
    return min(
        open_hosts, key=lambda host: (score(state, candidate, host), host)
    )


def emptiest(
    state: Occupancy, candidate: Candidate, host: str
) -> tuple[int, float]:
    return _soft_penalty(state, candidate, host), _filled(
        state, candidate, host
    )


def _by_scarcest_resource(
    state: Occupancy, candidate: Candidate, host: str
) -> tuple[int, float]:
    return _soft_penalty(state, candidate, host), -_filled(
        state, candidate, host
    )


def _soft_penalty(state: Occupancy, candidate: Candidate, host: str) -> int:
    """Return a penalty from soft groups and from recent failed moves."""
    badness = _LAST if host in candidate.failing else 0
    for group in candidate.groups:
        present = state.members[group.id][host]
        if group.policy == "soft-anti-affinity":
            badness += present
        elif group.policy == "soft-affinity":
            badness -= present
    return badness


def _filled(state: Occupancy, candidate: Candidate, host: str) -> float:
    """Return the used share of the host's scarcest resource afterwards."""
    share = 0.0
    for resource, amount in candidate.needs.items():
        shelf = state.shelf(host, resource)
        total = state.total.get(shelf, 0)
        if total > 0:
            share = max(share, 1 - (state.left[shelf] - amount) / total)
    return share


def _sizes(state: Occupancy, hosts: Hosts) -> dict[Candidate, float]:
    """Return each candidate's largest share of what is left in total."""
    left: dict[str, int] = {}
    shelves = {
        state.shelf(host, resource)
        for candidate, allowed in hosts.items()
        for host in allowed
        for resource in candidate.needs
    }
    for shelf in shelves:
        amount = max(state.left.get(shelf, 0), 0)
        left[shelf[1]] = left.get(shelf[1], 0) + amount
    return {
        candidate: max(
            (
                amount / (left.get(name) or 1)
                for name, amount in candidate.needs.items()
            ),
            default=0.0,
        )
        for candidate in hosts
    }


def _hardest(state: Occupancy, hosts: Hosts) -> list[Candidate]:
    """Sort candidates: fewest possible hosts first, then largest."""
    sizes = _sizes(state, hosts)
    open_count = {
        candidate: sum(
            state.takes(candidate, host) for host in hosts[candidate]
        )
        for candidate in hosts
    }
    return sorted(
        hosts,
        key=lambda candidate: (
            open_count[candidate],
            -sizes[candidate],
            candidate.id,
        ),
    )


def _largest_first(state: Occupancy, hosts: Hosts) -> list[Candidate]:
    sizes = _sizes(state, hosts)
    return sorted(
        hosts, key=lambda candidate: (-sizes[candidate], candidate.id)
    )


def _eject(state: Occupancy, placements: Placed, hosts: Hosts) -> None:
    """Make room for a candidate without a place by moving another one."""
    for candidate in hosts:
        if candidate not in placements:
            _make_room(state, candidate, placements, hosts)


def _make_room(
    state: Occupancy, candidate: Candidate, placements: Placed, hosts: Hosts
) -> bool:
    allowed = set(hosts[candidate])
    for placed_candidate, host in list(placements.items()):
        if host not in allowed:
            continue
        state.depart(placed_candidate, host)
        if state.takes(candidate, host):
            state.arrive(candidate, host)
            elsewhere = best_host(
                state,
                placed_candidate,
                (h for h in hosts[placed_candidate] if h != host),
                _by_scarcest_resource,
            )
            if elsewhere is not None:
                state.arrive(placed_candidate, elsewhere)
                placements[placed_candidate], placements[candidate] = (
                    elsewhere,
                    host,
                )
                return True
            state.depart(candidate, host)
        state.arrive(placed_candidate, host)
    return False


class _Search:
    """Branch and bound, depth first; keeps the best result in its budget."""

    def __init__(self, state: Occupancy, hosts: Hosts, best: Placed) -> None:
        self.best = best
        self._state = state
        self._hosts = hosts
        self._order = _largest_first(state, hosts)
        self._steps = BUDGET
        self._go(0, {})

    def _go(self, depth: int, placements: Placed) -> None:
        self._steps -= 1
        if len(placements) > len(self.best):
            self.best = dict(placements)
        left = len(self._order) - depth
        if (
            self._steps < 0
            or not left
            or len(placements) + left <= len(self.best)
        ):
            return
        candidate = self._order[depth]
        tried_hosts = set()
        for host in self._hosts[candidate]:
            if not self._state.takes(candidate, host):
                continue
            # Equivalent hosts need not be tried again.
            if (alike := self._alike(depth, host)) in tried_hosts:
                continue
            tried_hosts.add(alike)
            self._state.arrive(candidate, host)
            placements[candidate] = host
            self._go(depth + 1, placements)
            del placements[candidate]
            self._state.depart(candidate, host)
        self._go(depth + 1, placements)

    def _alike(self, depth: int, host: str) -> object:
        pending = self._order[depth:]
        names = sorted(
            {name for candidate in pending for name in candidate.needs}
        )
        shelves = [self._state.shelf(host, name) for name in names]
        groups = sorted(
            {g.id for candidate in pending for g in candidate.groups}
        )
        return (
            tuple(self._state.left.get(s) for s in shelves),
            tuple(self._state.max_amount.get(s) for s in shelves),
            tuple(self._state.members[g][host] for g in groups),
            tuple(host in self._hosts[candidate] for candidate in pending),
        )
