"""openstack migrate drain"""

import argparse
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_migrate import errors
from osc_migrate.cloud import fleet as read_fleet
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.commands import (
    base,
    live_counters,
    node_blockers,
    nodes,
    planning,
    prompt,
    run_base,
    verdicts,
)
from osc_migrate.maintenance import planning as plans
from osc_migrate.maintenance import running as runs
from osc_migrate.maintenance.planning import Request
from osc_migrate.maintenance.planning.capacity import host_of
from osc_migrate.maintenance.planning.plan import Plan, Purpose
from osc_migrate.text import some


class Drain(base.Base, command.Lister):
    """Empty compute hosts, or move some servers off their hosts

    Everything is planned first: for each server the kind of move, the
    destination, its place in the order and the reason, or the reason why it
    stays. At no time does a host exceed its placement inventory, and no server
    group policy is violated. If several hosts are given, they are drained one
    after the other.

    Then the compute service of each host is disabled, with a reason that names
    this run, and the plan is carried out. Each server is checked again just
    before its move and followed to the real end of the move. A failed move is
    retried once on another host. The hosts stay disabled: 'migrate return'
    enables them and brings the servers back. Every request to Nova is recorded
    in a journal first, so that after a crash --resume can continue without
    moving a server twice.

    With --server, no service is disabled. With --nodes, the hosts are checked
    over SSH before planning, and no server is sent where these checks rule it
    out.

    Exit codes: 0 the hosts are empty and every server was verified at its
    destination; 1 error, nothing was started; 2 wrong usage; 3 nothing was
    started: no move is safe, or you declined; 4 some servers are left, the
    table shows which and why; 130 Ctrl-C: no further move is started and those
    in flight are followed to their end; a second Ctrl-C stops following them.
    With --dry-run or --plan: 0 if the plan empties the hosts; 3 if it does
    not, also because of owner policy.
    """

    changes = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "hosts",
            metavar="<host>",
            nargs="*",
            help=(
                "Compute host to drain (several are drained one after the"
                " other)"
            ),
        )
        parser.add_argument(
            "--server",
            metavar="<server>",
            action="append",
            default=[],
            help=(
                "Move only this server instead of draining a host (name or"
                " ID, repeatable)"
            ),
        )
        parser.add_argument(
            "--to",
            metavar="<host>",
            action="append",
            default=[],
            help=("Use only this host as a destination (repeatable)"),
        )
        planning.add_options(parser)
        planning.add_output(parser)
        planning.add_apply(parser)
        parser.add_argument(
            "--resume",
            metavar="<run>",
            help="Resume a run that was interrupted, or whose process died",
        )
        parser.add_argument(
            "--cancel",
            metavar="<run>",
            help=(
                "Cancel such a run: restore the compute services of its hosts;"
                " no server is moved"
            ),
        )
        nodes.add_visit(parser)
        run_base.add_options(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        _require_one_target(parsed_args)
        journal_dir = parsed_args.journal_dir
        if parsed_args.cancel:
            for line in runs.cancel(
                self.connection, parsed_args.cancel, journal_dir=journal_dir
            ):
                base.say(line)
            return (), ()
        if parsed_args.resume:
            run = runs.resume(
                self.connection,
                parsed_args.resume,
                journal_dir=journal_dir,
                keep_going=parsed_args.keep_going,
            )
            run.count_by(live_counters.of_run(parsed_args))
            return run_base.execute(self, parsed_args, run)
        # One lost response must not end a run that may take hours.
        cloud = self.mover.cloud.with_retries(runs.TRIES)
        if parsed_args.apply:
            fleet, request, plan = applied(parsed_args, cloud)
        else:
            fleet, request, plan = planned(parsed_args, cloud)
        if not (request.block or parsed_args.nodes):
            _name_local_disks(plans.local_disks(fleet, plan))
        if parsed_args.dry_run or parsed_args.plan:
            self.exit_code = planning.exit_code(plan)
            self.ending = verdicts.of_plan(plan, parsed_args.plan)
            return planning.plan_rows(parsed_args, plan)
        prompt.approve(
            parsed_args,
            [
                *planning.what_changes(plan),
                *(
                    f"{host} is disabled for new servers"
                    for host in request.hosts
                ),
                *plan.reasons,
            ],
        )
        run = runs.drain(
            self.connection,
            request,
            run_base.options_of(parsed_args),
            plan=plan,
            journal_dir=journal_dir,
        )
        run.count_by(live_counters.of_run(parsed_args))
        return run_base.execute(self, parsed_args, run)


def _require_one_target(parsed_args: argparse.Namespace) -> None:
    """Require exactly one target.

    :raises UsageError: none or several were given.
    """
    options = {
        "hosts": parsed_args.hosts,
        "--server": parsed_args.server,
        "--apply": parsed_args.apply,
        "--resume": parsed_args.resume,
        "--cancel": parsed_args.cancel,
    }
    used = [name for name, value in options.items() if value]
    if len(used) != 1:
        raise errors.UsageError(
            (f"{' and '.join(used)} exclude each other: " if used else "")
            + "name the hosts to empty, or servers with --server, or give"
            " one of --apply, --resume and --cancel"
        )


def planned(
    parsed_args: argparse.Namespace, cloud: Cloud
) -> tuple[Fleet, Request, Plan]:
    """Return the fleet, the request and the plan.

    :raises MigrateError: nothing is to be done, or nothing can be planned.
    """
    hosts_or_servers = parsed_args.hosts or parsed_args.server
    base.begin(f"planning the moves of {', '.join(hosts_or_servers)}")
    fleet = read_fleet.read(cloud, parsed_args.hosts)
    hosts = planning.hosts(fleet, parsed_args.hosts)
    servers = planning.servers(fleet, parsed_args.server)
    to = planning.hosts(fleet, parsed_args.to)
    homes = {host_of(fleet.servers[id]) for id in servers}
    request = planning.request(
        parsed_args,
        hosts=hosts,
        servers=servers,
        to=to,
        barriers=node_blockers.blockers(
            parsed_args, fleet, [*hosts, *homes], to
        ),
    )
    plan = plans.drain(fleet, request)
    if not plan.steps and not plan.stays:
        raise errors.MigrateError(
            f"no server is on {', '.join(request.hosts)}: empty already;"
            " nothing was changed"
        )
    return fleet, request, plan


def applied(
    parsed_args: argparse.Namespace, cloud: Cloud
) -> tuple[Fleet, Request, Plan]:
    """Return the fleet, and the request and plan from a file.

    :raises MigrateError: it is not a plan, or not safe on this cloud.
    """
    plan = planning.from_file(parsed_args.apply, Purpose.DRAIN, cloud)
    fleet = read_fleet.read(cloud, plan.sources)
    planned_ids = {planned.id for planned in plan.steps} | {
        planned.id for planned in plan.stays
    }
    ids_on_hosts = {
        server.id
        for server in fleet.servers.values()
        if host_of(server) in plan.sources
    }
    # A plan for some servers only: it does not empty the hosts.
    only_servers = (
        ids_on_hosts - planned_ids and not planned_ids - ids_on_hosts
    )
    request = planning.request(
        parsed_args,
        hosts=() if only_servers else plan.sources,
        servers=tuple(sorted(planned_ids)) if only_servers else (),
        to=planning.hosts(fleet, parsed_args.to),
        barriers=node_blockers.blockers(
            parsed_args,
            fleet,
            plan.sources,
            {
                planned.destination
                for planned in plan.steps
                if planned.destination
            },
        ),
    )
    request = plans.bind_request(request, plan)
    plans.check(fleet, plan, request)
    return fleet, request, plan


def _name_local_disks(number: int) -> None:
    """Report servers with local disks: only nodes show shared storage."""
    if number:
        base.say(
            f"{some(number, 'server')} with local disks: without shared"
            " storage add --block; --nodes checks"
        )
