"""The order of moves: waves, each of moves that may run in any order.

A move holds room on both sides until it has ended, and members of a server
group move one at a time: a wave keeps both whichever of its moves comes
first, and the next begins when it has ended.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence

from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import Shelf, State


@dataclasses.dataclass(frozen=True)
class Move:
    """:ivar host: None is the scheduler's choice, or no move at all."""

    candidate: Candidate
    host: str | None
    reason: str = ""


Wave = list[Move]


def evenly(moves: Iterable[Move], limit: int) -> tuple[list[Move], int]:
    """(moves that need no order, in a good one; how many a wave).

    The server with most fellows in its groups comes first, so that each wave
    takes one of them and all are of about one size.
    """
    moves = list(moves)
    fellows = Counter(g.id for move in moves for g in move.candidate.groups)

    def rank(move: Move) -> int:
        return max((fellows[g.id] for g in move.candidate.groups), default=0)

    count = max(-(-len(moves) // limit), max(fellows.values(), default=1))
    ordered = sorted(moves, key=lambda move: -rank(move))
    return ordered, -(-len(moves) // count)


def waves(
    state: State, moves: Sequence[Move], limit: int, *, ordered: bool = True
) -> tuple[list[Wave], list[Move]]:
    """(waves, moves for which there is never room).

    :param state: before any of them; left as it is after all.
    :param moves: each can be made once all before it have ended.
    :param limit: in one wave.
    :param ordered: False when there is room for all of them in any order.
    """
    finished_waves: list[Wave] = []
    pending = list(moves)
    while pending:
        wave: Wave = []
        later: list[Move] = []
        busy: set[str] = set()
        waiting: set[Shelf] = set()
        for move in pending:
            groups = {g.id for g in move.candidate.groups}
            shelves = _shelves(state, move)
            # None may take the room for which one before it waits, nor
            # leave the host where an affinity group awaits it.
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


def _shelves(state: State, move: Move) -> set[Shelf]:
    if move.host is None:
        return set()
    return {state.shelf(move.host, name) for name in move.candidate.needs}


def sequence(
    state: State, moves: Iterable[Move]
) -> tuple[list[Move], list[Move]]:
    """(an order in which each has room, those that never have).

    :param state: before any of them; left as it is after the first ones.
    """
    ordered: list[Move] = []
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
