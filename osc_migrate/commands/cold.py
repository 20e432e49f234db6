"""openstack migrate cold"""

import argparse
import contextlib
import dataclasses
from collections.abc import Iterable, Sequence

from osc_migrate import errors
from osc_migrate.checks import registry
from osc_migrate.checks.findings import Status
from osc_migrate.cloud import durations as past
from osc_migrate.cloud.durations import PastDurations
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server
from osc_migrate.commands import base, drawing, migrate_base, prompt, terminal
from osc_migrate.migration.confirm import Verb
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.move import Move
from osc_migrate.migration.outcome import End, Outcome
from osc_migrate.migration.progress import Progress


class Cold(migrate_base.Moving):
    """Move a server that may be stopped, and confirm the move

    A running server is shut down, moved and started again; a stopped one is
    only moved. Nova keeps it on both hosts until the migration is confirmed or
    reverted. With --confirm, this command verifies the guest, its allocations
    and its ports, and then confirms. Without it, it asks on a terminal;
    elsewhere it leaves the server awaiting confirmation and shows the command
    to run next. --confirm and --revert also work on a server that is already
    awaiting confirmation.

    Nova does not report the progress of a cold migration, so the usual
    duration in this cloud is shown instead. A cold migration cannot be
    aborted: use --revert once it has ended.

    Exit codes: 0 the server moved and is confirmed, or was reverted with
    --revert (with --no-wait: Nova accepted the request); 1 error; 2 wrong
    usage; 3 not safe, nothing was changed; 4 the migration failed; 5 timeout,
    the move continues; 6 the server moved and is awaiting confirmation; 130
    Ctrl-C, the move continues.
    """

    changes = True

    kind = Kind.COLD
    past: PastDurations | None = None

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        end = parser.add_mutually_exclusive_group()
        end.add_argument(
            "--confirm",
            action="store_true",
            help="Confirm the migration if the server passes its checks",
        )
        end.add_argument(
            "--revert",
            action="store_true",
            help="Revert a migration that is awaiting confirmation",
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Sequence[object]]:
        if parsed_args.confirm and not parsed_args.wait:
            raise errors.MigrateError(
                "--confirm has to wait for the migration to end: leave out"
                " --no-wait, or confirm later"
            )
        if not (parsed_args.confirm or parsed_args.revert):
            return super().take_action(parsed_args)
        server = self.mover.cloud.server(parsed_args.server)
        if parsed_args.confirm and server.status != "VERIFY_RESIZE":
            return super().take_action(parsed_args)
        if parsed_args.host and server.status == "VERIFY_RESIZE":
            raise errors.MigrateError(
                f"server {server.name} already waits on {server.host}: leave"
                " out the host"
            )
        verb = Verb.CONFIRM if parsed_args.confirm else Verb.REVERT
        return self.result(
            parsed_args, self._decided(parsed_args, server, verb)
        )

    def start(self, parsed_args: argparse.Namespace, facts: MoveFacts) -> Move:
        if parsed_args.wait:
            self.past = past.past_durations(self.mover.cloud, Kind.COLD)
        if self.past and not terminal.draws():
            base.say(f"{facts.server.name}: {self.past}")
        return self.mover.cold(facts)

    def looks(
        self, parsed_args: argparse.Namespace, move: Move
    ) -> Iterable[Progress]:
        usual_seconds = self.past.median if self.past else None
        for look in super().looks(parsed_args, move):
            yield dataclasses.replace(look, usual_seconds=usual_seconds)

    def after(
        self, parsed_args: argparse.Namespace, outcome: Outcome
    ) -> Outcome:
        if outcome.end is not End.WAITS:
            return super().after(parsed_args, outcome)
        server = self.mover.cloud.server(outcome.id)
        if parsed_args.confirm or (
            parsed_args.wait and _confirmed_by_user(outcome)
        ):
            return self._decided(parsed_args, server, Verb.CONFIRM, outcome)
        return outcome

    def result(
        self, parsed_args: argparse.Namespace, outcome: Outcome
    ) -> migrate_base.Shown:
        shown = super().result(parsed_args, outcome)
        if outcome.end is End.WAITS and not parsed_args.wait:
            # Accepted; whether it has already ended is a matter of timing.
            self.exit_code = 0
        return shown

    def _decided(
        self,
        parsed_args: argparse.Namespace,
        server: Server,
        verb: Verb,
        before: Outcome | None = None,
    ) -> Outcome:
        """Confirm or revert, and follow that to its end.

        :param before: outcome of the move, if this command made it.
        """
        record = self.mover.waiting(server)
        if verb is Verb.CONFIRM and not self._well(server):
            # Confirming makes a revert impossible.
            return before or migrate_base.waits(server, record)
        decision = self.mover.decide(server, record, verb)
        try:
            with contextlib.suppress(TimeUp):
                looks = decision.follow(parsed_args.timeout)
                drawing.draw(server.name, looks)
        except BaseException:
            base.say(f"{verb.phase} of {server.name} continues")
            raise
        decided = decision.outcome()
        if decided.end is End.MOVED:
            decided = super().after(parsed_args, decided)
        return decided

    def _well(self, server: Server) -> bool:
        """Whether the guest is well, as far as checks show, before the
        confirmation makes a revert impossible."""
        facts = self.mover.facts(server.id, None)
        report = registry.judge_waiting(facts)
        for finding in report:
            if finding.status >= Status.WARN:
                migrate_base.say(finding)
        return report.safe


def _confirmed_by_user(outcome: Outcome) -> bool:
    """Ask the user whether to confirm the move."""
    if not prompt.is_interactive():
        return False
    base.say(
        f"{outcome.server} is on {outcome.destination} now, and kept on"
        f" {outcome.source} until this is confirmed."
    )
    return prompt.agreed("Confirm?")
