"""Define checks and run them.

A check is one function of facts. It returns a detail to show if it passes,
or raises :class:`Problem` (the move would fail), :class:`Concern` (a risk),
:class:`Skip` (does not apply) or :class:`NotChecked`. If a fact was not read
or the check itself breaks, the result is UNKNOWN.
"""

import dataclasses
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from osc_migrate.checks.findings import Finding, Fix, Gap, Report, Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread

LOG = logging.getLogger(__name__)


class Verdict(Exception):
    """Base class of the results that a check raises."""

    status = Status.UNKNOWN
    gap: Gap | None = None

    def __init__(self, detail: str, remedy: str = "", *fixes: Fix) -> None:
        """:param remedy: what to do; by default the text of the fixes."""
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy or "; ".join(map(str, fixes))
        self.fixes = fixes


class Problem(Verdict):
    """The move would fail, or interrupt the guest."""

    status = Status.FAIL


class Concern(Verdict):
    """The move works, at a risk to performance or connectivity."""

    status = Status.WARN


class Skip(Verdict):
    """The check does not apply here."""

    status = Status.SKIP


class NotChecked(Verdict):
    """The check applies, but the sources that were read cannot answer it.

    It does not block a move: Nova or the move itself will detect the problem
    without harm to the guest. Anything that could harm it is UNKNOWN instead.
    """

    status = Status.NOT_CHECKED

    def __init__(self, detail: str, gap: Gap) -> None:
        super().__init__(detail)
        self.gap = gap


@dataclasses.dataclass(frozen=True)
class Check:
    # The ID that operators and the documentation use: 'server-is-running'.
    id: str
    # A statement that is true when the check passes.
    title: str
    # Returns the name of the checked object, given the facts.
    subject: Callable[[Any], str]
    # The kinds of move that it applies to.
    kinds: frozenset[Kind]
    judge: Callable[[Any], str]

    def run(self, facts: object) -> Finding:
        status, remedy = Status.PASS, ""
        fixes: tuple[Fix, ...] = ()
        gap = None
        try:
            detail = self.judge(facts)
        except Verdict as verdict:
            status, detail = verdict.status, verdict.detail
            remedy, fixes = verdict.remedy, verdict.fixes
            gap = verdict.gap
        except Unread as unread:
            status, detail = Status.UNKNOWN, unread.reason
        except Exception as error:
            # One broken check must not hide the results of the others.
            LOG.debug("check %s broke", self.id, exc_info=True)
            status = Status.UNKNOWN
            detail = f"the check itself failed: {error!r}"
            remedy = "please report it, with the output of --debug"
        return Finding(
            check=self.id,
            subject=self._name(facts),
            status=status,
            detail=detail,
            remedy=remedy,
            title=self.title,
            fixes=fixes,
            gap=gap,
        )

    def _name(self, facts: object) -> str:
        try:
            return self.subject(facts)
        except Unread:
            return "?"


def check(
    subject: Callable[[Any], str], kinds: Iterable[Kind] = Kind
) -> Callable[[Callable[[Any], str]], Check]:
    """Turn a function into a check: its name becomes the ID, the first line
    of its docstring the title."""

    def decorate(judge: Callable[[Any], str]) -> Check:
        title = (judge.__doc__ or "").strip().splitlines()[0].rstrip(".")
        return Check(
            id=judge.__name__.replace("_", "-"),
            title=title,
            subject=subject,
            kinds=frozenset(kinds),
            judge=judge,
        )

    return decorate


def judge(
    checks: Iterable[Check],
    facts: object,
    kind: Kind | None,
    ignored: Collection[str] = (),
) -> Report:
    """Run the checks that apply to `kind`, or all if it is None.

    :param ignored: IDs of checks whose FAIL or UNKNOWN is reported as WARN.
    """
    findings = (
        c.run(facts) for c in checks if kind is None or kind in c.kinds
    )
    return Report(downgrade_ignored(findings, ignored))


def downgrade_ignored(
    findings: Iterable[Finding], ignored: Collection[str]
) -> Iterator[Finding]:
    """Yield the findings, those of ignored checks capped at WARN."""
    for finding in findings:
        if finding.check in ignored:
            finding = _softened(finding)
        yield finding


def _softened(finding: Finding) -> Finding:
    if finding.status <= Status.WARN:
        return finding
    return dataclasses.replace(
        finding,
        status=Status.WARN,
        detail=f"{finding.detail} (ignored {finding.status.name})",
    )
