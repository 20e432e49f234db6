"""Empties hosts, or moves just some servers away."""

import dataclasses
from collections.abc import Collection, Iterable, Sequence

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.servers import Server
from osc_migrate.errors import NotFound
from osc_migrate.facts import or_none
from osc_migrate.maintenance.planning import plan_builder
from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import Occupancy, host_of
from osc_migrate.maintenance.planning.duration import DurationEstimate
from osc_migrate.maintenance.planning.method import (
    MoveClassifier,
    skip_candidate,
    stay,
)
from osc_migrate.maintenance.planning.placement import (
    best_host,
    emptiest,
    place_all,
)
from osc_migrate.maintenance.planning.plan import (
    Plan,
    Purpose,
    Skipped,
    Step,
    Way,
)
from osc_migrate.maintenance.planning.reasons import blocking_reasons
from osc_migrate.maintenance.planning.request import Request
from osc_migrate.maintenance.planning.rules import Rules
from osc_migrate.maintenance.planning.waves import (
    PlannedMove,
    Wave,
    balance_order,
    waves,
)


def drain(fleet: Fleet, request: Request) -> Plan:
    """Plan to empty ``request.hosts``, or to move ``request.servers`` only.

    :raises NotFound: a host or a server does not exist.
    """
    servers = _servers_to_move(fleet, request)
    request = dataclasses.replace(
        request, avoid=request.avoid | frozenset(request.hosts)
    )
    classifier, rules = MoveClassifier(fleet, request), Rules(fleet, request)
    judged = [classifier.of(server) for server in servers]
    stays = [
        candidate for candidate in judged if isinstance(candidate, Skipped)
    ]
    candidates = [
        candidate for candidate in judged if isinstance(candidate, Candidate)
    ]
    before, after = Occupancy(fleet), Occupancy(fleet)
    # No move depends on room freed by another: any order works.
    allowed_hosts = {
        candidate: rules.hosts(candidate)
        for candidate in candidates
        if candidate.way is not Way.STOP and not candidate.beyond
    }
    destinations = place_all(after, allowed_hosts)
    moves = []
    for candidate in candidates:
        if candidate in destinations:
            reason = _why_chosen(
                candidate, allowed_hosts[candidate], destinations[candidate]
            )
            moves.append(
                PlannedMove(candidate, destinations[candidate], reason)
            )
        elif candidate.way is Way.STOP:
            moves.append(PlannedMove(candidate, None))
        elif candidate.beyond and request.to:
            stays.append(skip_candidate(candidate, _scheduler_only(candidate)))
        elif candidate.beyond:
            moves.append(PlannedMove(candidate, None))
        else:
            reasons = blocking_reasons(
                candidate, rules, fleet.places, before, after
            )
            stays.append(skip_candidate(candidate, *reasons))
    ordered_waves, without_room, state = _ordered(fleet, request, moves)
    for move in without_room:
        reasons = blocking_reasons(
            move.candidate, rules, fleet.places, before, state
        )
        stays.append(skip_candidate(move.candidate, *reasons))
    return plan_builder.plan(
        Purpose.DRAIN,
        fleet,
        request,
        request.hosts
        or sorted(
            {s.source for s in stays}
            | {move.candidate.source for move in moves}
        ),
        ordered_waves,
        stays,
        state,
        _shortfalls(request.hosts, stays, moves),
    )


def _scheduler_only(candidate: Candidate) -> str:
    return (
        f"{candidate.beyond}: only the scheduler can choose its host;"
        " leave out --to"
    )


def _why_chosen(
    candidate: Candidate, hosts: Sequence[str], chosen: str
) -> str:
    status = or_none(lambda: candidate.server.status) or "?"
    text = f"{status}; one of {len(hosts)} hosts that may take it"
    if len(hosts) == 1:
        text = f"{status}; the only host that may take it"
    return "; ".join(filter(None, (text, candidate.failing.get(chosen))))


def _servers_to_move(fleet: Fleet, request: Request) -> list[Server]:
    for host in (*request.hosts, *request.to):
        if host not in fleet.places:
            raise NotFound(
                "compute host", host, "see 'openstack compute service list'"
            )
    for server in request.servers:
        if server not in fleet.servers:
            raise NotFound(
                "server", server, "see 'openstack server list --all-projects'"
            )
    servers = [fleet.servers[id] for id in dict.fromkeys(request.servers)]
    if not request.servers:
        hosts = set(request.hosts)
        servers = [
            server
            for server in fleet.servers.values()
            if host_of(server) in hosts
        ]
    return sorted(servers, key=lambda s: s.id)


def _ordered(
    fleet: Fleet, request: Request, moves: Sequence[PlannedMove]
) -> tuple[list[Wave], list[PlannedMove], Occupancy]:
    """Order the moves host by host; those placed by the scheduler come last.

    If an affinity group is already split, a member may have left the host that
    another one was to join: such a server is left over.
    """
    state = Occupancy(fleet)
    ordered_waves: list[Wave] = []
    unplaced: list[PlannedMove] = []
    named = [
        m for m in moves if m.host is not None or m.candidate.way is Way.STOP
    ]
    for part in (named, [m for m in moves if m not in named]):
        for source in request.hosts or (None,):
            moves_of_source = [
                m for m in part if source in (None, m.candidate.source)
            ]
            ordered, wave_size = balance_order(
                moves_of_source, request.limits.wave
            )
            new_waves, without_room = waves(
                state, ordered, wave_size, ordered=False
            )
            unplaced += without_room
            ordered_waves += new_waves
    return ordered_waves, unplaced, state


def _shortfalls(
    hosts: Iterable[str],
    stays: Iterable[Skipped],
    moves: Iterable[PlannedMove],
) -> list[str]:
    """Return why the plan falls short, one sentence for each host."""
    sentences = []
    for host in hosts:
        left = [skipped for skipped in stays if skipped.source == host]
        unwanted = sum(not skipped.wanted for skipped in left)
        stopped = sum(
            m.candidate.way is Way.STOP and m.candidate.source == host
            for m in moves
        )
        parts = [
            f"{count} {description}"
            for count, description in (
                (unwanted, "cannot move"),
                (len(left) - unwanted, "excluded by owner policy"),
                (stopped, "are shut down there"),
            )
            if count
        ]
        if parts:
            sentences.append(f"{host} is not emptied: {', '.join(parts)}")
    return sentences


def replan_step(
    fleet: Fleet,
    step: Step,
    request: Request,
    excluding: Collection[str] = (),
    ahead: Iterable[Step] = (),
) -> Step | Skipped:
    """Replan the step of a server with current facts.

    :param excluding: hosts where it failed.
    :param ahead: steps that have not started: their room is kept for them.
    """
    server = fleet.servers.get(step.id)
    if server is None:
        return Skipped(
            step.server, step.id, step.source, ("it no longer exists",)
        )
    host = host_of(server)
    if host != step.source:
        return stay(server, f"it is on {host or '?'}, not on {step.source}")
    request = dataclasses.replace(
        request, avoid=request.avoid | frozenset(request.hosts)
    )
    classifier, rules = (
        MoveClassifier(fleet, request),
        Rules(fleet, request, excluding),
    )
    candidate = classifier.of(server)
    if isinstance(candidate, Skipped):
        return candidate
    durations = DurationEstimate(fleet.past)
    if candidate.beyond and request.to:
        return skip_candidate(candidate, _scheduler_only(candidate))
    if candidate.way is Way.STOP or candidate.beyond:
        return plan_builder.step(
            PlannedMove(candidate, None), step.order, step.wave, durations
        )
    before, now = Occupancy(fleet), Occupancy(fleet)
    for step_ahead in ahead:
        _reserve(fleet, classifier, now, step_ahead)
    # Keep the same host if nothing has changed.
    chosen = step.destination
    allowed = rules.hosts(candidate)
    if (
        chosen not in allowed
        or chosen in candidate.failing
        or not now.takes(candidate, chosen or "")
    ):
        chosen = best_host(now, candidate, allowed, emptiest)
    if chosen is None:
        return skip_candidate(
            candidate,
            *blocking_reasons(candidate, rules, fleet.places, before, now),
        )
    reason = _why_chosen(candidate, allowed, chosen)
    return plan_builder.step(
        PlannedMove(candidate, chosen, reason),
        step.order,
        step.wave,
        durations,
    )


def _reserve(
    fleet: Fleet, classifier: MoveClassifier, state: Occupancy, step: Step
) -> None:
    server = fleet.servers.get(step.id)
    if server is None or step.destination is None:
        return
    if host_of(server) != step.source:
        return
    candidate = classifier.of(server)
    if isinstance(candidate, Candidate):
        state.arrive(candidate, step.destination)
