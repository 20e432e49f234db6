"""Preflight of more than one pair: a server and every host, a host and every
server on it. Pure: facts in, answers out."""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from osc_migrate.checks import registry
from osc_migrate.checks.findings import (
    Finding,
    Gap,
    Report,
    Status,
    not_checked,
    settled,
)
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import Unread, known
from osc_migrate.text import command, paste, some

# More findings about a move, such as those of its two nodes.
ExtraFindings = Callable[[MoveFacts, Kind], Iterable[Finding]]


def no_findings(move: MoveFacts, kind: Kind) -> Iterable[Finding]:
    """The APIs alone."""
    return ()


@dataclasses.dataclass(frozen=True)
class Answer:
    """Whether one server may go to one host."""

    server: str
    id: str
    host: str
    kind: Kind
    report: Report
    # Resource class -> what the host has left when the server is there;
    # empty where that is not known.
    left: Mapping[str, int]

    @property
    def allowed(self) -> bool:
        return self.report.safe

    @property
    def reason(self) -> str:
        """The finding that decides; empty when nothing speaks against."""
        worst = next(iter(self.report), None)
        if worst is None or worst.status < Status.WARN:
            return ""
        return f"{worst.check}: {worst.detail}"


def kind_of(move: MoveFacts) -> Kind:
    """What the server's state asks for: cold when it is stopped."""
    if known(lambda: move.server.status) in ("SHUTOFF", "STOPPED"):
        return Kind.COLD
    return Kind.LIVE


def answer(
    move: MoveFacts,
    kind: Kind | None = None,
    ignored: Collection[str] = (),
    extra_findings: ExtraFindings = no_findings,
) -> Answer:
    """One server and one host.

    :param kind: how to move; None for what the server's state asks for.
    :param extra_findings: more findings about that move.
    """
    chosen = kind or kind_of(move)
    report = registry.judge_move(move, chosen, ignored)
    if registry.names_no_host(move):
        extra_findings = no_findings
    return Answer(
        server=move.server.name,
        id=move.server.id,
        host=move.wanted or "",
        kind=chosen,
        report=Report(settled([*report, *extra_findings(move, chosen)])),
        left=known(lambda: _left(move)) or {},
    )


def _left(move: MoveFacts) -> dict[str, int]:
    needed = move.room.asked
    if not move.room.fits:
        return {}
    return {
        name: free - needed.get(name, 0)
        for name, free in move.room.free.items()
    }


def best_first(answers: Iterable[Answer]) -> list[Answer]:
    """Allowed before not, without warnings before with, then by the memory
    that is left; names last, so that the order is stable."""

    def rank(candidate: Answer) -> tuple[bool, int, int, str]:
        return (
            not candidate.allowed,
            candidate.report.verdict,
            -candidate.left.get("MEMORY_MB", 0),
            candidate.host,
        )

    return sorted(answers, key=rank)


def recommendation(answers: Sequence[Answer]) -> str:
    """Where a server should go, and why; or why nowhere.

    :param answers: about one server, best first.
    """
    if not answers:
        return "there is no other host"
    best = answers[0]
    name = paste(best.server, best.id)
    if not best.allowed:
        nowhere = f"{name} can move to none of {some(len(answers), 'host')}"
        if obstacle := _everywhere(answers):
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
        f" recommended: {best.host} ({_because(allowed)}): {move}"
    )


def _everywhere(answers: Sequence[Answer]) -> Finding | None:
    """What is wrong with the server itself, wherever it is to go."""
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


def _because(allowed: Sequence[Answer]) -> str:
    """Why the first of these hosts is the best."""
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
    """Whether one server could leave its host, and where to."""

    server: str
    id: str
    kind: Kind
    status: str
    # Best first; nothing when there is no other host.
    answers: Sequence[Answer]

    @property
    def best(self) -> Answer | None:
        return self.answers[0] if self.answers else None

    @property
    def allowed(self) -> bool:
        return self.best is not None and self.best.allowed

    @property
    def reason(self) -> str:
        """Why it cannot leave: what stands in the way everywhere if there
        is such a thing, else what does at the best host."""
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


def leaving(
    moves: Sequence[MoveFacts],
    kind: Kind | None = None,
    ignored: Collection[str] = (),
    extra_findings: ExtraFindings = no_findings,
) -> Leaving:
    """One server, by its facts towards each other host."""
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


def gaps(answers: Iterable[Answer]) -> list[str]:
    """What was not checked of several moves: a clause for each subject."""
    by_check: dict[str, Gap] = {}
    for candidate in answers:
        for finding in candidate.report:
            if finding.gap is not None:
                by_check.setdefault(finding.check, finding.gap)
    return not_checked(by_check.values())


def folded(report: Report, subject: str) -> list[Finding]:
    """The findings that matter, and one line for those that do not."""
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
