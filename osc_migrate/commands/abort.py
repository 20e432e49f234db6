"""openstack migrate abort"""

import argparse
import dataclasses
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_migrate import errors
from osc_migrate.cloud import in_flight
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.commands import base, drawing, options, repair
from osc_migrate.commands.ending import Ending, steps_of
from osc_migrate.migration import repair as repairing
from osc_migrate.migration.abort import AbortResult, Stop
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.repair import RepairAction
from osc_migrate.text import paste, some

# Abort waiting ones first: the end of a running one starts the next.
_ORDER = ("queued", "accepted", "preparing")


class Abort(base.Base, command.Lister):
    """Abort live migrations and follow each one to its end

    A live migration that is queued, preparing or running is stopped, and the
    guest keeps running on the source. Nova accepts the request at once; this
    command waits until the migration has ended and Nova has finished with the
    server, then shows the server's host and status. Nova 32.2 and later leaves
    the server in ERROR although its guest is running: 'openstack migrate
    repair' resets that.

    With --host, every live migration from or to that host is aborted. A cold
    migration cannot be aborted: wait for it to end, then run 'openstack
    migrate cold --revert'. Nor can a live migration in post-copy, whose guest
    already runs on the destination.

    Exit codes: 0 all were aborted; 1 error, or no live migration is in flight;
    2 wrong usage; 4 a migration completed nevertheless, or its outcome is
    unknown; 5 timeout; 130 Ctrl-C, the abort requests remain in effect.
    """

    changes = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_which(parser, "Server whose migrations to abort")
        parser.add_argument(
            "--repair",
            action="store_true",
            help=(
                "Reset a server that Nova leaves in ERROR to active if that is"
                " proven to be safe; see 'migrate repair'"
            ),
        )
        options.add_timeout(
            parser, "Wait at most this many seconds for each migration to end"
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        base.begin(
            "looking for migrations of"
            f" {parsed_args.server or parsed_args.host}"
        )
        stops = self._start_aborts(parsed_args)
        timeout, all_of_host = parsed_args.timeout, bool(parsed_args.host)
        ended = [self._ended(stop, timeout, all_of_host) for stop in stops]
        if parsed_args.repair:
            ended = [
                self._repaired(result) if result.broken else result
                for result in ended
            ]
        self.ending = _verdict(ended)
        names = base.table_columns(parsed_args, AbortResult.COLUMNS)
        return names, [
            base.fields(parsed_args, result, names) for result in ended
        ]

    def _start_aborts(self, parsed_args: argparse.Namespace) -> list[Stop]:
        """Request every abort, before waiting for any of them.

        :raises MigrateError: there is only one, and it cannot be aborted.
        """
        stops: list[Stop] = []
        for server, record in self._pairs(parsed_args):
            try:
                stop = self.mover.stop(server, record)
                stop.begin()
            except errors.MigrateError as error:
                if not parsed_args.host:
                    raise
                # One of many must not prevent the other aborts.
                base.say(str(error))
                self.exit_code = base.NOT_MOVED
                continue
            stops.append(stop)
        return stops

    def _pairs(
        self, parsed_args: argparse.Namespace
    ) -> list[tuple[Server, Migration]]:
        """Return the migrations in flight with their servers.

        :raises MigrateError: there are none.
        """
        cloud = self.mover.cloud
        if not parsed_args.host:
            server = cloud.server(parsed_args.server)
            records = self.mover.in_flight(server)
            if not records:
                # The status changed if the move ended between the two reads.
                latest = cloud.server_now(server.id) or server
                raise errors.MigrateError(_not_under_way(latest))
            return [(server, record) for record in records]
        host = in_flight.host_called(cloud, parsed_args.host)
        pairs = [
            (now, record)
            for record in self.mover.in_flight(host=host)
            if record.server_id and (now := cloud.server_now(record.server_id))
        ]
        if not pairs:
            raise errors.MigrateError(
                f"no migration that leaves or reaches {host} is in flight;"
                " 'openstack migrate watch --all' shows those of all hosts"
            )
        return sorted(pairs, key=lambda p: p[1].status not in _ORDER)

    def _ended(
        self, stop: Stop, timeout: float | None, all_of_host: bool
    ) -> AbortResult:
        """Wait for the end of one abort.

        :raises ApiError: no response, unless it is one of many.
        """
        name = stop.server.name
        try:
            try:
                drawing.draw(name, stop.follow(timeout))
                code = 0
            except TimeUp:
                code = base.RUNNING_ON
            except errors.ApiError as error:
                if not all_of_host:
                    raise
                base.say(str(error))
                code = base.NOT_MOVED
            result = stop.outcome()
        except BaseException:
            base.say(
                f"Nova is still aborting {name}: openstack migrate watch"
                f" {paste(name, stop.server.id)}"
            )
            raise
        if not result.stopped and not code:
            code = base.NOT_MOVED
        self.exit_code = max(self.exit_code, code)
        if all_of_host:
            base.say(_summary(result))
        return result

    def _repaired(self, result: AbortResult) -> AbortResult:
        """Reset the server's status if that is safe; return the new result."""
        facts = self.mover.facts(result.id, None)
        steps = [
            step
            for step in repairing.plan(facts, repair.CONFIRM_AFTER)
            if step.action is RepairAction.RESET
        ]
        keys = [step.key for step in steps]
        for step in repair.carry_out(self.mover, facts, steps, keys):
            if step.result == "done":
                now = self.mover.cloud.server_now(result.id)
                status = now.status if now else "deleted"
                return dataclasses.replace(
                    result, server_status=status, broken=False, next=""
                )
        base.say(f"{result.server} is not repaired")
        return result


def _verdict(results: Sequence[AbortResult]) -> Ending | None:
    """Return the ending: a sentence and next steps for one, else counts."""
    if len(results) == 1:
        return Ending(_summary(results[0]), steps_of(results[0].next))
    stopped = sum(result.stopped for result in results)
    steps = [step for result in results for step in steps_of(result.next)]
    return Ending(
        f"{stopped} of {some(len(results), 'migration')} stopped",
        tuple(dict.fromkeys(steps)),
    )


def _summary(result: AbortResult) -> str:
    """Return one sentence about the server's location and status."""
    end = "was stopped" if result.stopped else f"is {result.status}"
    guest = "; its guest still runs there" if result.broken else ""
    return (
        f"{result.server}: migration {result.migration_id} {end}; the server"
        f" is {result.server_status or 'in an unknown state'} on"
        f" {result.host or 'a host not shown'}{guest}"
    )


def _not_under_way(server: Server) -> str:
    name = paste(server.name, server.id)
    if server.status == "RESIZE":
        # Nova shows this before the migration record exists and after it has
        # ended, and also while a flavor changes.
        return (
            f"server {server.name} is being migrated cold or resized, which"
            f" Nova cannot abort; wait until it ends (openstack server show"
            f" {name}), then revert it: openstack migrate cold {name} --revert"
        )
    if server.status == "VERIFY_RESIZE":
        return (
            f"no migration of server {server.name} is under way: a cold one"
            f" is awaiting confirmation. To revert it: openstack migrate cold"
            f" {name} --revert"
        )
    return (
        f"no migration of server {server.name} is under way. To see how"
        f" the last one ended: openstack migrate explain {name}"
    )
