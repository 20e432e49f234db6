"""What a check is, and how all of them are run.

A check is one function of facts. It returns what it saw, or raises
:class:`Problem` (the move would fail), :class:`Concern` (a risk),
:class:`Skip` (does not apply) or :class:`NotChecked`. A fact that was not
read, and a check that breaks, are UNKNOWN.
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
    """Base of what a check raises instead of returning."""

    status = Status.UNKNOWN
    gap: Gap | None = None

    def __init__(self, detail: str, remedy: str = "", *fixes: Fix) -> None:
        """:param remedy: empty where the fixes say it all."""
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
    """The check applies, and what was asked cannot answer it.

    It does not stand in the way: the move itself, or Nova, will show it
    without harm to the guest. What could harm it is UNKNOWN instead.
    """

    status = Status.NOT_CHECKED

    def __init__(self, detail: str, gap: Gap) -> None:
        super().__init__(detail)
        self.gap = gap


@dataclasses.dataclass(frozen=True)
class Check:
    # What operators and the documentation call it: 'server-is-running'.
    id: str
    # A statement that is true when the check passes.
    title: str
    # Names what the check is about, from its facts.
    subject: Callable[[Any], str]
    # The kinds of move that it matters for.
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
            # One broken check must not hide what the others found.
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
    """Makes a check of a function; its name and docstring are its own."""

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
    """Runs every check that matters for `kind`, or all of them.

    :param ignored: ids of checks whose FAIL or UNKNOWN is shown as WARN.
    """
    findings = (
        c.run(facts) for c in checks if kind is None or kind in c.kinds
    )
    return Report(softened(findings, ignored))


def softened(
    findings: Iterable[Finding], ignored: Collection[str]
) -> Iterator[Finding]:
    """The findings, those of ignored checks no worse than WARN."""
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
