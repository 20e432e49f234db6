"""Common parts of the commands that move one server."""

import abc
import argparse
import contextlib
import functools
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_migrate.checks import move_scope, registry
from osc_migrate.checks.findings import Finding, Report, Status, not_checked
from osc_migrate.cloud.migrations import Kind, Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server
from osc_migrate.commands import (
    base,
    drawing,
    live_counters,
    nodes,
    options,
    post_checks,
    progress,
    signals,
    verdicts,
)
from osc_migrate.explain.explanation import Explanation
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.move import Counters, Move
from osc_migrate.migration.outcome import End, Outcome
from osc_migrate.migration.progress import Progress
from osc_migrate.text import confirm_or_revert, paste

EXIT = {
    End.MOVED: 0,
    End.ACCEPTED: 0,
    End.NOT_MOVED: base.NOT_MOVED,
    End.RUNNING_ON: base.RUNNING_ON,
    End.WAITS: base.UNCONFIRMED,
    End.REVERTED: 0,
}


# Names of columns and their values.
Shown = tuple[Sequence[str], Sequence[object]]


class Moving(base.Base, command.ShowOne):
    """Checks a move, starts it, follows it and shows its outcome."""

    changes = True
    kind: Kind
    # Checks whose result is printed before the move, even if passed.
    announced_checks: Sequence[str] = ()

    @abc.abstractmethod
    def start(self, parsed_args: argparse.Namespace, facts: MoveFacts) -> Move:
        """Send the single request to Nova."""

    def ignored(self, parsed_args: argparse.Namespace) -> list[str]:
        """Return IDs of checks whose failure is only a warning."""
        return [*parsed_args.ignore]

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_server(parser)
        parser.add_argument(
            "host",
            metavar="<host>",
            nargs="?",
            help=(
                "Destination compute host (default: chosen by the scheduler)"
            ),
        )
        wait = parser.add_mutually_exclusive_group()
        wait.add_argument(
            "--wait",
            action="store_true",
            default=True,
            help="Follow the move to its end (default)",
        )
        wait.add_argument(
            "--no-wait",
            action="store_false",
            dest="wait",
            help="Return once Nova has accepted the move",
        )
        options.add_timeout(parser)
        options.add_ignore(parser)
        nodes.add_visit(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Sequence[object]]:
        host = parsed_args.host or "any host"
        base.begin(
            f"checking {parsed_args.server} -> {host},"
            f" {registry.count(self.kind)} checks"
        )
        facts = self.mover.facts(parsed_args.server, parsed_args.host)
        parsed_args.ignore = self.ignored(parsed_args)
        node_findings = nodes.node_findings(parsed_args, [facts])
        report = move_scope.answer(
            facts, self.kind, parsed_args.ignore, node_findings
        ).report
        for finding in report.warnings:
            say(finding)
        for line in not_checked(report.gaps):
            base.say(f"  {line}")
        if not report.safe:
            self.exit_code = base.NOT_SAFE
            _refuse(report)
            self.ending = verdicts.not_safe(facts.server.name, report)
            return (), ()
        for finding in report:
            if (
                finding.check in self.announced_checks
                and finding.status < Status.WARN
            ):
                base.say(f"{finding.title}: {finding.detail}")
        self.foretell(parsed_args)
        self.approve(parsed_args, facts)
        outcome = self.after(parsed_args, self._move(parsed_args, facts))
        return self.result(parsed_args, outcome)

    def foretell(self, parsed_args: argparse.Namespace) -> None:
        """Print a forecast before the move."""

    def approve(
        self, parsed_args: argparse.Namespace, facts: MoveFacts
    ) -> None:
        """Ask before a move that loads the cloud much.

        :raises Declined: the user did not agree.
        """

    def looks(
        self, parsed_args: argparse.Namespace, move: Move
    ) -> Iterable[Progress]:
        """Yield the progress of the move, poll by poll."""
        return move.follow(parsed_args.timeout)

    def after(
        self, parsed_args: argparse.Namespace, outcome: Outcome
    ) -> Outcome:
        """Run after the record has ended: check a moved server for
        leftovers."""
        if outcome.end is End.MOVED:
            for finding in post_checks.leftovers(
                parsed_args, self.mover, outcome
            ):
                if finding.status >= Status.WARN:
                    say(finding)
        return outcome

    def result(
        self, parsed_args: argparse.Namespace, outcome: Outcome
    ) -> tuple[Sequence[str], Sequence[object]]:
        """Return the columns and values, and set the exit code."""
        self.exit_code = EXIT[outcome.end]
        return shown(self, parsed_args, outcome)

    def _move(
        self, parsed_args: argparse.Namespace, facts: MoveFacts
    ) -> Outcome:
        with (
            signals.raising_interrupt(),
            live_counters.gauge(parsed_args, facts, self.kind) as counters,
        ):
            return self._followed(parsed_args, facts, counters)

    def _followed(
        self,
        parsed_args: argparse.Namespace,
        facts: MoveFacts,
        counters: Counters | None,
    ) -> Outcome:
        name = facts.server.name
        try:
            move = self.start(parsed_args, facts)
        except KeyboardInterrupt:
            hint = _watch(facts, self.kind)
            base.say(f"The request may have reached Nova. {hint}")
            raise
        try:
            if counters:
                move.count_by(counters)
            if parsed_args.wait:
                with contextlib.suppress(TimeUp):
                    looks = self.looks(parsed_args, move)
                    drawing.draw(name, looks, counters or progress.no_counters)
            else:
                move.find()
            reach = (
                functools.partial(nodes.sessions, parsed_args)
                if parsed_args.nodes
                else None
            )
            return move.outcome(waited=parsed_args.wait, reach=reach)
        except BaseException:
            # After Ctrl-C or a lost API the move is no longer followed, but
            # it continues.
            base.say(
                f"The move of {name} continues. {_watch(facts, self.kind)}"
            )
            raise


def waits(server: Server, record: Migration) -> Outcome:
    """Return the outcome of a cold migration awaiting confirmation."""
    return Outcome(
        end=End.WAITS,
        server=server.name,
        id=server.id,
        kind=Kind.COLD.value,
        source=record.source,
        destination=record.destination,
        status=record.status,
        migration_id=record.id,
        seconds=0.0,
        memory_bytes=None,
        disk_bytes=None,
        next=confirm_or_revert(paste(server.name, server.id)),
    )


def shown(
    command: base.Base, parsed_args: argparse.Namespace, outcome: Outcome
) -> Shown:
    """Return the row of a move; in a table, the verdict has the reason."""
    command.ending = verdicts.of_move(outcome)
    if outcome.explanation:
        _details(outcome.server, outcome.explanation)
    names = base.table_columns(parsed_args, Outcome.COLUMNS)
    return names, base.fields(parsed_args, outcome, names)


def _details(server: str, explanation: Explanation) -> None:
    """Print details for experts that the verdict does not contain."""
    in_verdict = {"meaning", "next"}
    if verdicts.by_message(explanation):
        in_verdict.add("message")
    base.say(f"{server}, from Nova:")
    for name, value in explanation.facts.items():
        if name not in in_verdict:
            base.say(f"  {name}: {value}")


def _refuse(report: Report) -> None:
    """Print the problems; their remedies follow the verdict."""
    # The verdict contains the text of a single one.
    single = len(report.problems) == 1
    for finding in report.problems:
        detail = "" if single else f": {finding.detail}"
        base.say(
            f"  {finding.status.name} {finding.check}"
            f" ({finding.subject}){detail}"
        )


def say(finding: Finding) -> None:
    base.say(
        f"  {finding.status.name} {finding.check} ({finding.subject}):"
        f" {finding.detail}"
    )
    if finding.remedy:
        base.say(f"       {finding.remedy}")


def _watch(facts: MoveFacts, kind: Kind) -> str:
    """Return the commands for a move that is no longer followed."""
    server = paste(facts.server.name, facts.server.id)
    stop = f"to stop it: openstack migrate abort {server}"
    if kind is Kind.COLD:
        stop = (
            "to revert it when it has ended: openstack migrate cold"
            f" {server} --revert"
        )
    return f"To follow it: openstack migrate watch {server}; {stop}"
