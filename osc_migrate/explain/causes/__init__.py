"""Known reasons of failure: the message, its meaning and what to do.

Nova's messages say what it could not do. These say why that happens, as far
as it is known from Nova's code, its documentation and experiments.
"""

from collections.abc import Iterable

from osc_migrate.explain.causes import (
    cold,
    control,
    domain,
    hardware,
    hypervisor,
    network,
    qemu,
    storage,
)
from osc_migrate.explain.causes.cause import Cause

__all__ = ["CAUSES", "Cause", "find", "named"]

# The first match wins: specific ones before those that others end in.
CAUSES: tuple[Cause, ...] = (
    *domain.CAUSES,
    *hypervisor.CAUSES,
    *cold.CAUSES,
    *hardware.CAUSES,
    *network.CAUSES,
    *storage.CAUSES,
    *qemu.CAUSES,
    *control.CAUSES,
)


def find(messages: Iterable[str]) -> Cause | None:
    """The most specific cause that any of the messages shows."""
    text = "\n".join(messages)
    return next((c for c in CAUSES if c.pattern.search(text)), None)


def named(id: str) -> Cause:
    """The cause with that id."""
    return next(c for c in CAUSES if c.id == id)
