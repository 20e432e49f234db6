"""The order of moves: waves, whose moves may run in any order.

A move uses room on both hosts until it has ended, and members of a server
group move one at a time. Both rules hold in any order of the moves of a wave;
the next wave starts when it has ended.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence

from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import Occupancy, Shelf


@dataclasses.dataclass(frozen=True)
class PlannedMove:
    """:ivar host: None if the scheduler chooses it, or without a move."""

    candidate: Candidate
    host: str | None
    reason: str = ""


Wave = list[PlannedMove]


def balance_order(
    moves: Iterable[PlannedMove], limit: int
) -> tuple[list[PlannedMove], int]:
    """Return (moves that need no order, in a good order; number per wave).

    Servers with most members in their groups come first, so that each wave has
    one of them and all waves have about the same size.
    """
    moves = list(moves)
    fellows = Counter(g.id for move in moves for g in move.candidate.groups)

    def rank(move: PlannedMove) -> int:
        return max((fellows[g.id] for g in move.candidate.groups), default=0)

    count = max(-(-len(moves) // limit), max(fellows.values(), default=1))
    ordered = sorted(moves, key=lambda move: -rank(move))
    return ordered, -(-len(moves) // count)


def waves(
    state: Occupancy,
    moves: Sequence[PlannedMove],
    limit: int,
    *,
    ordered: bool = True,
) -> tuple[list[Wave], list[PlannedMove]]:
    """Return (waves, moves for which there is never room).

    :param state: the state before the moves; changed to that after them.
    :param moves: each is possible once all previous ones have ended.
    :param limit: maximum number of moves in a wave.
    :param ordered: False if all of them fit in any order.
    """
    finished_waves: list[Wave] = []
    pending = list(moves)
    while pending:
        wave: Wave = []
        later: list[PlannedMove] = []
        busy: set[str] = set()
        waiting: set[Shelf] = set()
        for move in pending:
            groups = {g.id for g in move.candidate.groups}
            shelves = _resources_used(state, move)
            # A move must not take room that an earlier one waits for, or
            # leave a host where it is needed by an affinity group.
            if (
                len(wave) < limit
                and not busy & groups
                and not waiting & shelves
                and (
                    move.host is None or state.takes(move.candidate, move.host)
                )
            ):
                wave.append(move)
                busy |= groups
                if move.host is not None:
                    state.arrive(move.candidate, move.host)
            else:
                later.append(move)
                if ordered:
                    waiting |= shelves
                    busy |= groups
        if not wave:
            return finished_waves, pending
        for move in wave:
            if move.host is not None:
                state.depart(move.candidate, move.candidate.source)
        finished_waves.append(wave)
        pending = later
    return finished_waves, []


def _resources_used(state: Occupancy, move: PlannedMove) -> set[Shelf]:
    if move.host is None:
        return set()
    return {state.shelf(move.host, name) for name in move.candidate.needs}


def sequence(
    state: Occupancy, moves: Iterable[PlannedMove]
) -> tuple[list[PlannedMove], list[PlannedMove]]:
    """Return (an order in which each fits, those that never fit).

    :param state: the state before the moves; changed to that after them.
    """
    ordered: list[PlannedMove] = []
    pending = list(moves)
    while True:
        blocked = []
        for move in pending:
            if move.host is not None and not state.takes(
                move.candidate, move.host
            ):
                blocked.append(move)
                continue
            ordered.append(move)
            if move.host is not None:
                state.arrive(move.candidate, move.host)
                state.depart(move.candidate, move.candidate.source)
        if len(blocked) == len(pending):
            return ordered, blocked
        pending = blocked
