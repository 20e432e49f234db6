"""The plan and options of a run, stored in its journal."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from osc_migrate import errors
from osc_migrate.maintenance.planning import (
    By,
    Limits,
    NodeBlocker,
    Request,
    plan_file,
)
from osc_migrate.maintenance.planning.plan import Plan
from osc_migrate.maintenance.running import typed
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.migration.pace import STALL_AFTER
from osc_migrate.text import printable

# More than any plan has servers.
UNLIMITED = 2**31


@dataclasses.dataclass(frozen=True)
class Options:
    """How a plan is carried out.

    :ivar max_failures: no further move is started after this many failures.
    :ivar on_stall: action for a stalled live migration: one of
        on_stall.RUNGS.
    :ivar stall_after: seconds without progress that count as a stall.
    """

    max_failures: int = 3
    on_stall: str = "wait"
    stall_after: float = STALL_AFTER


@dataclasses.dataclass(frozen=True)
class Order:
    """A plan, its purpose and its options."""

    plan: Plan
    request: Request
    options: Options = dataclasses.field(default_factory=Options)
    # Server ID -> original host, for a return.
    homes: Mapping[str, str] = dataclasses.field(default_factory=dict)


def kept_going(order: Order) -> Order:
    """Return the same order without a failure limit."""
    options = dataclasses.replace(order.options, max_failures=UNLIMITED)
    return dataclasses.replace(order, options=options)


def write(journal: Journal, order: Order) -> None:
    """Store it in the journal.

    :raises JournalError: it cannot be written.
    :raises BadPlan: it could not be read again after a crash."""
    plan = plan_file.dumps(order.plan)
    plan_file.loads(plan, str(journal.path))
    request = dataclasses.asdict(order.request)
    for name, value in request.items():
        if isinstance(value, frozenset):
            request[name] = sorted(value)
    journal.note(
        "order",
        plan=plan,
        request=request,
        options=dataclasses.asdict(order.options),
        homes=dict(order.homes),
    )


def read(journal: Journal) -> Order:
    """:raises MigrateError: the journal has no readable plan."""
    entry = journal.last("order")
    if entry is None:
        raise errors.MigrateError(
            f"run {journal.run} ended before it had a plan; nothing was"
            " changed by it: begin a new one"
        )
    try:
        order = Order(
            plan=plan_file.loads(entry.data["plan"], str(journal.path)),
            request=_request(entry.data["request"]),
            options=Options(**entry.data["options"]),
            homes=entry.data["homes"],
        )
        typed.require(order, Order, "order")
    except (
        AttributeError,
        KeyError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise errors.MigrateError(
            f"the plan in {journal.path} cannot be read:"
            f" {printable(repr(error), 200)}"
        ) from error
    return order


def _request(data: dict[str, Any]) -> Request:
    changes: dict[str, Any] = {
        "limits": Limits(**data["limits"]),
        "by": By(data["by"]),
        "barriers": tuple(
            NodeBlocker(**fields) for fields in data.get("barriers", ())
        ),
    }
    for name in ("hosts", "servers", "to"):
        changes[name] = tuple(data[name])
    for name in ("avoid", "enabled", "ignored"):
        changes[name] = frozenset(data[name])
    return Request(**data | changes)
