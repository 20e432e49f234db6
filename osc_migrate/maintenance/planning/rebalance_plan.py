"""Evens out the load with few and small moves, by a heuristic search."""

import dataclasses
from collections.abc import Iterator, Sequence

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.errors import NotFound
from osc_migrate.maintenance.planning import plan_builder
from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import Occupancy, host_of
from osc_migrate.maintenance.planning.later_moves import moved
from osc_migrate.maintenance.planning.load import (
    Load,
    deviation,
    extremes,
    load,
    total_deviation,
)
from osc_migrate.maintenance.planning.method import MoveClassifier
from osc_migrate.maintenance.planning.plan import Plan, Purpose, Skipped, Way
from osc_migrate.maintenance.planning.request import Request
from osc_migrate.maintenance.planning.rules import Rules
from osc_migrate.maintenance.planning.waves import PlannedMove, sequence, waves

# Hosts on each side of the mean to consider for one move.
HOSTS = 8
# Beam search: plans kept in parallel and continuations of each. With more
# hosts, only one plan is kept.
BEAM, CHILDREN, MAX_HOSTS_FOR_BEAM = 24, 24, 40
# In units of the resource: sums of shares are not exact.
EPSILON = 1e-3
SECOND_REBALANCE = "second rebalance after this one"


def rebalance(fleet: Fleet, request: Request) -> Plan:
    """Plan to bring every host within the threshold of the mean load.

    :raises NotFound: a host does not exist.
    """
    for host in request.hosts:
        if host not in fleet.places:
            raise NotFound(
                "compute host", host, "see 'openstack compute service list'"
            )
    moves, now, further = _moves(fleet, request)
    state = Occupancy(fleet)
    ordered_waves, _ = waves(state, moves, request.limits.wave)
    end = _Search(now, request)
    return plan_builder.plan(
        Purpose.REBALANCE,
        fleet,
        request,
        sorted({move.candidate.source for move in moves}),
        ordered_waves,
        end.stays(),
        state,
        end.reasons(len(moves), further),
    )


def _moves(
    fleet: Fleet, request: Request
) -> tuple[Sequence[PlannedMove], Fleet, bool]:
    """Return (ordered moves, fleet afterwards, whether more were found).

    A search moves each server once. If another search finds further moves,
    both are joined, so that a second call has nothing left to do, except for
    servers that would have to move twice because of a lack of room.
    """
    moves: Sequence[PlannedMove] = ()
    now, further = fleet, False
    while new_moves := _Search(now, request).moves(len(moves)):
        joined = _join_moves(moves, new_moves)
        ordered, without_room = sequence(Occupancy(fleet), joined)
        if without_room:
            further = True
            break
        moves, now = ordered, moved(fleet, ordered)
    return _explained(load(fleet, request), request, moves), now, further


def _join_moves(
    moves: Sequence[PlannedMove], new_moves: Sequence[PlannedMove]
) -> list[PlannedMove]:
    by_server = {move.candidate.id: move for move in moves}
    for move in new_moves:
        first = by_server.pop(move.candidate.id, move).candidate
        if first.source != move.host:
            by_server[first.id] = PlannedMove(first, move.host)
    return list(by_server.values())


def _explained(
    load: Load, request: Request, moves: Sequence[PlannedMove]
) -> list[PlannedMove]:
    """Return the moves, with the loads at their start as the reason."""
    used = dict(load.used)
    explained = []
    for move in moves:
        source, host = move.candidate.source, str(move.host)
        reason = (
            f"{request.by}: {source} has {load.share(source, used[source])}"
            f" in use, {host} {load.share(host, used[host])}, the mean is"
            f" {100 * load.mean:.0f} %"
        )
        if failures := move.candidate.failing.get(host):
            reason = f"{reason}; {failures}"
        explained.append(dataclasses.replace(move, reason=reason))
        amount = move.candidate.needs.get(load.resource, 0)
        used[source] -= amount
        used[host] += amount
    return explained


@dataclasses.dataclass(frozen=True)
class _Node:
    """Moves of a partial plan, and the usage after them."""

    moves: tuple[PlannedMove, ...]
    used: dict[str, int]
    outside: float

    @property
    def rank(self) -> tuple[float, int, tuple[tuple[str, str], ...]]:
        return (
            self.outside,
            len(self.moves),
            tuple((move.candidate.id, str(move.host)) for move in self.moves),
        )


class _Search:
    def __init__(self, fleet: Fleet, request: Request) -> None:
        self.load: Load = load(fleet, request)
        self._request = request
        self._classifier = MoveClassifier(fleet, request)
        self._rules = Rules(fleet, request)
        self._state = Occupancy(fleet)
        self._at: tuple[PlannedMove, ...] = ()
        self._before = 0
        self._bounds = self.load.bounds() if self.load.total else {}
        self._fleet = fleet
        self._ids: dict[str, list[str]] = {}
        for server in fleet.servers.values():
            self._ids.setdefault(host_of(server) or "", []).append(server.id)
        self._known: dict[str, list[Candidate]] = {}
        self._stays: dict[str, list[Skipped]] = {}

    def moves(self, before: int) -> tuple[PlannedMove, ...]:
        """:param before: number of moves found earlier."""
        if len(self.load.total) < 2:
            return ()
        self._before = before
        used = dict(self.load.used)
        beam = [_Node((), used, total_deviation(used, self._bounds))]
        width = BEAM if len(used) <= MAX_HOSTS_FOR_BEAM else 1
        best = beam[0]
        while best.outside > EPSILON:
            longer = [child for node in beam for child in self._singly(node)]
            if not longer:
                longer = [s for node in beam for s in self._swapped(node)]
            if not longer:
                break
            alike = {
                frozenset((m.candidate.id, m.host) for m in node.moves): node
                for node in longer
            }
            beam = sorted(alike.values(), key=self._rank)[:width]
            best = beam[0]
        return best.moves

    def _rank(self, node: _Node) -> tuple[object, ...]:
        """Return a sort key for partial plans.

        Moves between hosts whose last moves failed come last; then finished
        plans, less remaining deviation, and smaller moves come first.
        """
        failing = sum(
            move.host in move.candidate.failing for move in node.moves
        )
        size = sum(self._amount(move.candidate) for move in node.moves)
        return (failing, max(node.outside, EPSILON), size, node.rank)

    def _amount(self, candidate: Candidate) -> int:
        return candidate.needs.get(self.load.resource, 0)

    def _singly(self, node: _Node) -> Iterator[_Node]:
        """Yield the best continuations by one move; never worse ones."""
        if self._full(node, 1):
            return
        self._go(node)
        gains = []
        for high, low in self._pairs(node):
            for candidate in self._candidates(high, node):
                gain = self._gain(node, high, low, self._amount(candidate))
                if gain > EPSILON:
                    gains.append(
                        (
                            low in candidate.failing,
                            -gain,
                            self._amount(candidate),
                            candidate.id,
                            low,
                            candidate,
                        )
                    )
        gains.sort(key=lambda row: row[:5])
        width = CHILDREN if len(node.used) <= MAX_HOSTS_FOR_BEAM else 1
        for *_, low, candidate in gains:
            if self._may(candidate, low):
                yield self._with(node, (candidate, low))
                width -= 1
                if not width:
                    return

    def _swapped(self, node: _Node) -> Iterator[_Node]:
        """Yield the best continuations by a swap of two servers."""
        if self._full(node, 2):
            return
        self._go(node)
        gains = []
        for high, low in self._pairs(node):
            for candidate in self._candidates(high, node):
                for exchanged in self._candidates(low, node):
                    amount = self._amount(candidate) - self._amount(exchanged)
                    gain = self._gain(node, high, low, amount)
                    if gain > EPSILON:
                        size = self._amount(candidate) + self._amount(
                            exchanged
                        )
                        gains.append(
                            (
                                (low in candidate.failing)
                                + (high in exchanged.failing),
                                -gain,
                                size,
                                candidate.id,
                                exchanged.id,
                                candidate,
                                exchanged,
                            )
                        )
        gains.sort(key=lambda row: row[:5])
        for *_, candidate, exchanged in gains:
            for first, second in (
                (candidate, exchanged),
                (exchanged, candidate),
            ):
                if self._may_swap(first, second):
                    yield self._with(
                        node, (first, second.source), (second, first.source)
                    )
                    return

    def _full(self, node: _Node, count: int) -> bool:
        max_moves = self._request.max_moves
        return max_moves is not None and (
            self._before + len(node.moves) + count > max_moves
        )

    def _pairs(self, node: _Node) -> Iterator[tuple[str, str]]:
        limit = max(
            HOSTS,
            MAX_HOSTS_FOR_BEAM if len(node.used) <= MAX_HOSTS_FOR_BEAM else 0,
        )
        highs, lows = extremes(
            node.used, self.load.total, self.load.mean, limit
        )
        return ((high, low) for high in highs for low in lows)

    def _gain(self, node: _Node, high: str, low: str, amount: int) -> float:
        def at(host: str, change: int) -> float:
            return deviation(node.used[host] + change, self._bounds[host])

        return at(high, 0) + at(low, 0) - at(high, -amount) - at(low, amount)

    def _may(self, candidate: Candidate, host: str) -> bool:
        return self._state.takes(candidate, host) and not self._rules.against(
            candidate, host
        )

    def _may_swap(self, first: Candidate, second: Candidate) -> bool:
        """Return whether they fit one after the other."""
        if not self._may(first, second.source):
            return False
        self._state.arrive(first, second.source)
        self._state.depart(first, first.source)
        possible = self._may(second, first.source)
        self._state.arrive(first, first.source)
        self._state.depart(first, second.source)
        return possible

    def _with(self, node: _Node, *pairs: tuple[Candidate, str]) -> _Node:
        used = dict(node.used)
        moves = list(node.moves)
        for candidate, host in pairs:
            moves.append(PlannedMove(candidate, host))
            used[candidate.source] -= self._amount(candidate)
            used[host] += self._amount(candidate)
        return _Node(tuple(moves), used, total_deviation(used, self._bounds))

    def _candidates(self, host: str, node: _Node) -> Sequence[Candidate]:
        """Return servers on the host that have not moved yet."""
        if host not in self._known:
            judged = [
                self._classifier.of(self._fleet.servers[id])
                for id in sorted(self._ids.get(host, ()))
            ]
            self._known[host] = [
                candidate
                for candidate in judged
                if isinstance(candidate, Candidate)
                and candidate.way is not Way.STOP
                and not candidate.beyond
                and self._amount(candidate) > 0
            ]
            self._stays[host] = [s for s in judged if isinstance(s, Skipped)]
        moved = {move.candidate for move in node.moves}
        return [
            candidate
            for candidate in self._known[host]
            if candidate not in moved
        ]

    def _go(self, node: _Node) -> None:
        """Set the state to that of the node."""
        common = 0
        for current, target in zip(self._at, node.moves, strict=False):
            if current is not target:
                break
            common += 1
        for move in reversed(self._at[common:]):
            self._state.arrive(move.candidate, move.candidate.source)
            self._state.depart(move.candidate, str(move.host))
        for move in node.moves[common:]:
            self._state.arrive(move.candidate, str(move.host))
            self._state.depart(move.candidate, move.candidate.source)
        self._at = node.moves

    def _left(self) -> dict[str, int]:
        """Return host -> usage, for hosts too far from the mean."""
        return {
            host: self.load.used[host]
            for host, bounds in self._bounds.items()
            if deviation(self.load.used[host], bounds) > EPSILON
        }

    def stays(self) -> list[Skipped]:
        """Return servers that cannot leave the overloaded hosts."""
        start = _Node((), {}, 0.0)
        skipped = []
        for host, used in self._left().items():
            if used > self._bounds[host][1]:
                self._candidates(host, start)
                skipped += self._stays[host]
        return skipped

    def reasons(self, moves: int, further: bool) -> list[str]:
        """Return why hosts are still too far from the mean after these moves.

        :param further: whether a second plan would find more moves.
        """
        if len(self.load.total) < 2:
            return ["fewer than two hosts are up, enabled and known"]
        max_moves = self._request.max_moves
        explanation = "no further move helps"
        if further:
            explanation = f"what helps further takes a {SECOND_REBALANCE}"
        # A swap takes two moves.
        if max_moves is not None and moves + 2 > max_moves:
            explanation += f" within --max-moves {max_moves}"
        return [
            f"{host} stays at {self.load.share(host, used)}, the mean is"
            f" {100 * self.load.mean:.0f} %: {explanation}"
            for host, used in sorted(self._left().items())
        ]
