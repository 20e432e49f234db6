"""What is done about a live move that does not get on."""

from collections.abc import Callable, Iterable, Iterator

from osc_migrate import errors
from osc_migrate.migration.abort import AGAIN
from osc_migrate.migration.move import Move
from osc_migrate.migration.progress import Progress

RUNGS = ("wait", "force", "abort")
# What Nova's copying is called while it can be forced or aborted.
RUNNING = "running"


def acted(
    looks: Iterable[Progress],
    move: Move,
    rung: str,
    say: Callable[[str], None],
) -> Iterator[Progress]:
    """The looks; at the first stall that rung is taken, and said.

    Nova's 202 is no promise: an abort that changes nothing is asked for
    again. A guest is forced once.

    :param rung: one of :data:`RUNGS`.
    """
    taken: float | None = None
    for look in looks:
        yield look
        if rung == "wait" or look.trouble or look.status != RUNNING:
            continue
        if taken is None and not look.stalled:
            continue
        if taken is not None and (
            rung == "force" or look.elapsed - taken < AGAIN
        ):
            continue
        first, taken = taken is None, look.elapsed
        try:
            if rung == "force":
                move.force()
            else:
                move.abort()
        except errors.MigrateError as error:
            # It may have gone on meanwhile: the record tells.
            say(f"stalled, but {error}; following it all the same")
            continue
        if first:
            say(SAID[rung])


SAID = {
    "force": (
        "stalled: forced to complete, the guest is paused or switched to"
        " post-copy"
    ),
    "abort": "stalled: aborting, the guest stays where it is",
}
