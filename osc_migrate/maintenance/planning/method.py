"""How a server is moved, or why it stays."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from osc_migrate.checks import devices, leftovers, numa, recent_moves, rights
from osc_migrate.checks import server as state
from osc_migrate.checks.check import Check
from osc_migrate.checks.findings import Finding, Status
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.server_groups import ServerGroup
from osc_migrate.cloud.servers import Server, has_local_disk
from osc_migrate.facts import Unread, or_none
from osc_migrate.maintenance.planning import policy, requirements
from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.fleet_move_facts import FleetMoveFacts
from osc_migrate.maintenance.planning.plan import Plan, Skipped, Way
from osc_migrate.maintenance.planning.policy import Policy
from osc_migrate.maintenance.planning.request import Request

# Checks that rule out every destination, from the facts in a server list.
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
    state.paused_guest_has_run_here,
    devices.guest_memory_is_not_encrypted,
    devices.guest_tpm_can_move,
    devices.server_has_no_accelerator,
    devices.guest_pmem_can_move,
    devices.pci_devices_can_move,
    devices.vgpus_can_move,
    numa.bound_guest_can_move,
)
# Shown in the plan as notes; they do not rule out the move.
NOTED_CHECKS: tuple[Check, ...] = (
    leftovers.server_has_no_open_record,
    numa.guest_is_not_bound,
)
OFF = ("SHUTOFF", "STOPPED")
KINDS = {Way.LIVE: Kind.LIVE, Way.BLOCK: Kind.BLOCK, Way.COLD: Kind.COLD}


class MoveClassifier:
    """Classifies the servers of a fleet, each by itself."""

    def __init__(self, fleet: Fleet, request: Request) -> None:
        self._fleet = fleet
        self._request = request
        self._move_facts = FleetMoveFacts(fleet)
        self._failing: dict[tuple[str, Kind], Mapping[str, str]] = {}
        self._groups: dict[str, list[ServerGroup]] = {}
        for group in fleet.groups:
            for member in group.members:
                self._groups.setdefault(member, []).append(group)

    def of(self, server: Server) -> Candidate | Skipped:
        try:
            policies = policy.policies(server)
        except policy.InvalidPolicy as error:
            return stay(server, str(error))
        except Unread as unread:
            return stay(
                server, f"its owner's policy is not known: {unread.reason}"
            )
        if Policy.NEVER in policies:
            return stay(
                server, "excluded by owner policy: never", by_policy=True
            )
        if Policy.NOTIFY in policies and not self._request.notified:
            return stay(
                server,
                "excluded by owner policy: notify; notify its owner, then"
                " add --notified",
                by_policy=True,
            )
        notes = [f"owner policy: {policy}" for policy in sorted(policies)]
        if Policy.STOP in policies:
            return self._stopping(server, notes)
        return self._moving(server, policies, notes)

    def _stopping(
        self, server: Server, notes: list[str]
    ) -> Candidate | Skipped:
        status = or_none(lambda: server.status)
        if status in OFF:
            reason = f"owner policy: stop; it is {status} already"
            return stay(server, reason, by_policy=True)
        if status != "ACTIVE" or or_none(lambda: (server.task_state,)) != (
            None,
        ):
            return stay(
                server,
                f"owner policy: stop; but it is {status}, and Nova stops only"
                " what is ACTIVE and idle",
            )
        return self._candidate(server, Way.STOP, notes)

    def _moving(
        self, server: Server, policies: frozenset[Policy], notes: list[str]
    ) -> Candidate | Skipped:
        methods = list(self._methods(server, policies))
        problems: list[Finding] = []
        for method in methods:
            failed_checks = self._problems(server, method)
            if not failed_checks:
                check_notes = self._check_notes(server, method)
                if method is Way.COLD and len(methods) > 1:
                    check_notes = [
                        f"not live: {'; '.join(_reasons(problems))}",
                        *check_notes,
                    ]
                return self._candidate(server, method, [*notes, *check_notes])
            problems = problems or failed_checks
        return dataclasses.replace(
            stay(server, *_reasons(problems)), next_step=next_step(problems)
        )

    def _methods(
        self, server: Server, policies: frozenset[Policy]
    ) -> Iterator[Way]:
        """Yield the possible kinds of move, best first."""
        if or_none(lambda: server.status) in OFF:
            # A stopped guest needs no live migration.
            yield Way.COLD
            return
        if Policy.COLD in policies:
            yield Way.COLD
            return
        yield (
            Way.BLOCK
            if self._request.block and has_local_disk(server)
            else Way.LIVE
        )
        if self._request.cold_running and Policy.LIVE not in policies:
            yield Way.COLD

    def _problems(self, server: Server, method: Way) -> list[Finding]:
        return self._failed_checks(CHECKS, server, method, Status.UNKNOWN)

    def _check_notes(self, server: Server, method: Way) -> list[str]:
        return _reasons(
            self._failed_checks(NOTED_CHECKS, server, method, Status.WARN)
        )

    def _failed_checks(
        self,
        checks: Iterable[Check],
        server: Server,
        method: Way,
        from_: Status,
    ) -> list[Finding]:
        facts: MoveFacts = self._move_facts.move(server, None)
        findings = (c.run(facts) for c in checks if KINDS[method] in c.kinds)
        return [
            f
            for f in findings
            if f.status >= from_ and f.check not in self._request.ignored
        ]

    def _candidate(
        self, server: Server, method: Way, notes: Sequence[str]
    ) -> Candidate | Skipped:
        try:
            source = server.host
            amounts = requirements.needs(
                server, self._fleet.held.get(server.id)
            )
        except Unread as unread:
            return stay(server, f"what it needs is not known: {unread.reason}")
        required, forbidden = requirements.traits(server)
        return Candidate(
            server=server,
            source=source,
            way=method,
            needs={name: amounts[name] for name in sorted(amounts)},
            groups=tuple(self._groups.get(server.id, ())),
            required=required,
            forbidden=forbidden,
            beyond=requirements.scheduler_only(server),
            notes=tuple(notes),
            failing=self._failing_from(source, method),
        )

    def _failing_from(self, source: str, method: Way) -> Mapping[str, str]:
        kind = KINDS.get(method)
        check = (
            recent_moves.recent_cold_moves_succeeded
            if kind is Kind.COLD
            else recent_moves.recent_moves_succeeded
        )
        if kind is None or check.id in self._request.ignored:
            return {}
        if (source, kind) not in self._failing:
            series = {
                host: recent_moves.failures(
                    self._fleet.recent, source, host, kind
                )
                for host in self._fleet.places
            }
            self._failing[source, kind] = {
                host: f"{check.id}: {failures}"
                for host, failures in series.items()
                if failures
            }
        return self._failing[source, kind]


def _reasons(findings: Iterable[Finding]) -> list[str]:
    return [f"{finding.check}: {finding.detail}" for finding in findings]


def next_step(findings: Iterable[Finding]) -> str:
    """Return what makes a server movable that these findings keep in place.

    Empty if the checks of the server have no remedy.
    """
    own = {check.id for check in CHECKS}
    remedies = (f.remedy for f in findings if f.check in own and f.remedy)
    return next(remedies, "")


def stay(server: Server, *reasons: str, by_policy: bool = False) -> Skipped:
    return Skipped(
        server=or_none(lambda: server.name) or server.id,
        id=server.id,
        source=or_none(lambda: server.host) or "",
        reasons=reasons,
        wanted=by_policy,
    )


def skip_candidate(candidate: Candidate, *reasons: str) -> Skipped:
    return dataclasses.replace(
        stay(candidate.server, *reasons), source=candidate.source
    )


def local_disks(fleet: Fleet, plan: Plan) -> int:
    """Count the servers that a plan moves live with a local disk.

    Local means that placement does not show the disk as shared.
    """
    return sum(
        has_local_disk(fleet.servers[step.id])
        and "DISK_GB" not in fleet.places[step.source].shared
        for step in plan.steps
        if step.way is Way.LIVE
        and step.id in fleet.servers
        and step.source in fleet.places
    )
