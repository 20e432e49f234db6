"""Acts on a live migration that has stalled."""

from collections.abc import Callable, Iterable, Iterator

from osc_migrate import errors
from osc_migrate.migration.abort import REPEAT_AFTER
from osc_migrate.migration.move import Move
from osc_migrate.migration.progress import Progress

RUNGS = ("wait", "force", "abort")
# Status in which a live migration can be forced or aborted.
RUNNING = "running"


def act_on_stall(
    looks: Iterable[Progress],
    move: Move,
    rung: str,
    report: Callable[[str], None],
) -> Iterator[Progress]:
    """Yield the progress; at the first stall take and report that action.

    Not before the update interval is known: until then, a stall cannot be
    distinguished from a pending update.

    Nova's 202 guarantees nothing: an abort without effect is repeated. A guest
    is forced once.

    :param rung: one of :data:`RUNGS`.
    """
    acted_at: float | None = None
    for look in looks:
        yield look
        if rung == "wait" or look.trouble or look.status != RUNNING:
            continue
        if acted_at is None and not (look.stalled and look.interval_known):
            continue
        if acted_at is not None and (
            rung == "force" or look.elapsed - acted_at < REPEAT_AFTER
        ):
            continue
        first, acted_at = acted_at is None, look.elapsed
        try:
            if rung == "force":
                move.force()
            else:
                move.abort()
        except errors.MigrateError as error:
            # The migration may have progressed: the record will show it.
            report(f"stalled, but {error}; still following it")
            continue
        if first:
            report(REPORTS[rung])


REPORTS = {
    "force": (
        "stalled: forced to complete, the guest is paused or switched to"
        " post-copy"
    ),
    "abort": "stalled: aborting, the guest stays where it is",
}
