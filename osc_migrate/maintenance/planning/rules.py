"""What rules a host out for a server, regardless of other moves: Nova's
filters, as implemented by the checks of preflight."""

import dataclasses
from collections.abc import Collection

from osc_migrate.checks import aggregates, destination, fit
from osc_migrate.checks.check import Check
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.inventory import HostInventory
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread, or_none
from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.fleet_move_facts import FleetMoveFacts
from osc_migrate.maintenance.planning.method import KINDS
from osc_migrate.maintenance.planning.node_blockers import NodeBlockers
from osc_migrate.maintenance.planning.request import Request


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """Why a host is ruled out.

    :ivar key: the same for several hosts.
    :ivar text: for one host; details may differ for others.
    """

    key: str
    text: str


HOST: tuple[Check, ...] = (
    destination.destination_is_not_forced_down,
    destination.destination_is_up,
    destination.destination_is_enabled,
)
# A warning of these checks also rules a host out: no API shows the filters of
# a scheduler, or the CPU features of guests.
PAIR: tuple[Check, ...] = (
    fit.destination_has_the_same_hypervisor,
    fit.destination_hypervisor_is_not_older,
    fit.destination_hypervisor_can_start_it,
    fit.destination_cpu_has_every_feature,
    fit.destination_zone_suits_the_server,
    aggregates.destination_is_open_to_the_project,
    aggregates.destination_aggregates_suit_the_flavor,
    aggregates.destination_is_not_set_apart,
)


class Rules:
    """The rules for one fleet and request.

    Results are cached for servers of the same kind.

    :param tried: hosts to which a move has failed.
    """

    def __init__(
        self,
        fleet: Fleet,
        request: Request,
        failed_hosts: Collection[str] = (),
    ) -> None:
        self._fleet = fleet
        self._request = request
        self._failed_hosts = failed_hosts
        self._move_facts = FleetMoveFacts(fleet)
        self._barriers = NodeBlockers(request.barriers)
        self._hosts: dict[str, tuple[Reason, ...]] = {}
        self._pairs: dict[object, tuple[Reason, ...]] = {}

    def hosts(self, candidate: Candidate) -> list[str]:
        """Return the hosts that are not ruled out, sorted by name."""
        return sorted(
            name
            for name in self._fleet.places
            if name != candidate.source and not self.against(candidate, name)
        )

    def against(self, candidate: Candidate, host: str) -> tuple[Reason, ...]:
        """Return all reasons that rule it out, except room and groups."""
        place = self._fleet.places[host]
        if host not in self._hosts:
            self._hosts[host] = self._against_host(candidate, place)
        key = (host, _kind(candidate))
        if key not in self._pairs:
            self._pairs[key] = self._against_pair(candidate, place)
        return self._hosts[host] + self._pairs[key]

    def _against_host(
        self, candidate: Candidate, place: HostInventory
    ) -> tuple[Reason, ...]:
        name = place.host.name
        reasons = []
        if self._request.to and name not in self._request.to:
            reasons.append(Reason("to", "not among the hosts of --to"))
        if name in self._request.avoid:
            reasons.append(
                Reason(
                    "avoid", "it is being emptied, or excluded with --avoid"
                )
            )
        if name in self._failed_hosts:
            reasons.append(Reason("tried", "an earlier move to it failed"))
        if unread := _unread(place):
            reasons.append(
                Reason("room", f"its free resources are not known: {unread}")
            )
        host = place.host
        if name in self._request.enabled:
            host = host.but(status="enabled")
        facts = self._move_facts.move(candidate.server, host)
        reasons += self._run(HOST, facts, Kind.LIVE)
        return tuple(reasons)

    def _against_pair(
        self, candidate: Candidate, place: HostInventory
    ) -> tuple[Reason, ...]:
        facts = self._move_facts.move(candidate.server, place.host)
        kind = KINDS[candidate.way]
        reasons = self._run(PAIR, facts, kind)
        for blocker in self._barriers.between(
            candidate.source, place.host.name, kind, candidate.server
        ):
            text = f"{blocker.check}: {blocker.detail}"
            reasons.append(Reason(blocker.check, text))
        traits = or_none(lambda: place.traits) or frozenset()
        missing = sorted(candidate.required - traits)
        if missing:
            text = f"required traits are missing: {', '.join(missing)}"
            reasons.append(Reason("required", text))
        unwanted = sorted(candidate.forbidden & traits)
        if unwanted:
            text = f"it has forbidden traits: {', '.join(unwanted)}"
            reasons.append(Reason("forbidden", text))
        for name in candidate.needs:
            if name in place.spread:
                text = f"several resource providers of the host provide {name}"
                reasons.append(Reason(f"spread {name}", text))
        return tuple(reasons)

    def _run(
        self, checks: tuple[Check, ...], facts: object, kind: Kind
    ) -> list[Reason]:
        findings = (c.run(facts) for c in checks if kind in c.kinds)
        return [
            Reason(f.check, f"{f.check}: {f.detail}")
            for f in findings
            if f.status >= Status.WARN and f.check not in self._request.ignored
        ]


def _kind(candidate: Candidate) -> object:
    """Return a key: servers with the same key have the same results."""
    server = candidate.server
    return (
        candidate.source,
        candidate.way,
        or_none(lambda: server.project_id),
        or_none(lambda: server.pinned_zone),
        frozenset((or_none(lambda: server.flavor.extra_specs) or {}).items()),
        frozenset((or_none(lambda: server.image_properties) or {}).items()),
        frozenset(candidate.needs),
    )


def _unread(place: HostInventory) -> str:
    try:
        _ = place.stock, place.traits
    except Unread as unread:
        return unread.reason
    return ""
