"""Known reasons of failure: the message, its meaning and what to do.

Nova's messages say what it could not do. These say why that happens, as far
as it is known from Nova's code, its documentation and experiments.
"""

import re
from collections.abc import Iterable

from osc_migrate.explain.causes import (
    arrival,
    cold,
    connection,
    control,
    domain,
    hardware,
    hypervisor,
    network,
    qemu,
    storage,
    volumes,
)
from osc_migrate.explain.causes.cause import Cause

__all__ = ["CAUSES", "Cause", "find", "named", "shown_besides"]

# Specific ones before those that others contain.
CAUSES: tuple[Cause, ...] = (
    *domain.CAUSES,
    *connection.CAUSES,
    *volumes.CAUSES,
    *arrival.CAUSES,
    *hypervisor.CAUSES,
    *cold.CAUSES,
    *hardware.CAUSES,
    *network.CAUSES,
    *storage.CAUSES,
    *qemu.CAUSES,
    *control.CAUSES,
)


def find(messages: Iterable[str]) -> Cause | None:
    """The cause that fits the messages best."""
    return next((cause for cause, _ in _fits("\n".join(messages))), None)


def shown_besides(messages: Iterable[str]) -> list[Cause]:
    """The causes that other parts of the messages show: the best fit is not
    the whole reason then."""
    fits = _fits("\n".join(messages))
    best_matches = [match for _, match in fits[:1]]
    return [
        cause
        for cause, match in fits[1:]
        if not (cause.general or cause.summary)
        and all(
            match.end() <= best.start() or best.end() <= match.start()
            for best in best_matches
        )
    ]


def cause_by_id(id: str) -> Cause:
    """The cause with that id."""
    return next(c for c in CAUSES if c.id == id)


def _fits(text: str) -> list[tuple[Cause, re.Match[str]]]:
    """Every cause that the text shows, the best fit first: what names the
    reason, then the ends that many reasons share, then summaries."""
    fits = [
        (cause, match)
        for cause in CAUSES
        if (match := cause.pattern.search(text))
    ]
    return sorted(fits, key=lambda fit: (fit[0].summary, fit[0].general))
