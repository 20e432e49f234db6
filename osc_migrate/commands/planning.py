"""Common parts of commands that plan: options, and output of a plan."""

import argparse
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from osc_migrate.cloud.cloud import Cloud, hypervisors_of, require_host
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.commands import base, options
from osc_migrate.errors import Ambiguous, MigrateError, NotFound
from osc_migrate.facts import fact, or_none
from osc_migrate.maintenance.planning import (
    Limits,
    Request,
    UnsafePlan,
    plan_file,
)
from osc_migrate.maintenance.planning.capacity import host_of
from osc_migrate.maintenance.planning.plan import Plan, Purpose, Step, Way
from osc_migrate.text import did_you_mean, duration, paste, some

COLUMNS = (
    "wave",
    "server",
    "id",
    "way",
    "source",
    "destination",
    "seconds",
    "reason",
)
LONG = (*COLUMNS, "order", "needs")
SCHEDULER = "(scheduler)"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add options for the contents and the use of a plan."""
    defaults = Limits()
    group = parser.add_argument_group(
        "moves",
        "A server's owner can set a policy with a tag such as"
        " osc-migrate:never, or with the property osc-migrate=never: never,"
        " cold, live, stop or notify. Policies are honoured and shown.",
    )
    group.add_argument(
        "--cold-running",
        action="store_true",
        help="Stop running servers that cannot be moved live",
    )
    group.add_argument(
        "--notified",
        action="store_true",
        help="Include servers tagged osc-migrate:notify (their owners have"
        " been notified)",
    )
    group.add_argument(
        "--block",
        action="store_true",
        help="Copy local disks (for hosts without shared storage)",
    )
    for name, number, scope in (
        ("in-flight", defaults.total, "in total"),
        ("per-source", defaults.per_source, "from one host"),
        ("per-destination", defaults.per_destination, "to one host"),
    ):
        group.add_argument(
            f"--{name}",
            *(["--parallel"] if name == "in-flight" else []),
            metavar="<n>",
            type=options.count,
            default=number,
            help=(
                f"Maximum number of parallel moves {scope} (default: {number})"
            ),
        )
    group.add_argument(
        "--wave",
        metavar="<n>",
        type=options.count,
        default=defaults.wave,
        help=(
            "Maximum number of moves between two health checks of the"
            f" cloud (default: {defaults.wave})"
        ),
    )
    options.add_ignore(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="Show the plan; change nothing",
    )
    parser.add_argument(
        "--plan",
        metavar="<file>",
        help="Also write the plan to this file (JSON); change nothing",
    )


def add_apply(parser: options.Parser) -> None:
    parser.add_argument(
        "--apply",
        metavar="<file>",
        help=(
            "Apply the plan in this file; each step is checked again just"
            " before it starts"
        ),
    )


def from_file(path: str, purpose: Purpose, cloud: Cloud) -> Plan:
    """Load a saved plan, without comparing it with the current state.

    :raises MigrateError: invalid, or for another purpose or cloud.
    """
    plan = plan_file.read(path)
    if plan.purpose is not purpose:
        raise MigrateError(
            f"'{path}' is the plan of a {plan.purpose}, not of a {purpose};"
            " nothing was changed"
        )
    if plan.cloud != cloud.nova.identity:
        # Report this before objects of the other cloud are looked up.
        raise UnsafePlan(
            f"it was made for another cloud ({plan.cloud}, this one is"
            f" {cloud.nova.identity})"
        )
    return plan


def request(
    parsed_args: argparse.Namespace, **other_fields: object
) -> Request:
    """Return the request that the options of :func:`add_options` specify.

    :param other_fields: further fields of the request.
    """
    fields: dict[str, object] = {
        "cold_running": parsed_args.cold_running,
        "notified": parsed_args.notified,
        "block": parsed_args.block,
        "ignored": frozenset(parsed_args.ignore),
        "limits": Limits(
            total=parsed_args.in_flight,
            per_source=parsed_args.per_source,
            per_destination=parsed_args.per_destination,
            wave=parsed_args.wave,
        ),
    }
    return Request(**(fields | other_fields))  # type: ignore[arg-type]


def hosts(fleet: Fleet, names: Iterable[str]) -> tuple[str, ...]:
    """Return compute hosts by name, or by name or ID of a hypervisor.

    :raises NotFound: there is no such host.
    """
    hypervisors = hypervisors_of(
        {name: place.host for name, place in fleet.places.items()}
    )
    return tuple(
        dict.fromkeys(require_host(name, hypervisors) for name in names)
    )


def servers(fleet: Fleet, names_or_ids: Collection[str]) -> tuple[str, ...]:
    """Return IDs of servers by ID or name.

    :raises NotFound, Ambiguous: no server or several have that name.
    """
    named: dict[str, list[str]] = {}
    for id, server in fleet.servers.items():
        name = fact(getattr, server, "name")
        if name in names_or_ids:
            named.setdefault(name, []).append(id)
    server_ids: dict[str, None] = {}
    for name_or_id in names_or_ids:
        ids = (
            [name_or_id]
            if name_or_id in fleet.servers
            else named.get(name_or_id, [])
        )
        if not ids:
            raise NotFound(
                "server", name_or_id, _suggestion(fleet, name_or_id)
            )
        if len(ids) > 1:
            homes = [str(host_of(fleet.servers[id]) or "") for id in ids]
            raise Ambiguous("server", name_or_id, ids, homes)
        server_ids[ids[0]] = None
    return tuple(server_ids)


def _suggestion(fleet: Fleet, ref: str) -> str:
    """Return what to do if no server has that name."""
    if ref in fleet.places:
        host = paste(ref)
        return f"{host} is a compute host; did you mean: openstack migrate" + (
            f" drain {host}"
        )
    names = {
        name
        for server in fleet.servers.values()
        if (name := or_none(lambda server=server: server.name))  # type: ignore[misc]
    }
    listing = "see 'openstack server list --all-projects'"
    return did_you_mean(ref, names) or listing


def plan_rows(
    parsed_args: argparse.Namespace, plan: Plan
) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Return the plan as rows; print other information to stderr."""
    if parsed_args.plan:
        plan_file.write(parsed_args.plan, plan)
    for line in _summary(plan):
        base.say(line)
    none = None if parsed_args.formatter in ("json", "yaml") else ""
    names = LONG if parsed_args.long else COLUMNS
    rows = (
        [none if cell is None else cell for cell in row[: len(names)]]
        for row in _rows(plan)
    )
    return names, [base.cells(parsed_args, row) for row in rows]


def what_changes(plan: Plan) -> Iterator[str]:
    """Yield two or three lines that sum up the plan, for approval."""
    moves = [step for step in plan.steps if step.way is not Way.STOP]
    hosts = Counter(step.destination or SCHEDULER for step in moves)
    to = ", ".join(f"{number} to {host}" for host, number in hosts.items())
    if moves:
        yield f"{some(len(moves), 'server')} to move: {to}"
    if copied := sum(step.way is Way.BLOCK for step in moves):
        yield f"the local disks of {some(copied, 'server')} are copied"
    if cold := sum(step.way is Way.COLD for step in moves):
        yield f"{some(cold, 'server')} of them cold, while shut down"
    if stopped := len(plan.steps) - len(moves):
        yield f"{some(stopped, 'server')} to be shut down in place"
    if plan.stays:
        yield f"{some(len(plan.stays), 'server')} to stay; see --dry-run"


def exit_code(plan: Plan) -> int:
    """Return 0 if the plan achieves its purpose completely."""
    return base.NOT_SAFE if plan.reasons or plan.stays else 0


def _rows(plan: Plan) -> Iterator[Sequence[object]]:
    for step in plan.steps:
        yield (
            step.wave,
            step.server,
            step.id,
            step.way.value,
            step.source,
            _destination(step),
            step.seconds,
            "; ".join((step.reason, *step.notes)),
            step.order,
            ", ".join(f"{n} {name}" for name, n in sorted(step.needs.items())),
        )
    for stay in plan.stays:
        yield (
            None,
            stay.server,
            stay.id,
            "stay",
            stay.source,
            None,
            None,
            "; ".join(stay.reasons),
            None,
            None,
        )


def _destination(step: Step) -> str | None:
    if step.way is Way.STOP:
        return None
    return step.destination or SCHEDULER


def _summary(plan: Plan) -> Iterator[str]:
    moves = [step for step in plan.steps if step.way is not Way.STOP]
    waves = len({step.wave for step in plan.steps})
    if moves:
        length = (
            f"about {duration(plan.seconds)}"
            if plan.seconds is not None
            else "duration unknown: no such move on record"
        )
        yield f"{some(len(moves), 'move')} in {some(waves, 'wave')}, {length}"
    for host in sorted({s.destination for s in moves if s.destination}):
        left = ", ".join(
            f"{room.free} of {room.total} {name}"
            for name, room in sorted(plan.room.get(host, {}).items())
        )
        yield f"left on {host} afterwards: {left}"
    yield from plan.reasons
    if any(step.destination is None for step in moves):
        yield (
            "servers that the scheduler places go last: a plan cannot"
            " predict whether one is found"
        )
