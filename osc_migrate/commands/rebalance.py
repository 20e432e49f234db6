"""openstack migrate rebalance"""

import argparse
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_migrate import errors
from osc_migrate.cloud import fleet as read_fleet
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.commands import (
    base,
    options,
    planning,
    prompt,
    run_base,
    verdicts,
)
from osc_migrate.facts import fact
from osc_migrate.maintenance import planning as plans
from osc_migrate.maintenance import running as runs
from osc_migrate.maintenance.planning import By, Request
from osc_migrate.maintenance.planning.plan import Plan, Purpose
from osc_migrate.maintenance.running import TRIES


class Rebalance(base.Base, command.Lister):
    """Even out the load of compute hosts

    Plans as few and as small moves as possible to bring the load of each host
    within the threshold of the mean. Hosts that are down or disabled are left
    out. Where no single move helps, two servers are swapped. Once the hosts
    are balanced, another call plans no moves.

    The plan is then carried out as by 'migrate drain': each server is checked
    again just before its move and followed to the end, with a journal
    ('migrate drain --resume' continues after a crash). A server that cannot go
    to its planned destination stays where it is.

    Exit codes: 0 every move of the plan was made and verified, or none is
    needed; 1 error, nothing was started; 2 wrong usage; 3 nothing was started:
    no move is safe, or you declined; 4 some servers were not moved, the table
    shows which and why; 130 Ctrl-C, as for 'migrate drain'. With --dry-run or
    --plan: 0 if the plan reaches the threshold; 3 if it does not.
    """

    changes = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument(
            "--host",
            metavar="<host>",
            action="append",
            default=[],
            help=("Compute host to include (repeatable; default: all)"),
        )
        scope.add_argument(
            "--aggregate",
            metavar="<aggregate>",
            help="Include the hosts of this aggregate (name)",
        )
        scope.add_argument(
            "--az",
            "--availability-zone",
            metavar="<zone>",
            help="Include the hosts of this availability zone",
        )
        parser.add_argument(
            "--by",
            choices=[by.value for by in By],
            default=By.MEMORY.value,
            help="Resource to balance (default: %(default)s)",
        )
        parser.add_argument(
            "--threshold",
            metavar="<percent>",
            type=options.percent,
            default=10.0,
            help=(
                "Maximum deviation from the mean, in percent of the mean"
                " (default: 10)"
            ),
        )
        parser.add_argument(
            "--max-moves",
            metavar="<n>",
            type=options.count,
            help="Plan at most this many moves",
        )
        planning.add_options(parser)
        planning.add_output(parser)
        planning.add_apply(parser)
        run_base.add_options(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        # One lost response must not end a run that may take hours.
        request, plan = planned(
            parsed_args, self.mover.cloud.with_retries(TRIES)
        )
        if not plan.steps and not plan.reasons:
            base.say("every host is within the threshold: nothing to do")
        if parsed_args.dry_run or parsed_args.plan or not plan.steps:
            self.exit_code = planning.exit_code(plan)
            self.ending = verdicts.of_plan(plan, parsed_args.plan)
            return planning.plan_rows(parsed_args, plan)
        for line in plan.reasons:
            base.say(line)
        prompt.approve(parsed_args, planning.what_changes(plan))
        run = runs.rebalance(
            self.connection,
            request,
            run_base.options_of(parsed_args),
            plan=plan,
            journal_dir=parsed_args.journal_dir,
        )
        return run_base.execute(self, parsed_args, run)


def planned(
    parsed_args: argparse.Namespace, cloud: Cloud
) -> tuple[Request, Plan]:
    """Return the request and the plan.

    :raises MigrateError: nothing can be planned, or the plan file is invalid
        or not safe on this cloud.
    """
    file_plan = None
    if parsed_args.apply:
        file_plan = planning.from_file(
            parsed_args.apply, Purpose.REBALANCE, cloud
        )
    base.begin("reading the hosts and their servers")
    fleet = read_fleet.read(cloud)
    request = planning.request(
        parsed_args,
        hosts=_scope(parsed_args, fleet),
        by=By(parsed_args.by),
        threshold=parsed_args.threshold,
        max_moves=parsed_args.max_moves,
    )
    if file_plan is not None:
        request = plans.bind_request(request, file_plan)
        plans.check(fleet, file_plan, request)
        return request, file_plan
    return request, plans.rebalance(fleet, request)


def _scope(parsed_args: argparse.Namespace, fleet: Fleet) -> tuple[str, ...]:
    """Return the hosts that share the load; empty for all."""
    if name := parsed_args.aggregate:
        names = [
            host
            for aggregate in fleet.aggregates
            if aggregate.name == name
            for host in sorted(aggregate.hosts)
            if host in fleet.places
        ]
        if not names:
            raise errors.NotFound(
                "aggregate with hosts", name, "see 'openstack aggregate list'"
            )
        return tuple(names)
    if zone := parsed_args.az:
        names = [
            host
            for host, place in sorted(fleet.places.items())
            if fact(getattr, place.host, "zone") == zone
        ]
        if not names:
            raise errors.NotFound(
                "availability zone with hosts",
                zone,
                "see 'openstack compute service list'",
            )
        return tuple(names)
    return planning.hosts(fleet, parsed_args.host)
