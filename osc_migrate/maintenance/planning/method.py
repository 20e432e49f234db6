"""How a server leaves its host, or why it does not."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from osc_migrate.checks import devices, leftovers, numa, rights
from osc_migrate.checks import server as state
from osc_migrate.checks.check import Check
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.server_groups import ServerGroup
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Unread, known
from osc_migrate.maintenance.planning import policy, requirements
from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.fleet_move_facts import Facing
from osc_migrate.maintenance.planning.plan import Skipped, Way
from osc_migrate.maintenance.planning.policy import Wish
from osc_migrate.maintenance.planning.request import Request

# What speaks against any destination, of all that one list of servers shows.
CHECKS: tuple[Check, ...] = (
    rights.user_may_move_it_live,
    rights.user_may_move_it_cold,
    state.server_is_running,
    state.server_is_running_or_off,
    state.guest_is_on,
    state.server_is_idle,
    state.server_is_unlocked,
    state.server_host_is_known,
    state.source_is_up,
    leftovers.server_is_not_being_moved,
    leftovers.server_waits_for_no_confirmation,
    devices.guest_memory_is_not_encrypted,
    devices.guest_tpm_can_move,
    devices.server_has_no_accelerator,
    devices.guest_pmem_can_move,
    devices.pci_devices_can_move,
    devices.vgpus_can_move,
    numa.bound_guest_can_move,
)
# What is worth a word beforehand, and stands in no way.
NOTED: tuple[Check, ...] = (
    leftovers.server_has_no_open_record,
    numa.guest_is_not_bound,
)
OFF = ("SHUTOFF", "STOPPED")
KINDS = {Way.LIVE: Kind.LIVE, Way.BLOCK: Kind.BLOCK, Way.COLD: Kind.COLD}


class Ways:
    """Judges the servers of a fleet, each for itself."""

    def __init__(self, fleet: Fleet, request: Request) -> None:
        self._fleet = fleet
        self._request = request
        self._facing = Facing(fleet)
        self._groups: dict[str, list[ServerGroup]] = {}
        for group in fleet.groups:
            for member in group.members:
                self._groups.setdefault(member, []).append(group)

    def of(self, server: Server) -> Candidate | Skipped:
        try:
            wanted = policy.wishes(server)
        except policy.Odd as odd:
            return stay(server, str(odd))
        except Unread as unread:
            return stay(server, f"its wishes are not known: {unread.reason}")
        if Wish.NEVER in wanted:
            return stay(server, "its wish: never", wanted=True)
        if Wish.NOTIFY in wanted and not self._request.notified:
            return stay(
                server,
                "its wish: notify; tell its owner, then give --notified",
                wanted=True,
            )
        notes = [f"wish: {wish}" for wish in sorted(wanted)]
        if Wish.STOP in wanted:
            return self._stopping(server, notes)
        return self._moving(server, wanted, notes)

    def _stopping(
        self, server: Server, notes: list[str]
    ) -> Candidate | Skipped:
        status = known(lambda: server.status)
        if status in OFF:
            reason = f"its wish: stop; it is {status} already"
            return stay(server, reason, wanted=True)
        if status != "ACTIVE" or known(lambda: (server.task_state,)) != (
            None,
        ):
            return stay(
                server,
                f"its wish: stop; but it is {status}, and Nova stops only"
                " what is ACTIVE and idle",
            )
        return self._candidate(server, Way.STOP, notes)

    def _moving(
        self, server: Server, wanted: frozenset[Wish], notes: list[str]
    ) -> Candidate | Skipped:
        ways = list(self._ways(server, wanted))
        problems: list[str] = []
        for way in ways:
            found = self._problems(server, way)
            if not found:
                noted = self._noted(server, way)
                if way is Way.COLD and len(ways) > 1:
                    noted = [f"not live: {'; '.join(problems)}", *noted]
                return self._candidate(server, way, [*notes, *noted])
            problems = problems or found
        return stay(server, *problems)

    def _ways(self, server: Server, wanted: frozenset[Wish]) -> Iterator[Way]:
        """Those that come into question, the best first."""
        if known(lambda: server.status) in OFF:
            # Nothing runs that a wish to stay alive could mean.
            yield Way.COLD
            return
        if Wish.COLD in wanted:
            yield Way.COLD
            return
        yield Way.BLOCK if self._request.block and _local(server) else Way.LIVE
        if self._request.cold_running and Wish.LIVE not in wanted:
            yield Way.COLD

    def _problems(self, server: Server, way: Way) -> list[str]:
        return self._say(CHECKS, server, way, Status.UNKNOWN)

    def _noted(self, server: Server, way: Way) -> list[str]:
        return self._say(NOTED, server, way, Status.WARN)

    def _say(
        self, checks: Iterable[Check], server: Server, way: Way, from_: Status
    ) -> list[str]:
        facts: MoveFacts = self._facing.move(server, None)
        found = (c.run(facts) for c in checks if KINDS[way] in c.kinds)
        return [
            f"{f.check}: {f.detail}"
            for f in found
            if f.status >= from_ and f.check not in self._request.ignored
        ]

    def _candidate(
        self, server: Server, way: Way, notes: Sequence[str]
    ) -> Candidate | Skipped:
        try:
            source = server.host
            wanted = requirements.needs(
                server, self._fleet.held.get(server.id)
            )
        except Unread as unread:
            return stay(server, f"what it needs is not known: {unread.reason}")
        required, forbidden = requirements.traits(server)
        return Candidate(
            server=server,
            source=source,
            way=way,
            needs={name: wanted[name] for name in sorted(wanted)},
            groups=tuple(self._groups.get(server.id, ())),
            required=required,
            forbidden=forbidden,
            beyond=requirements.beyond(server),
            notes=tuple(notes),
        )


def stay(server: Server, *reasons: str, wanted: bool = False) -> Skipped:
    return Skipped(
        server=known(lambda: server.name) or server.id,
        id=server.id,
        source=known(lambda: server.host) or "",
        reasons=reasons,
        wanted=wanted,
    )


def kept(one: Candidate, *reasons: str) -> Skipped:
    return dataclasses.replace(stay(one.server, *reasons), source=one.source)


def _local(server: Server) -> bool:
    """Whether it has a disk that is no volume; yes when nobody knows."""
    flavor = known(lambda: server.flavor)
    if flavor is None or known(lambda: (server.image_id,)) != (None,):
        return True
    return bool(flavor.ephemeral or known(lambda: flavor.swap))
