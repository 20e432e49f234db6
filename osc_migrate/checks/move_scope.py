"""Preflight of several moves: one server to every host, or every server of a
host. Pure: facts in, answers out."""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from osc_migrate.checks import registry
from osc_migrate.checks.findings import (
    Finding,
    Gap,
    Report,
    Status,
    drop_explained,
    not_checked,
)
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import Unread, or_none
from osc_migrate.text import command, paste, some

# Returns further findings about a move, such as node checks.
ExtraFindings = Callable[[MoveFacts, Kind], Iterable[Finding]]


def no_findings(move: MoveFacts, kind: Kind) -> Iterable[Finding]:
    """Return no further findings: use the APIs alone."""
    return ()


@dataclasses.dataclass(frozen=True)
class MoveReport:
    """Whether one server may move to one host."""

    server: str
    id: str
    host: str
    kind: Kind
    report: Report
    # Resource class -> the host's free capacity after the move; empty if it
    # is not known.
    left: Mapping[str, int]

    @property
    def allowed(self) -> bool:
        return self.report.safe

    @property
    def reason(self) -> str:
        """The finding that decides; empty if nothing is wrong."""
        worst = next(iter(self.report), None)
        if worst is None or worst.status < Status.WARN:
            return ""
        return f"{worst.check}: {worst.detail}"


def kind_of(move: MoveFacts) -> Kind:
    """Return the kind of move for the server's state: cold if stopped."""
    if or_none(lambda: move.server.status) in ("SHUTOFF", "STOPPED"):
        return Kind.COLD
    return Kind.LIVE


def answer(
    move: MoveFacts,
    kind: Kind | None = None,
    ignored: Collection[str] = (),
    extra_findings: ExtraFindings = no_findings,
) -> MoveReport:
    """Judge the move of one server to one host.

    :param kind: kind of move; None to derive it from the server's state.
    :param extra_findings: returns further findings about that move.
    """
    chosen = kind or kind_of(move)
    report = registry.judge_move(move, chosen, ignored)
    if registry.names_no_host(move):
        extra_findings = no_findings
    return MoveReport(
        server=move.server.name,
        id=move.server.id,
        host=move.wanted or "",
        kind=chosen,
        report=Report(
            drop_explained([*report, *extra_findings(move, chosen)])
        ),
        left=or_none(lambda: _room_left(move)) or {},
    )


def _room_left(move: MoveFacts) -> dict[str, int]:
    needed = move.room.asked
    if not move.room.fits:
        return {}
    return {
        name: free - needed.get(name, 0)
        for name, free in move.room.free.items()
    }


def best_first(answers: Iterable[MoveReport]) -> list[MoveReport]:
    """Sort the answers: allowed first, then without warnings, then by free
    memory; names come last to make the order stable."""

    def rank(candidate: MoveReport) -> tuple[bool, int, int, str]:
        return (
            not candidate.allowed,
            candidate.report.verdict,
            -candidate.left.get("MEMORY_MB", 0),
            candidate.host,
        )

    return sorted(answers, key=rank)


def recommendation(answers: Sequence[MoveReport]) -> str:
    """Return which destination is best and why, or why none is possible.

    :param answers: answers for one server, best first.
    """
    if not answers:
        return "there is no other host"
    best = answers[0]
    name = paste(best.server, best.id)
    if not best.allowed:
        nowhere = f"{name} can move to none of {some(len(answers), 'host')}"
        if obstacle := _same_on_every_host(answers):
            return (
                f"{nowhere}; no host helps: {obstacle.check}:"
                f" {obstacle.detail}; {obstacle.remedy}"
            )
        return f"{nowhere}; nearest: {best.host}, {best.reason}"
    allowed = [answer for answer in answers if answer.allowed]
    move = command(
        *("openstack", "migrate", best.kind.value, name, paste(best.host))
    )
    return (
        f"{name} can move to {len(allowed)} of {some(len(answers), 'host')};"
        f" recommended: {best.host} ({_why_best(allowed)}): {move}"
    )


def _same_on_every_host(answers: Sequence[MoveReport]) -> Finding | None:
    """Return the problem of the server itself, the same for every host."""
    best, *worse_answers = answers
    for finding in best.report.problems:
        if (
            finding.subject == best.server
            and finding.remedy
            and all(
                finding in answer.report.problems for answer in worse_answers
            )
        ):
            return finding
    return None


def _why_best(allowed: Sequence[MoveReport]) -> str:
    """Return why the first of these hosts is the best."""
    best, *others = allowed
    warned = best.report.verdict is Status.WARN
    if not others:
        reason = "the only one"
    elif not warned and all(
        answer.report.verdict is Status.WARN for answer in others
    ):
        reason = "the only one without a warning"
    else:
        memory, next_memory = (
            max(answer.left.get("MEMORY_MB", 0) for answer in group)
            for group in ([best], others)
        )
        reason = "first of equals by name"
        if memory > next_memory:
            reason = f"most memory left: {memory} MB"
    return f"{reason}, with a warning" if warned else reason


@dataclasses.dataclass(frozen=True)
class Leaving:
    """Whether one server could leave its host, and to which hosts."""

    server: str
    id: str
    kind: Kind
    status: str
    # Best first; empty if there is no other host.
    answers: Sequence[MoveReport]

    @property
    def best(self) -> MoveReport | None:
        return self.answers[0] if self.answers else None

    @property
    def allowed(self) -> bool:
        return self.best is not None and self.best.allowed

    @property
    def reason(self) -> str:
        """Why it cannot leave: the problem that all hosts share, if any, else
        the problem at the best host."""
        if self.best is None:
            return "there is no other host"
        if self.best.allowed:
            return self.best.reason
        everywhere = set.intersection(
            *({f.check for f in a.report.problems} for a in self.answers)
        )
        for finding in self.best.report.problems:
            if finding.check in everywhere:
                return f"{finding.check}: {finding.detail}"
        return f"{self.best.host}: {self.best.reason}"


def judge_leaving(
    moves: Sequence[MoveFacts],
    kind: Kind | None = None,
    ignored: Collection[str] = (),
    extra_findings: ExtraFindings = no_findings,
) -> Leaving:
    """Judge one server, given the facts for each other host."""
    answers = best_first(
        answer(move, kind, ignored, extra_findings) for move in moves
    )
    move = moves[0]
    return Leaving(
        server=move.server.name,
        id=move.server.id,
        kind=kind or kind_of(move),
        status=_status(move),
        answers=answers,
    )


def _status(move: MoveFacts) -> str:
    try:
        return move.server.status
    except Unread:
        return "UNKNOWN"


def gaps(answers: Iterable[MoveReport]) -> list[str]:
    """Return what was not checked for several moves, a clause per subject."""
    by_check: dict[str, Gap] = {}
    for candidate in answers:
        for finding in candidate.report:
            if finding.gap is not None:
                by_check.setdefault(finding.check, finding.gap)
    return not_checked(by_check.values())


def fold_passes(report: Report, subject: str) -> list[Finding]:
    """Return the relevant findings, and one line that sums up the others."""
    shown = [f for f in report if f.status >= Status.WARN]
    passed = sum(f.status is Status.PASS for f in report)
    skipped = sum(f.status is Status.SKIP for f in report)
    if len(shown) == len(report.findings):
        return shown
    detail = f"{passed} checks passed"
    if skipped:
        detail += f", {skipped} do not apply"
    detail = ", ".join([detail, *not_checked(report.gaps)])
    summary = Finding(
        "(others)", subject, Status.PASS, f"{detail}; see --long"
    )
    return [*shown, summary]
