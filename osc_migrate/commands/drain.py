"""openstack migrate drain"""

import argparse
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_migrate import errors, plans
from osc_migrate.commands import base, planning
from osc_migrate.facts import fleet as read_fleet
from osc_migrate.facts.cloud import Cloud
from osc_migrate.model.fleet import Fleet
from osc_migrate.model.plan import Plan


class Drain(base.Base, command.Lister):
    """Empty compute hosts, or move some servers away from theirs

    First everything is planned: for each server its way, its destination,
    its place in the order, and why; or why it stays. No host is ever given
    more than placement says it has, and no server group is broken, not even
    in between. Several hosts are emptied one after the other.

    Exit codes with --dry-run or --plan: 0 when the plan empties the hosts;
    3 when it does not, wishes of owners included; 1 error; 2 wrong usage.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "hosts",
            metavar="<host>",
            nargs="*",
            help="Compute host to empty (several: one after the other)",
        )
        parser.add_argument(
            "--server",
            metavar="<server>",
            action="append",
            default=[],
            help=(
                "Instead of a host: just this server (name or ID; repeat the"
                " option for several)"
            ),
        )
        parser.add_argument(
            "--to",
            metavar="<host>",
            action="append",
            default=[],
            help=(
                "Move to no other host than this (repeat the option for"
                " several)"
            ),
        )
        planning.add_options(parser)
        planning.add_output(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        _, plan = planned(parsed_args, self.mover.cloud)
        if not (parsed_args.dry_run or parsed_args.plan):
            raise errors.MigrateError(
                "nothing was changed: this version only plans; give --dry-run"
                " to see the plan, or --plan FILE to keep it"
            )
        self.exit_code = planning.exit_code(plan)
        return planning.shown(parsed_args, plan)


def planned(
    parsed_args: argparse.Namespace, cloud: Cloud
) -> tuple[Fleet, Plan]:
    """What is there, and what would be done with it.

    :raises MigrateError: nothing is to be done, or nothing can be planned.
    """
    if bool(parsed_args.hosts) == bool(parsed_args.server):
        raise errors.MigrateError(
            "name the hosts to empty, or servers with --server; not both"
        )
    fleet = read_fleet.read(cloud, parsed_args.hosts)
    request = planning.request(
        parsed_args,
        hosts=planning.hosts(fleet, parsed_args.hosts),
        servers=planning.servers(fleet, parsed_args.server),
        to=planning.hosts(fleet, parsed_args.to),
    )
    plan = plans.drain(fleet, request)
    if not plan.steps and not plan.stays:
        raise errors.MigrateError(
            f"no server is on {', '.join(request.hosts)}: empty already"
        )
    return fleet, plan
