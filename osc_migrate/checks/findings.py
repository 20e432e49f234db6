"""The result of one check, and the report of several."""

import dataclasses
import enum
import shlex
from collections.abc import Callable, Iterable, Iterator

from osc_migrate.checks import script
from osc_migrate.text import listed


class Status(enum.IntEnum):
    """A finding's status, ordered by severity: the worst is the verdict."""

    PASS = 0
    # The check does not apply here.
    SKIP = 1
    # The check applies, but the sources read cannot answer it: see Gap.
    NOT_CHECKED = 2
    # The move works, at a risk to performance or connectivity.
    WARN = 3
    # A fact could not be read, so the move is not known to be safe.
    UNKNOWN = 4
    # The move would fail or interrupt the guest.
    FAIL = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Gap:
    """A property that a check could not verify, and how to verify it.

    :ivar subject: a noun: 'shared storage'.
    :ivar how: a clause: '--nodes checks it'.
    :ivar answered_by: IDs of checks that verify it, if they are run.
    """

    subject: str
    how: str
    answered_by: tuple[str, ...] = ()


# Characters per line of a script; an export with 500 clients has fewer.
_LONGEST = 50_000


@dataclasses.dataclass(frozen=True, slots=True)
class Fix:
    """Commands for root on one node that fix a problem there.

    They are idempotent: a second run changes nothing. See remedies.py for
    the functions, such as ini_set, that the lines may call.
    """

    node: str
    # Shell lines with every untrusted word quoted: see text.command().
    lines: tuple[str, ...]
    # Units to restart afterwards, once, even if several fixes name them.
    restart: tuple[str, ...] = ()
    # Other nodes that supplied values in the lines. A check of several nodes
    # must state it: () if all values are from the node itself.
    rests_on: tuple[str, ...] | None = None
    # Why these values are acceptable.
    vouched: script.Vouched | None = None
    # Why a script must not contain this; empty if it may.
    refused: str = ""

    def __post_init__(self) -> None:
        for line in (*self.lines, *self.restart):
            if not isinstance(line, str):
                raise TypeError(f"a line of a script is not text: {line!r}")
        if not self.refused:
            object.__setattr__(self, "refused", self._refusal())

    def _refusal(self) -> str:
        # Splitting a line into words takes a second per million characters.
        if max(map(len, (*self.lines, *self.restart)), default=0) > _LONGEST:
            return "a name or a path there is too long"
        if not all(map(script.is_printable, self.lines)):
            return "a name or a path there holds control characters"
        try:
            for unit in (*self.restart, *_units(self.lines)):
                script.UnitArgument(unit)
        except script.UnsafeText as refused:
            return str(refused)
        other_nodes = [
            name for name in self.rests_on or () if name != self.node
        ]
        if not other_nodes:
            return ""
        if not isinstance(self.vouched, script.Vouched):
            return f"it rests on what only {listed(other_nodes, 3)} says"
        if not self.vouched.stands_in(self.lines):
            return "it writes another word than the one that was checked"
        return ""

    def resting_on(
        self, *nodes: str, vouched: script.Vouched | None = None
    ) -> "Fix":
        """Return a copy that states the other nodes it relies on."""
        return dataclasses.replace(self, rests_on=nodes, vouched=vouched)

    def stated(self) -> "Fix":
        """Return the fix, refused if it does not state which nodes it relies
        on."""
        if self.rests_on is None and not self.refused:
            return dataclasses.replace(
                self, refused="it does not state whose word it rests on"
            )
        return self

    def __str__(self) -> str:
        if self.refused:
            return f"on {self.node}: change it by hand; {self.refused}"
        steps = [step for line in self.lines if (step := _as_comment(line))]
        if self.restart:
            steps.append(f"systemctl restart {' '.join(self.restart)}")
        return f"on {self.node}: {'; '.join(steps)}"


def _units(lines: Iterable[str]) -> Iterator[str]:
    """Yield the units that the lines pass to systemctl."""
    for line in lines:
        if line.startswith("systemctl "):
            arguments = shlex.split(line.removesuffix(" || :"))[2:]
            # A pattern covers all sockets of a daemon: 'libvirtd*.socket'.
            yield from (w.replace("*", "") for w in arguments if w != "--now")


def allowed(node: str, build: Callable[[], Fix]) -> Fix:
    """Return the fix, or a refused one if a value in it is not allowed."""
    try:
        return build()
    except script.UnsafeText as refused:
        return Fix(node, (), refused=str(refused))


# The functions of remedies.py, described for users without the script.
_DESCRIPTIONS = {
    "ini_set": "in {0} set [{1}] {2} = {3}",
    "conf_set": "in {0} set {1} = {2}",
    "line_add": "add to {0} the line {1}",
    "line_drop": "remove from {0} the lines that match {1}",
    "fstab_drop": "in {0} remove {2} from the options of {1}",
    "fstab_source": "in {0} set the source of {1} to {2}",
    "keep": "",
    "user_line_add": "as {0} add to {1} the line {2}",
    "home_own": "chown -h {0}: {2}",
    "user_mode": "as {0}: chmod {1} {2}",
    "directory": "mkdir -p -m 755 {1}; chown -h {0}: {1}",
}


def _as_comment(line: str) -> str:
    """Describe a line of a script; an ordinary command stays as it is."""
    name = line.partition(" ")[0]
    if name not in _DESCRIPTIONS:
        return line
    return _DESCRIPTIONS[name].format(*shlex.split(line)[1:])


# Slots save memory: a large cloud has a million findings per host.
@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check for one subject."""

    check: str
    subject: str
    status: Status
    detail: str
    # What to do about it; empty if nothing is wrong.
    remedy: str = ""
    # A statement that is true when the check passes.
    title: str = ""
    # The remedy as commands, if there are any.
    fixes: tuple[Fix, ...] = ()
    # Only set for NOT_CHECKED.
    gap: Gap | None = None

    def about(self, subject: str) -> "Finding":
        """Return a copy with another subject."""
        return dataclasses.replace(self, subject=subject)

    def as_dict(self) -> dict[str, str]:
        """Return builtin types only, for JSON, JUnit and pytest-xdist."""
        return {
            "check": self.check,
            "subject": self.subject,
            "status": self.status.name,
            "detail": self.detail,
            "remedy": self.remedy,
        }


class Report:
    """The findings of one preflight, worst first."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        # sorted() is stable: equal statuses keep the order of the checks.
        self.findings = sorted(findings, key=lambda f: -f.status)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def verdict(self) -> Status:
        return max((f.status for f in self.findings), default=Status.PASS)

    @property
    def safe(self) -> bool:
        """Whether every result is known and none rules out the move."""
        return self.verdict <= Status.WARN

    @property
    def problems(self) -> list[Finding]:
        """The findings that rule out the move: FAIL and UNKNOWN."""
        return [f for f in self.findings if f.status > Status.WARN]

    @property
    def warnings(self) -> list[Finding]:
        return [f for f in self.findings if f.status is Status.WARN]

    @property
    def gaps(self) -> list[Gap]:
        """What was not checked, one entry per finding."""
        return [f.gap for f in self.findings if f.gap is not None]


def drop_explained(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings; a gap that another one answers becomes SKIP."""
    rows = list(findings)
    present = {row.check for row in rows}
    for row in rows:
        by = present.intersection(row.gap.answered_by if row.gap else ())
        if by:
            row = dataclasses.replace(
                row,
                status=Status.SKIP,
                detail=f"see {' and '.join(sorted(by))}",
                gap=None,
            )
        yield row


def not_checked(gaps: Iterable[Gap]) -> list[str]:
    """Return a clause per subject: '1 not checked: shared storage; --nodes
    checks it'."""
    counts: dict[tuple[str, str], int] = {}
    for gap in gaps:
        key = (gap.subject, gap.how)
        counts[key] = counts.get(key, 0) + 1
    return [
        f"{count} not checked: {subject}; {remedy}"
        for (subject, remedy), count in counts.items()
    ]
