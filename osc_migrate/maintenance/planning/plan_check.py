"""Checks that a plan from a file is safe on the current cloud."""

from collections.abc import Sequence

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.errors import MigrateError
from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import Occupancy, host_of
from osc_migrate.maintenance.planning.method import MoveClassifier
from osc_migrate.maintenance.planning.plan import Plan, Step, Way
from osc_migrate.maintenance.planning.request import Request


class UnsafePlan(MigrateError):
    """A plan that must not be carried out."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the plan was not started, nothing was changed: {reason}; make a"
            " new plan with --plan FILE"
        )
        self.reason = reason


def check(fleet: Fleet, plan: Plan, request: Request | None = None) -> None:
    """Refuse a plan that is unsafe as a whole.

    Later changes, such as a server that has moved or must no longer move, are
    handled when its step starts: see
    :func:`osc_migrate.maintenance.planning.replan_step`. Current needs are
    used, not those in the file.

    :raises UnsafePlan: it is for another cloud; a host or server does not
        exist; at some point in its order a host would be overcommitted or a
        server group violated.
    """
    if plan.cloud != fleet.cloud:
        raise UnsafePlan(
            f"it was made for another cloud ({plan.cloud}, this one is"
            f" {fleet.cloud})"
        )
    for step in plan.steps:
        _exists(fleet, step)
    state = Occupancy(fleet)
    classifier = MoveClassifier(
        fleet, request or Request(notified=True, cold_running=True)
    )
    for wave in _waves(plan.steps):
        _wave(fleet, state, classifier, wave)


def _exists(fleet: Fleet, step: Step) -> None:
    if step.id not in fleet.servers:
        raise UnsafePlan(
            f"server {step.server} ({step.id}) does not exist (any more)"
        )
    for host in (step.source, step.destination):
        if host is not None and host not in fleet.places:
            raise UnsafePlan(
                f"{step.server}: compute host {host} does not exist"
            )


def _waves(steps: Sequence[Step]) -> list[list[Step]]:
    by_number: dict[int, list[Step]] = {}
    for step in steps:
        by_number.setdefault(step.wave, []).append(step)
    return [by_number[number] for number in sorted(by_number)]


def _wave(
    fleet: Fleet,
    state: Occupancy,
    classifier: MoveClassifier,
    steps: Sequence[Step],
) -> None:
    """Apply a wave, all of whose moves may be in flight at once."""
    busy: dict[str, str] = {}
    arrived: list[tuple[Candidate, Step]] = []
    for step in steps:
        server = fleet.servers[step.id]
        candidate = classifier.of(server)
        if (
            not isinstance(candidate, Candidate)
            or host_of(server) != step.source
        ):
            continue
        for group in candidate.groups:
            if group_member := busy.get(group.id):
                raise UnsafePlan(
                    f"{step.server} and {group_member} are of server group"
                    f" {group.name} and would move at once, in wave"
                    f" {step.wave}"
                )
            busy[group.id] = step.server
        if step.way is Way.STOP or step.destination is None:
            continue
        _arrive(state, candidate, step)
        arrived.append((candidate, step))
    for candidate, step in arrived:
        state.depart(candidate, step.source)


def _arrive(state: Occupancy, candidate: Candidate, step: Step) -> None:
    host = str(step.destination)
    if short := next(state.short(candidate, host), None):
        left = max(state.left.get(state.shelf(host, short), 0), 0)
        raise UnsafePlan(
            f"{step.server} (steps[{step.order}]) needs"
            f" {candidate.needs[short]} {short}, {host} has {left} left then"
        )
    if group := state.breaks(candidate, host):
        raise UnsafePlan(
            f"{step.server} (steps[{step.order}]) on {host} would break"
            f" server group {group.name} ({group.policy})"
        )
    state.arrive(candidate, host)
