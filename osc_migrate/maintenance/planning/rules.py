"""What keeps a server from a host, whoever else moves: Nova's filters, as
the checks of a preflight know them."""

import dataclasses
from collections.abc import Collection

from osc_migrate.checks import aggregates, destination, fit
from osc_migrate.checks.check import Check
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.inventory import HostInventory
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread, known
from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.fleet_move_facts import Facing
from osc_migrate.maintenance.planning.method import KINDS
from osc_migrate.maintenance.planning.node_blockers import NodeBlockers
from osc_migrate.maintenance.planning.request import Request


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """Why one host is out of the question.

    :ivar key: what is the same of several hosts.
    :ivar words: of one host; those of others may differ in details.
    """

    key: str
    words: str


HOST: tuple[Check, ...] = (
    destination.destination_is_not_forced_down,
    destination.destination_is_up,
    destination.destination_is_enabled,
)
# A warning of these is no risk that a plan takes by itself: which filters
# a scheduler has, and what guests see of a CPU, no API shows.
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
    """Of one fleet and request; each answer is worked out once for all
    servers that are alike.

    :param tried: hosts to which a move has failed.
    """

    def __init__(
        self, fleet: Fleet, request: Request, tried: Collection[str] = ()
    ) -> None:
        self._fleet = fleet
        self._request = request
        self._tried = tried
        self._facing = Facing(fleet)
        self._barriers = NodeBlockers(request.barriers)
        self._hosts: dict[str, tuple[Reason, ...]] = {}
        self._pairs: dict[object, tuple[Reason, ...]] = {}

    def hosts(self, one: Candidate) -> list[str]:
        """The hosts that may take it if they have room, by name."""
        return sorted(
            name
            for name in self._fleet.places
            if name != one.source and not self.against(one, name)
        )

    def against(self, one: Candidate, host: str) -> tuple[Reason, ...]:
        """All that speaks against it, room and groups apart."""
        place = self._fleet.places[host]
        if host not in self._hosts:
            self._hosts[host] = self._against_host(one, place)
        key = (host, _kind(one))
        if key not in self._pairs:
            self._pairs[key] = self._against_pair(one, place)
        return self._hosts[host] + self._pairs[key]

    def _against_host(
        self, one: Candidate, place: HostInventory
    ) -> tuple[Reason, ...]:
        name = place.host.name
        found = []
        if self._request.to and name not in self._request.to:
            found.append(Reason("to", "not among the hosts of --to"))
        if name in self._request.avoid:
            found.append(Reason("avoid", "it is to be emptied, or left out"))
        if name in self._tried:
            found.append(Reason("tried", "it did not take it"))
        if unread := _unread(place):
            found.append(Reason("room", f"its room is not known: {unread}"))
        host = place.host
        if name in self._request.enabled:
            host = host.but(status="enabled")
        facts = self._facing.move(one.server, host)
        found += self._run(HOST, facts, Kind.LIVE)
        return tuple(found)

    def _against_pair(
        self, one: Candidate, place: HostInventory
    ) -> tuple[Reason, ...]:
        facts = self._facing.move(one.server, place.host)
        kind = KINDS[one.way]
        found = self._run(PAIR, facts, kind)
        for told in self._barriers.between(one.source, place.host.name, kind):
            words = f"{told.check}: {told.detail}"
            found.append(Reason(told.check, words))
        traits = known(lambda: place.traits) or frozenset()
        missing = sorted(one.required - traits)
        if missing:
            words = f"traits: it has no {', '.join(missing)}"
            found.append(Reason("required", words))
        minded = sorted(one.forbidden & traits)
        if minded:
            words = f"traits: it has {', '.join(minded)}, which is forbidden"
            found.append(Reason("forbidden", words))
        for name in one.needs:
            if name in place.spread:
                words = f"several parts of the host have {name}"
                found.append(Reason(f"spread {name}", words))
        return tuple(found)

    def _run(
        self, checks: tuple[Check, ...], facts: object, kind: Kind
    ) -> list[Reason]:
        found = (c.run(facts) for c in checks if kind in c.kinds)
        return [
            Reason(f.check, f"{f.check}: {f.detail}")
            for f in found
            if f.status >= Status.WARN and f.check not in self._request.ignored
        ]


def _kind(one: Candidate) -> object:
    """What servers have in common for which all these answers are equal."""
    server = one.server
    return (
        one.source,
        one.way,
        known(lambda: server.project_id),
        known(lambda: server.pinned_zone),
        frozenset((known(lambda: server.flavor.extra_specs) or {}).items()),
        frozenset((known(lambda: server.image_properties) or {}).items()),
        frozenset(one.needs),
    )


def _unread(place: HostInventory) -> str:
    try:
        _ = place.stock, place.traits
    except Unread as unread:
        return unread.reason
    return ""
