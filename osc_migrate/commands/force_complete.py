"""openstack migrate force-complete"""

import argparse
import contextlib
from collections.abc import Sequence

from osc_lib.command import command

from osc_migrate import errors
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.commands import base, drawing, migrate_base, options, prompt
from osc_migrate.migration import force
from osc_migrate.migration.follow import TimeUp
from osc_migrate.text import paste


class ForceComplete(base.Base, command.ShowOne):
    """Force a running live migration to complete, and follow it to its end

    Use this for a guest that writes memory as fast as it is copied, so that
    its migration does not converge. Nova pauses the guest until the rest has
    been copied: seconds, or minutes if much is left and the network is slow.
    Where both hosts permit post-copy, the guest is started on the destination
    at once instead and fetches the remaining memory from the source; it can no
    longer be aborted, and the guest is lost if the network between the hosts
    fails. Nova's API does not show in advance which of the two will happen.

    On a terminal it asks first, unless --yes is given. To stop the migration
    instead: 'openstack migrate abort'.

    Exit codes: 0 the server moved, as its migration record, host and status
    confirm; 1 error, or no migration in flight can be forced; 2 wrong usage; 3
    you declined, nothing was changed; 4 the migration failed; 5 timeout, the
    move continues; 130 Ctrl-C, the move continues.
    """

    changes = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_server(parser, "Server that is being moved")
        options.add_timeout(parser)
        options.add_yes(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Sequence[object]]:
        mover = self.mover
        base.begin(f"looking for the migration of {parsed_args.server}")
        server = mover.cloud.server(parsed_args.server)
        record = self._record(server)
        nova = mover.cloud.nova
        force.refuse(server, record, nova.has, nova.version)
        counted = mover.counted(server, record)
        for line in force.warning(server, counted):
            base.say(line)
        if not (parsed_args.yes or prompt.agreed("Force it?", default=True)):
            self.exit_code = base.NOT_SAFE
            base.say("Nothing was changed.")
            return (), ()
        move = mover.force(mover.facts(server.id, None), counted)
        name = server.name
        try:
            with contextlib.suppress(TimeUp):
                drawing.draw(name, move.follow(parsed_args.timeout))
            outcome = move.outcome()
        except BaseException:
            base.say(
                f"The move of {name} continues: openstack migrate watch"
                f" {paste(name, server.id)}"
            )
            raise
        self.exit_code = migrate_base.EXIT[outcome.end]
        return migrate_base.shown(self, parsed_args, outcome)

    def _record(self, server: Server) -> Migration:
        """Return the migration in flight.

        :raises MigrateError: there is none.
        """
        for record in self.mover.in_flight(server):
            return record
        name = paste(server.name, server.id)
        raise errors.MigrateError(
            f"no migration of server {server.name} is under way. To see"
            f" how the last one ended: openstack migrate explain {name}"
        )
