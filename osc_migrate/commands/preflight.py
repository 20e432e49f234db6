"""openstack migrate preflight"""

import argparse
from collections.abc import Iterable, Iterator, Sequence

from osc_lib.command import command

from osc_migrate import errors
from osc_migrate.checks import host_matrix, move_scope, registry
from osc_migrate.checks.findings import Finding, Report
from osc_migrate.cloud.hosts import virtual
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import base, junit, nodes, options, verdicts
from osc_migrate.commands import host_matrix as matrix
from osc_migrate.facts import or_none

Table = tuple[Sequence[str], Iterable[Sequence[object]]]

FINDING = ("check", "subject", "status", "detail", "remedy")
PAIR = ("source", "destination", "verdict", "reasons")
LEFT = {
    "vcpu_left": ("VCPU", "PCPU"),
    "memory_mb_left": ("MEMORY_MB",),
    "disk_gb_left": ("DISK_GB",),
}


class Preflight(base.Base, command.Lister):
    """Show whether servers can move, and if not, why

    Nothing is changed. With a server and a host: every finding about that
    move. With a server only: one row for each possible destination, best
    first. With --host: one row for each server on that host, to see whether it
    can be drained. Without arguments: the whole cloud, as before an upgrade.

    With --matrix: which host can move servers to which other host, with the
    reasons, as far as this depends on the hosts alone. Capacity, server groups
    and networks depend on the server. In formats other than the table, each
    pair of hosts is a row.

    With --nodes, the hosts themselves are checked over SSH too, in one session
    each: shared instances directory, matching users, libvirt listeners, open
    ports, name resolution and more. For a single move, only its two hosts are
    visited.

    Exit codes: 0 it is safe (with a server only: at least one host would
    accept it; --host: every server can leave; --matrix: each host has another
    one to move to); 3 it is not safe, or that cannot be determined; 1 error; 2
    wrong usage.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "server",
            metavar="<server>",
            nargs="?",
            help="Server to move (name or ID)",
        )
        parser.add_argument(
            "destination",
            metavar="<host>",
            nargs="?",
            help="Destination compute host",
        )
        parser.add_argument(
            "--host",
            metavar="<host>",
            help="Check whether every server can leave this compute host",
        )
        parser.add_argument(
            "--matrix",
            action="store_true",
            help="Show which host can move servers to which",
        )
        parser.add_argument(
            "--kind",
            choices=[kind.value for kind in Kind],
            help=(
                "Kind of move (default: cold for a stopped server, else live)"
            ),
        )
        options.add_long(
            parser, ("Show every finding, including those that passed")
        )
        parser.add_argument(
            "--junit",
            metavar="<file>",
            help="Write every finding to this file as JUnit XML",
        )
        options.add_ignore(parser)
        nodes.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        if parsed_args.host and parsed_args.server:
            raise errors.MigrateError(
                "--host checks every server on a host: leave out the server,"
                " or name its destination without --host"
            )
        if parsed_args.matrix and (parsed_args.host or parsed_args.server):
            raise errors.UsageError(
                "--matrix compares all hosts: leave out the server and --host"
            )
        subject = parsed_args.server or parsed_args.host or "the cloud"
        if parsed_args.destination:
            subject = f"{subject} -> {parsed_args.destination}"
        base.begin(f"checking {subject}")
        if parsed_args.matrix:
            columns, rows = self._matrix(parsed_args)
        elif parsed_args.host:
            columns, rows = self._host(parsed_args)
        elif parsed_args.server and parsed_args.destination:
            columns, rows = self._pair(parsed_args)
        elif parsed_args.server:
            columns, rows = self._server(parsed_args)
        else:
            columns, rows = self._cloud(parsed_args)
        return columns, [base.cells(parsed_args, row) for row in rows]

    def _pair(self, parsed_args: argparse.Namespace) -> Table:
        move = self.mover.facts(parsed_args.server, parsed_args.destination)
        node_findings = nodes.node_findings(parsed_args, [move])
        answer = move_scope.answer(
            move, _kind(parsed_args), parsed_args.ignore, node_findings
        )
        subject = f"{answer.server} -> {answer.host}"
        self.conclude(verdicts.of_pair(answer))
        return self._report(parsed_args, answer.report, subject)

    def _cloud(self, parsed_args: argparse.Namespace) -> Table:
        cloud = self.mover.whole_cloud()
        report = registry.judge_cloud(cloud, parsed_args.ignore)
        hosts = virtual(or_none(lambda: cloud.hosts) or {})
        node_report = nodes.visited(
            parsed_args,
            {name: nodes.address(host) for name, host in hosts.items()},
        )
        if node_report:
            report = Report([*report, *node_report.full_report()])
        self.conclude(verdicts.of_cloud(report))
        return self._report(parsed_args, report, "cloud")

    def _report(
        self, parsed_args: argparse.Namespace, report: Report, subject: str
    ) -> Table:
        self._end(parsed_args, subject, report.safe, report)
        shown: Iterable[Finding] = report
        if not parsed_args.long:
            shown = move_scope.fold_passes(report, subject)
        return _findings(shown)

    def _server(self, parsed_args: argparse.Namespace) -> Table:
        kind = _kind(parsed_args)
        moves = self.mover.facts_of_every_host(parsed_args.server)
        node_findings = nodes.node_findings(parsed_args, moves)
        answers = move_scope.best_first(
            move_scope.answer(move, kind, parsed_args.ignore, node_findings)
            for move in moves
        )
        safe = any(answer.allowed for answer in answers)
        self.conclude(move_scope.recommendation(answers))
        self._end(
            parsed_args, parsed_args.server, safe, _host_findings(answers)
        )
        _name_gaps(answers)
        if parsed_args.long:
            return _findings(_host_findings(answers))
        return ("host", "allowed", "reason", *LEFT), [
            (answer.host, answer.allowed, answer.reason, *_room_left(answer))
            for answer in answers
        ]

    def _host(self, parsed_args: argparse.Namespace) -> Table:
        kind = _kind(parsed_args)
        moves_by_server: Iterable[Sequence[MoveFacts]] = (
            self.mover.facts_of_every_server(parsed_args.host)
        )
        node_findings: move_scope.ExtraFindings = move_scope.no_findings
        if parsed_args.nodes or parsed_args.facts:
            # All moves are needed to know which nodes to read for what.
            moves_by_server = list(moves_by_server)
            moves = [move for moves in moves_by_server for move in moves]
            node_findings = nodes.node_findings(parsed_args, moves)
        leaving = [
            move_scope.judge_leaving(
                moves, kind, parsed_args.ignore, node_findings
            )
            for moves in moves_by_server
            if moves
        ]
        answers = [
            answer for departure in leaving for answer in departure.answers
        ]
        safe = all(departure.allowed for departure in leaving)
        self.conclude(verdicts.of_leaving(parsed_args.host, leaving))
        self._end(parsed_args, parsed_args.host, safe, _host_findings(answers))
        _name_gaps(answers)
        if parsed_args.long:
            return _findings(_host_findings(answers))
        return (
            ("server", "id", "status", "kind", "allowed", "host", "reason"),
            [
                (
                    departure.server,
                    departure.id,
                    departure.status,
                    departure.kind.value,
                    departure.allowed,
                    departure.best.host
                    if departure.best and departure.allowed
                    else "",
                    departure.reason,
                )
                for departure in leaving
            ],
        )

    def _matrix(self, parsed_args: argparse.Namespace) -> Table:
        facts = self.mover.host_pairs()
        facts = facts.but(hosts=virtual(facts.hosts))
        node_report = nodes.visited(
            parsed_args,
            {name: nodes.address(host) for name, host in facts.hosts.items()},
        )
        extra = node_report.between if node_report else None
        pairs = list(
            host_matrix.judge(
                facts,
                _kind(parsed_args) or Kind.LIVE,
                parsed_args.ignore,
                extra or host_matrix.no_findings,
            )
        )
        sources = {pair.source for pair in pairs if pair.open}
        findings = (
            finding.about(f"{pair.source} -> {pair.destination}")
            for pair in pairs
            for finding in pair.findings
        )
        self.conclude(matrix.summary(pairs))
        self._end(parsed_args, "matrix", sources == set(facts.hosts), findings)
        if (
            parsed_args.formatter != "table"
            or parsed_args.long
            or parsed_args.columns
        ):
            return PAIR, [
                (p.source, p.destination, p.verdict.value, p.reasons)
                for p in pairs
            ]
        for line in matrix.lines(pairs, max(0, parsed_args.max_width)):
            print(line, file=self.app.stdout)
        return (), ()

    def _end(
        self,
        parsed_args: argparse.Namespace,
        suite: str,
        safe: bool,
        findings: Iterable[Finding],
    ) -> None:
        if not safe:
            self.exit_code = base.NOT_SAFE
        has_output = parsed_args.junit or parsed_args.remedy_script
        rows = list(findings) if has_output else ()
        nodes.write_scripts(parsed_args, rows)
        if parsed_args.junit:
            try:
                junit.write(parsed_args.junit, f"preflight {suite}", rows)
            except OSError as error:
                raise errors.MigrateError(
                    f"the findings cannot be written: {error}"
                ) from error


def _kind(parsed_args: argparse.Namespace) -> Kind | None:
    return Kind(parsed_args.kind) if parsed_args.kind else None


def _findings(findings: Iterable[Finding]) -> Table:
    rows = (finding.as_dict() for finding in findings)
    return FINDING, [tuple(row[name] for name in FINDING) for row in rows]


def _host_findings(
    answers: Iterable[move_scope.MoveReport],
) -> Iterator[Finding]:
    """Yield every finding, with server and host as its subject. They are
    generated lazily, as they are many and rarely used."""
    for answer in answers:
        for finding in answer.report:
            yield finding.about(f"{answer.server} -> {answer.host}")


def _name_gaps(answers: Iterable[move_scope.MoveReport]) -> None:
    for line in move_scope.gaps(answers):
        base.say(line)


def _room_left(answer: move_scope.MoveReport) -> list[int | None]:
    return [
        next(
            (answer.left[name] for name in names if name in answer.left), None
        )
        for names in LEFT.values()
    ]
