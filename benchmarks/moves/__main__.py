"""The command line, and the tables: python -m benchmarks.moves"""

import argparse
import contextlib
import dataclasses
import itertools
import os
import pathlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks.measure import table
from benchmarks.moves import hands, midst, stalls, whole
from benchmarks.moves.bench import Bench, MissedError, Times
from testbed.joint import Joint, storage
from testbed.nodes.cluster import COMPUTES
from testbed.real_guest import post_copy_forbidden

_TRIES = 4  #: of a run whose guest is copied too early
_HEAD = (
    *("kind", "ours s", "start s", "move s", "Nova s", "ours/Nova"),
    "by hand s",
)
_AFTER = ("stalled s", "after s", "Nova after s")


@dataclasses.dataclass(frozen=True)
class Kind:
    """A row.

    :ivar table: the heading of its table
    :ivar post_copy: whether Nova may
    """

    name: str
    table: str
    run: Callable[[Bench], Times]
    storage: str = storage.SHARED
    post_copy: bool = True

    @property
    def cloud(self) -> tuple[str, bool]:
        """How the cloud has to be."""
        return self.storage, self.post_copy


_MOVES, _MIDST, _LADDER = "Moves", "In its midst", "The ladder"
# Those of one cloud follow each other.
KINDS = (
    Kind("live", _MOVES, whole.live),
    Kind("live, paused", _MOVES, whole.paused),
    Kind("cold", _MOVES, whole.cold),
    Kind("abort", _MIDST, midst.aborted),
    Kind("force, post-copy", _MIDST, midst.post_copied),
    Kind("on-stall abort", _LADDER, stalls.aborted),
    Kind("on-stall force, post-copy", _LADDER, stalls.post_copied),
    Kind("force, pause", _MIDST, midst.paused, post_copy=False),
    Kind("on-stall force, pause", _LADDER, stalls.paused, post_copy=False),
    Kind("block", _MOVES, whole.block, storage.LOCAL),
)


def row(joint: Joint, kind: Kind, repeat: int) -> list[object]:
    """A row of the kind's table."""
    if kind.table == _LADDER:
        repeat = (repeat + 1) // 2  # each takes half a minute
    starts, runs = [], []
    with Bench.on(joint) as bench:
        for _ in range(repeat):
            starts.append(bench.started())
            runs.append(_run(bench, kind))
    best = min(runs, key=lambda times: times.ours)
    hand = [took for times in runs for took in times.hand]
    cells = [
        kind.name,
        f"{best.ours:.1f}",
        f"{min(starts):.1f}",
        _cell(best.move),
        f"{best.nova:.0f}",
        f"{best.ours / max(best.nova, 1):.1f}",
        _cell(min(hand, default=None)),
    ]
    if kind.table == _LADDER:
        cells += [_cell(best.stalled), _cell(best.after)]
        cells += [_cell(best.nova_after, 0)]
    return cells


def _cell(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _run(bench: Bench, kind: Kind) -> Times:
    for _ in range(_TRIES):
        try:
            return kind.run(bench)
        except MissedError as error:
            print(f"{kind.name}: once more: {error}", file=sys.stderr)
            hands.home(bench)
    sys.exit(f"{_TRIES} tries were in vain")


@contextlib.contextmanager
def _set(joint: Joint, where: str, post_copy: bool) -> Iterator[None]:
    """The cloud as it has to be; there are no guests before and after."""
    joint.store(where)
    try:
        if post_copy:
            yield
        else:
            with post_copy_forbidden(joint, *COMPUTES):
                yield
    finally:
        joint.store(storage.SHARED)


def measured(
    joint: Joint, kinds: Sequence[Kind], repeat: int
) -> Iterator[tuple[Kind, list[object]]]:
    """Each kind with its row; those that fail are reported, and left out."""
    for cloud, some in itertools.groupby(kinds, lambda kind: kind.cloud):
        with _set(joint, *cloud):
            for kind in some:
                begin = time.monotonic()
                try:
                    cells = row(joint, kind, repeat)
                except (Exception, SystemExit) as error:
                    print(f"{kind.name}: {error}", file=sys.stderr)
                    continue
                took, load = time.monotonic() - begin, os.getloadavg()[0]
                more = f"({took:.0f} s, load average {load:.0f})"
                print(*cells, more, file=sys.stderr)
                yield kind, cells


def main() -> int:
    names = [kind.name for kind in KINDS]
    parser = argparse.ArgumentParser("python -m benchmarks.moves")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--state", help="of a joint cloud that is up")
    parser.add_argument(
        "kinds", nargs="*", metavar="KIND", help="; ".join(names)
    )
    asked = parser.parse_args()
    if unknown := set(asked.kinds) - set(names):
        parser.error(f"no such kind: {'; '.join(sorted(unknown))}")
    kinds = [kind for kind in KINDS if kind.name in (asked.kinds or names)]
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        state = asked.state or pathlib.Path(folder) / "state"
        joint = Joint.up(state, lasting=bool(asked.state))
        if not asked.state:
            stack.enter_context(joint)
        rows = list(measured(joint, kinds, asked.repeat))
    for name in (_MOVES, _MIDST, _LADDER):
        found = [cells for kind, cells in rows if kind.table == name]
        if found:
            head = _HEAD + (_AFTER if name == _LADDER else ())
            print(f"\n{name}\n\n{table(head, found)}")
    return len(rows) < len(kinds)


if __name__ == "__main__":
    sys.exit(main())
