"""A live move that would not end, and is aborted or forced by an operator.

What is measured is that second command, from its call on.
"""

import contextlib
from collections.abc import Iterator

from benchmarks.moves import hands
from benchmarks.moves.bench import (
    SLOW,
    Bench,
    MissedError,
    Times,
    seconds,
    succeeded,
)
from functional_tests.conftest import until
from testbed.joint import computes
from testbed.real_guest import other
from testbed.shell import Result, Running

ABORTED, FORCED = "live_migration_cancel", "live_migration_force_complete"


def aborted(bench: Bench) -> Times:
    source = bench.host
    with _moving(bench, source) as move:
        done = bench.shell.migrate("abort", bench.server.name)
        _ended(done, move, 4)
    nova = since(bench, ABORTED)
    repair(bench)
    hand = hands.midst(bench, source, "domjobabort", moves=False)
    return Times(ours=done.seconds, nova=nova, hand=[hand])


def paused(bench: Bench) -> Times:
    """Where post-copy is forbidden."""
    return _forced(bench, "suspend")


def post_copied(bench: Bench) -> Times:
    return _forced(bench, "migrate-postcopy", "--postcopy")


def _forced(bench: Bench, word: str, *flags: str) -> Times:
    source = bench.host
    with _moving(bench, source) as move:
        words = ("--yes", "-f", "json")
        done = bench.shell.migrate("force-complete", bench.server.name, *words)
        _ended(done, move, 0)
    check_post_copy(bench, source, bool(flags))
    nova = since(bench, FORCED)
    hand = hands.midst(bench, other(source), word, *flags)
    hands.home(bench)
    return Times(
        ours=done.seconds,
        nova=nova,
        move=done.json["seconds"],
        hand=[hand],
    )


@contextlib.contextmanager
def _moving(bench: Bench, source: str) -> Iterator[Running]:
    """Its guest is being copied by then."""
    bench.joint.speed(bench.server.id, source, SLOW)
    words = ("live", bench.server.name, other(source))
    with bench.shell.running("migrate", *words) as move:
        until(lambda: bench.joint.copies(bench.server.id, source), 120)
        yield move


def _ended(done: Result, move: Running, code: int) -> None:
    """Both commands have.

    :raises MissedError: the move was over before the other could do anything
    """
    ended = move.end()
    if done.code and ended.code == 0:
        raise MissedError
    succeeded("the one in its midst", done)
    succeeded("the move", ended, code)


def since(bench: Bench, action: str) -> float:
    """From the moment when Nova was asked for that, to the record's end."""
    asked, _ = bench.action(action)
    _, ended = bench.record()
    return seconds(asked, ended)


def check_post_copy(bench: Bench, source: str, wanted: bool) -> None:
    """Was the newest migration from that node switched to it?

    :raises MissedError: not as it is wanted
    """
    words = "post-copy migration mode|Migration operation has completed"
    script = f"grep {bench.server.id} {computes.LOG} | grep -E '{words}'"
    said = bench.joint.lab.run(source, script).stdout.splitlines()
    switched = any("post-copy" in line for line in said[-2:])
    if switched != wanted:
        raise MissedError(f"post-copy: {switched}")


def repair(bench: Bench) -> None:
    """After an abort, which Nova 33 and later takes for an error."""
    login = ("--nodes", "--ssh-config", str(bench.joint.lab.ssh_config))
    bench.migrate("repair", "--yes", *login)
