"""The verdict of commands that move servers, in one sentence. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from osc_migrate.checks.findings import Finding, Report, Status
from osc_migrate.checks.move_scope import Leaving, MoveReport
from osc_migrate.cloud.migrations import Kind
from osc_migrate.commands.ending import Ending, elapsed_text, steps_of
from osc_migrate.explain.explanation import Explanation
from osc_migrate.maintenance.planning.plan import Plan, Purpose, Way
from osc_migrate.maintenance.running.results import (
    AWAY,
    FINAL,
    Result,
    Row,
    RunVerdict,
)
from osc_migrate.migration.outcome import End, Outcome
from osc_migrate.text import paste, printable, some

# Reason of a server that stays by policy (maintenance/planning/method.py).
_EXCLUDED = "excluded by owner policy"

# Maximum length of a file name in a message.
_SHOWN_PATH = 200

# Failed servers to name below the verdict of a run.
_EXPLAINED = 3


def arrived(explanation: Explanation) -> bool:
    """Whether the guest has arrived: after the copy it runs on the
    destination, even if Nova did not finish the move."""
    return (
        explanation.kind == "live"
        and explanation.reached == "finishing"
        and explanation.cause != "guest-is-gone"
    )


def by_message(explanation: Explanation) -> bool:
    """Whether Nova's message is more specific than the known cause."""
    return bool(explanation.message) and not explanation.cause


def of_move(outcome: Outcome) -> Ending:
    """Return the ending for one server, whose move ended or continues."""
    name, route = outcome.server, _route(outcome)
    match outcome.end:
        case End.MOVED if outcome.kind == Kind.COLD.value:
            sentence = f"{name} moved{route} and is confirmed"
        case End.MOVED:
            sentence = (
                f"{name} moved{route} in {elapsed_text(outcome.seconds)}"
            )
        case End.ACCEPTED:
            sentence = f"{name} is being moved{route}: Nova accepted it"
        case End.RUNNING_ON:
            sentence = (
                f"{name} is still moving{route} after"
                f" {elapsed_text(outcome.seconds)}; it is not followed now"
            )
        case End.WAITS:
            sentence = (
                f"{name} is on {outcome.destination} and is awaiting"
                " confirmation"
            )
        case End.REVERTED:
            sentence = f"{name} was reverted: it is on {outcome.source} again"
        case End.NOT_MOVED:
            return _not_moved(outcome)
    return Ending(sentence, steps_of(outcome.next))


def _route(outcome: Outcome) -> str:
    if outcome.source and outcome.destination:
        return f" {outcome.source} -> {outcome.destination}"
    return ""


def _not_moved(outcome: Outcome) -> Ending:
    explanation = outcome.explanation
    reason, headline = outcome.reason, "did not move"
    if explanation is not None:
        reason = explanation.meaning
        if by_message(explanation):
            reason = explanation.message
        if arrived(explanation):
            headline = "moved, with problems"
    # The reason may already state the location.
    place = outcome.location
    if place.removeprefix("it is ") in reason:
        place = ""
    clauses = "; ".join(filter(None, (reason, place)))
    steps = steps_of(outcome.next)
    command = f"openstack migrate explain {paste(outcome.server, outcome.id)}"
    if not any(command in step for step in steps):
        steps = (*steps, f"for all that is known: {command}")
    return Ending(f"{outcome.server} {headline}: {clauses}", steps)


def not_safe(server: str, report: Report) -> Ending:
    """Return the ending for a move that was not started."""
    problems = report.problems
    reason = f"{len(problems)} checks rule it out"
    if len(problems) == 1:
        (problem,) = problems
        reason = problem.detail
        # Name the subject: 'Its service is disabled' is ambiguous.
        if problem.subject not in (server, *reason.split()):
            reason = f"{problem.subject}: {reason}"
        if problem.status is Status.UNKNOWN:
            reason = f"it is not known to be safe: {reason}"
    return Ending(
        f"{server} did not move: {reason}; nothing was changed",
        remedies(problems),
    )


def remedies(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the remedies of the findings, without repeats."""
    steps: list[str] = []
    for finding in findings:
        # Keep steps on one node together.
        on_one_node = finding.remedy.startswith("on ")
        steps += (finding.remedy,) if on_one_node else steps_of(finding.remedy)
    return tuple(dict.fromkeys(steps))


# A run


def of_run(
    run: str,
    purpose: Purpose,
    verdict: RunVerdict,
    rows: Collection[Row],
    emptied: Sequence[str] = (),
) -> Ending:
    """Return the ending of a drain, a return or a rebalance.

    :param emptied: hosts to be emptied; none if it moves single servers.
    """
    away = sum(row.outcome in AWAY for row in rows)
    numbers = list(_counts(rows))
    if emptied:
        verb = "is" if len(emptied) == 1 else "are"
        state = f"{', '.join(emptied)} {verb} {_emptiness(verdict, rows)}"
    elif purpose is Purpose.RETURN:
        be = "is" if len(rows) == 1 else "are"
        state = f"{_share(away, len(rows))} {be} back"
        numbers = numbers[1:]
    else:
        state = f"{_share(away, len(rows))} moved"
        numbers = numbers[1:]
    sentence = ": ".join(filter(None, (state, ", ".join(numbers))))
    if verdict is RunVerdict.INTERRUPTED:
        sentence = f"{sentence}; interrupted"
    if verdict is RunVerdict.INTERRUPTED and is_resumable(rows):
        return Ending(
            sentence,
            (
                f"to continue: openstack migrate drain --resume {run}",
                f"to cancel it: openstack migrate drain --cancel {run}",
            ),
        )
    failed = [row for row in rows if row.outcome is Result.FAILED]
    return Ending(
        sentence,
        tuple(
            f"openstack migrate explain {paste(row.server, row.id)}"
            for row in failed[:_EXPLAINED]
        ),
    )


def is_resumable(rows: Iterable[Row]) -> bool:
    """Whether an interrupted run has something left to do."""
    return any(row.outcome not in FINAL for row in rows)


def _emptiness(verdict: RunVerdict, rows: Collection[Row]) -> str:
    if any(row.outcome not in AWAY for row in rows):
        return "not empty"
    well = all(not row.reason or row.outcome is Result.GONE for row in rows)
    # All have left, but the servers there now could not be listed.
    if verdict is RunVerdict.SHORT and well:
        return "not known to be empty"
    return "empty"


def _share(count: int, total: int) -> str:
    if count == total == 2:
        return "both servers"
    if count == total:
        return f"all {total} servers" if total > 1 else "the server"
    return f"{count} of {some(total, 'server')}"


def _counts(rows: Collection[Row]) -> Iterator[str]:
    """Yield the number of servers per outcome; moved ones come first."""
    counts = dict.fromkeys(Result, 0)
    for row in rows:
        counts[row.outcome] += 1
    excluded = sum(
        row.outcome is Result.LEFT and _EXCLUDED in row.reason for row in rows
    )
    stay = counts[Result.LEFT] - excluded
    problems = sum(
        row.outcome is Result.MOVED and bool(row.reason) for row in rows
    )
    yield f"{counts[Result.MOVED]} moved"
    for count, clause in (
        (problems, f"{problems} of them with problems"),
        (
            counts[Result.GONE],
            f"{counts[Result.GONE]} moved or deleted by others",
        ),
        (excluded, f"{excluded} excluded by {_owner(excluded)}"),
        (stay, f"{stay} stay" + ("s" if stay == 1 else "")),
        (counts[Result.STOPPED], f"{counts[Result.STOPPED]} shut down there"),
        (counts[Result.FAILED], f"{counts[Result.FAILED]} failed"),
        (counts[Result.WAITS], f"{counts[Result.WAITS]} to be confirmed"),
        (
            counts[Result.RUNNING_ON],
            f"{counts[Result.RUNNING_ON]} still moving",
        ),
        (counts[Result.NOT_BEGUN], f"{counts[Result.NOT_BEGUN]} not begun"),
    ):
        if count:
            yield clause


def _owner(count: int) -> str:
    return "its owner" if count == 1 else "their owners"


def of_plan(plan: Plan, path: str = "") -> Ending:
    """A plan that is shown, and not carried out.

    :param path: the file it was written to.
    """
    stopped = sum(step.way is Way.STOP for step in plan.steps)
    stay = len(plan.stays)
    parts = [f"{some(len(plan.steps) - stopped, 'server')} would move"]
    if stopped:
        parts.append(f"{stopped} would be shut down there")
    if stay:
        parts.append(f"{stay} would stay")
    sentence = f"{', '.join(parts)}; nothing was changed"
    if not path or not plan.steps:
        return Ending(sentence, ())
    verb = plan.purpose.value
    return Ending(
        f"{sentence}; the plan is in {printable(path, _SHOWN_PATH)}",
        (f"to carry it out: openstack migrate {verb} --apply {paste(path)}",),
    )


# Preflight


def of_pair(answer: MoveReport) -> str:
    """Return the verdict on moving one server to one host."""
    destination = f" to {answer.host}" if answer.host else ""
    return _sentence(f"{answer.server} can move{destination}", answer.report)


def of_cloud(report: Report) -> str:
    """Return the verdict on a whole cloud."""
    return _sentence("servers can move in this cloud", report)


def _sentence(claim: str, report: Report) -> str:
    """Return the claim, or its opposite if the report contradicts it."""
    if report.safe:
        warned = len(report.warnings)
        return claim + (f", with {some(warned, 'warning')}" if warned else "")
    if report.verdict is Status.UNKNOWN:
        return f"it is not known whether {claim}"
    count = sum(finding.status is Status.FAIL for finding in report)
    claim = claim.replace(" can move", " cannot move", 1)
    return f"{claim}: {some(count, 'check')} failed"


def of_leaving(host: str, servers: Collection[Leaving]) -> str:
    """Return the verdict on all servers of a host."""
    if not servers:
        return f"{host} has no server"
    allowed = sum(server.allowed for server in servers)
    if allowed == len(servers):
        return f"{host} can be emptied: {_share(allowed, allowed)} can move"
    return (
        f"{host} cannot be emptied: {allowed} of"
        f" {some(len(servers), 'server')} can move"
    )
