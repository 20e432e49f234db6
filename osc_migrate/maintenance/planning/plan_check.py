"""Whether a plan from a file would be safe on the cloud as it is now."""

from collections.abc import Sequence

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.errors import MigrateError
from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import State, host_of
from osc_migrate.maintenance.planning.method import Ways
from osc_migrate.maintenance.planning.plan import Plan, Step, Way
from osc_migrate.maintenance.planning.request import Request


class UnsafePlan(MigrateError):
    """A plan that must not be carried out as it is."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the plan is not carried out, nothing was changed: {why}; make a"
            " new one with --plan FILE"
        )
        self.why = why


def check(fleet: Fleet, plan: Plan, request: Request | None = None) -> None:
    """Refuses what is unsafe as a whole.

    What has merely changed since, such as a server that is elsewhere or must
    not move any more, is a matter of its own step: see
    :func:`osc_migrate.maintenance.planning.again`. Needs are those of now,
    not the file's.

    :raises UnsafePlan: it is of another cloud; a host or server does not
        exist; at some moment of its order a host would hold more than it
        has, or a server group would be broken.
    """
    if plan.cloud != fleet.cloud:
        raise UnsafePlan(
            f"it was made for another cloud ({plan.cloud}, this one is"
            f" {fleet.cloud})"
        )
    for step in plan.steps:
        _exists(fleet, step)
    state = State(fleet)
    ways = Ways(fleet, request or Request(notified=True, cold_running=True))
    for wave in _waves(plan.steps):
        _wave(fleet, state, ways, wave)


def _exists(fleet: Fleet, step: Step) -> None:
    if step.id not in fleet.servers:
        raise UnsafePlan(
            f"server {step.server} ({step.id}) does not exist (any more)"
        )
    for host in (step.source, step.destination):
        if host is not None and host not in fleet.places:
            raise UnsafePlan(f"{step.server}: there is no compute host {host}")


def _waves(steps: Sequence[Step]) -> list[list[Step]]:
    found: dict[int, list[Step]] = {}
    for step in steps:
        found.setdefault(step.wave, []).append(step)
    return [found[number] for number in sorted(found)]


def _wave(
    fleet: Fleet, state: State, ways: Ways, steps: Sequence[Step]
) -> None:
    """All of a wave may be under way at once."""
    busy: dict[str, str] = {}
    arrived: list[tuple[Candidate, Step]] = []
    for step in steps:
        server = fleet.servers[step.id]
        one = ways.of(server)
        if not isinstance(one, Candidate) or host_of(server) != step.source:
            continue
        for group in one.groups:
            if other := busy.get(group.id):
                raise UnsafePlan(
                    f"{step.server} and {other} are of server group"
                    f" {group.name} and would move at once, in wave"
                    f" {step.wave}"
                )
            busy[group.id] = step.server
        if step.way is Way.STOP or step.destination is None:
            continue
        _arrive(state, one, step)
        arrived.append((one, step))
    for one, step in arrived:
        state.depart(one, step.source)


def _arrive(state: State, one: Candidate, step: Step) -> None:
    host = str(step.destination)
    if short := next(state.short(one, host), None):
        left = max(state.left.get(state.shelf(host, short), 0), 0)
        raise UnsafePlan(
            f"{step.server} (steps[{step.order}]) needs"
            f" {one.needs[short]} {short}, {host} has {left} left then"
        )
    if group := state.breaks(one, host):
        raise UnsafePlan(
            f"{step.server} (steps[{step.order}]) on {host} would break"
            f" server group {group.name} ({group.policy})"
        )
    state.arrive(one, host)
