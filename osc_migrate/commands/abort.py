"""openstack migrate abort"""

import argparse
import dataclasses
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_migrate import errors
from osc_migrate.cloud import in_flight
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.commands import base, options, progress, repair
from osc_migrate.migration import repair as repairing
from osc_migrate.migration.abort import AbortResult, Stop
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.repair import RepairAction
from osc_migrate.text import paste

# Those that wait go first: else the end of one that runs starts the next.
_ORDER = ("queued", "accepted", "preparing")


class Abort(base.Base, command.Lister):
    """Abort live migrations, and follow that to its true end

    A live migration that is queued, in preparation or running is stopped:
    the guest stays on its source, which it never left. Nova takes the wish
    and answers at once; this command waits until the migration has really
    ended and Nova is done with the server, and says where the server is and
    in which state. Nova 32.2 and later leaves it in ERROR although its guest
    runs on: 'openstack migrate repair' takes that back.

    With --host every live migration that leaves or reaches a host is
    aborted. A cold migration cannot be aborted: wait for its end, then
    'openstack migrate cold --revert' takes it back. Neither can a live one
    whose guest runs on the destination already (post-copy).

    Exit codes: 0 all were stopped; 1 error, or nothing is under way; 2
    wrong usage; 4 one completed all the same, or nobody can say; 5 the time
    to follow ran out; 130 Ctrl-C, what was asked of Nova goes on.
    """

    changes = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_which(parser, "Server whose migration is to stop")
        parser.add_argument(
            "--repair",
            action="store_true",
            help=(
                "Set a server that Nova leaves in ERROR back to active, where"
                " that is proven to be safe (as 'migrate repair' does, without"
                " asking)"
            ),
        )
        options.add_timeout(
            parser, "Wait no longer than this for the end of each"
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        stops = self._begun(parsed_args)
        timeout, many = parsed_args.timeout, bool(parsed_args.host)
        ended = [self._ended(stop, timeout, many) for stop in stops]
        if parsed_args.repair:
            ended = [
                self._repaired(one) if one.broken else one for one in ended
            ]
        names = AbortResult.COLUMNS
        return names, [base.fields(parsed_args, one, names) for one in ended]

    def _begun(self, parsed_args: argparse.Namespace) -> list[Stop]:
        """Each that can be aborted, asked for; all before any is waited for.

        :raises MigrateError: the only one cannot be.
        """
        stops: list[Stop] = []
        for server, record in self._pairs(parsed_args):
            try:
                stop = self.mover.stop(server, record)
                stop.begin()
            except errors.MigrateError as error:
                if not parsed_args.host:
                    raise
                # One of many must not keep the others from it.
                base.say(str(error))
                self.exit_code = base.NOT_MOVED
                continue
            stops.append(stop)
        return stops

    def _pairs(
        self, parsed_args: argparse.Namespace
    ) -> list[tuple[Server, Migration]]:
        """What is under way, with its server.

        :raises MigrateError: nothing is.
        """
        cloud = self.mover.cloud
        if not parsed_args.host:
            server = cloud.server(parsed_args.server)
            found = self.mover.in_flight(server)
            if not found:
                raise errors.MigrateError(_nothing(server))
            return [(server, record) for record in found]
        host = in_flight.host_called(cloud, parsed_args.host)
        pairs = [
            (now, record)
            for record in self.mover.in_flight(host=host)
            if record.server_id and (now := cloud.server_now(record.server_id))
        ]
        if not pairs:
            raise errors.MigrateError(
                f"no migration that leaves or reaches {host} is under way;"
                " 'openstack migrate watch --all' shows those of all hosts"
            )
        return sorted(pairs, key=lambda p: p[1].status not in _ORDER)

    def _ended(
        self, stop: Stop, timeout: float | None, many: bool
    ) -> AbortResult:
        """:raises ApiError: nobody answers, unless it is one of many."""
        name = stop.server.name
        try:
            try:
                progress.draw(name, stop.follow(timeout))
                code = 0
            except TimeUp:
                code = base.RUNNING_ON
            except errors.ApiError as error:
                if not many:
                    raise
                base.say(str(error))
                code = base.NOT_MOVED
            found = stop.outcome()
        except BaseException:
            base.say(
                f"Nova goes on with {name}: openstack migrate watch"
                f" {paste(name, stop.server.id)}"
            )
            raise
        if not found.stopped and not code:
            code = base.NOT_MOVED
        self.exit_code = max(self.exit_code, code)
        base.say(_told(found))
        return found

    def _repaired(self, found: AbortResult) -> AbortResult:
        """Its state set back, if that is safe; how it stands now."""
        facts = self.mover.facts(found.id, None)
        steps = [
            step
            for step in repairing.plan(facts, repair.CONFIRM_AFTER)
            if step.action is RepairAction.RESET
        ]
        keys = [step.key for step in steps]
        for step in repair.carry_out(self.mover, facts, steps, keys):
            if step.result == "done":
                now = self.mover.cloud.server_now(found.id)
                status = now.status if now else "deleted"
                return dataclasses.replace(
                    found, server_status=status, broken=False, next=""
                )
        base.say(f"{found.server} is not repaired: {found.next}")
        return found


def _told(found: AbortResult) -> str:
    """One sentence of where the server is."""
    how = "was stopped" if found.stopped else f"is {found.status}"
    guest = "; its guest runs on there" if found.broken else ""
    return (
        f"{found.server}: migration {found.migration_id} {how}; the server is"
        f" {found.server_status or 'in a state that nobody tells'} on"
        f" {found.host or 'a host not shown'}{guest}"
    )


def _nothing(server: Server) -> str:
    name = paste(server.name, server.id)
    if server.status == "VERIFY_RESIZE":
        return (
            f"no migration of server {server.name} is under way: a cold one"
            f" waits to be confirmed; openstack migrate cold {name} --revert"
            " takes it back"
        )
    return (
        f"no migration of server {server.name} is under way; openstack"
        f" migrate explain {name} tells how the last one ended"
    )
