"""Judge for each pair of hosts whether servers could move between them. Pure:
facts in, verdicts out."""

import dataclasses
import enum
from collections.abc import Callable, Collection, Iterable, Iterator

from osc_migrate.checks import destination, fit, recent_moves, server
from osc_migrate.checks.check import Check, downgrade_ignored
from osc_migrate.checks.findings import Finding, Report, Status
from osc_migrate.cloud.host_pairs import HostPairs
from osc_migrate.cloud.migrations import Kind

# Checks of the destination alone, judged once for all sources.
DESTINATION: tuple[Check, ...] = (
    destination.destination_is_not_forced_down,
    destination.destination_is_up,
    destination.destination_is_enabled,
    destination.destination_receives_few_servers,
)
SOURCE: tuple[Check, ...] = (server.source_is_up,)
PAIR: tuple[Check, ...] = (
    destination.destination_heartbeat_is_fresh,
    fit.destination_has_the_same_hypervisor,
    fit.destination_hypervisor_is_not_older,
    fit.destination_hypervisor_can_start_it,
    fit.destination_cpu_has_every_feature,
    fit.destination_zone_suits_the_server,
    recent_moves.recent_moves_succeeded,
    recent_moves.recent_cold_moves_succeeded,
)

# Returns further findings about two hosts, such as node checks.
ExtraFindings = Callable[[str, str, Kind], Iterable[Finding]]


def no_findings(
    source: str, destination: str, kind: Kind
) -> Iterable[Finding]:
    """Return no further findings: use the APIs alone."""
    return ()


class Possibility(enum.StrEnum):
    """Whether a server could move, as far as the hosts determine it."""

    YES = "yes"
    # Possible, at a risk.
    WARNING = "warning"
    UNKNOWN = "unknown"
    NO = "no"


_VERDICTS = {
    Status.WARN: Possibility.WARNING,
    Status.UNKNOWN: Possibility.UNKNOWN,
    Status.FAIL: Possibility.NO,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """A source and a destination.

    :ivar findings: problems and warnings, worst first.
    """

    source: str
    destination: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Possibility:
        if not self.findings:
            return Possibility.YES
        return _VERDICTS[self.findings[0].status]

    @property
    def open(self) -> bool:
        return self.verdict in (Possibility.YES, Possibility.WARNING)

    @property
    def reasons(self) -> str:
        return "; ".join(f"{f.check}: {f.detail}" for f in self.findings)


def judge(
    facts: HostPairs,
    kind: Kind = Kind.LIVE,
    ignored: Collection[str] = (),
    extra_findings: ExtraFindings = no_findings,
) -> Iterator[Pair]:
    """Judge every ordered pair of hosts, sorted by name."""
    names = sorted(facts.hosts)
    if len(names) < 2:
        return

    def problems(
        checks: Iterable[Check], source: str, target: str
    ) -> list[Finding]:
        move = facts.move(source, target)
        findings = (c.run(move) for c in checks if kind in c.kinds)
        return _problems(findings, ignored)

    leaving = {name: problems(SOURCE, name, name) for name in names}
    arriving = {name: problems(DESTINATION, name, name) for name in names}
    for source in names:
        for target in names:
            if source != target:
                findings = (
                    *leaving[source],
                    *arriving[target],
                    *problems(PAIR, source, target),
                    *_problems(extra_findings(source, target, kind), ignored),
                )
                yield Pair(source, target, tuple(Report(findings)))


def _problems(
    findings: Iterable[Finding], ignored: Collection[str]
) -> list[Finding]:
    return [
        finding
        for finding in downgrade_ignored(findings, ignored)
        if finding.status >= Status.WARN
    ]
