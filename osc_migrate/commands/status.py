"""openstack migrate status"""

import argparse
from collections.abc import Iterable, Iterator, Sequence

from osc_lib.command import command

from osc_migrate.commands import base, options, run_base
from osc_migrate.maintenance.running import host_status
from osc_migrate.maintenance.running import journal as journals
from osc_migrate.maintenance.running.host_status import HostStatus, ServerLeft
from osc_migrate.maintenance.running.run_state import Stage
from osc_migrate.text import paste, printable, some


class ShowStatus(base.Base, command.Lister):
    """Show whether a compute host is empty, and what is left on it

    With a host: one row for each server that keeps it from being empty, and
    why, as a drain would see it: the server can move, its owner's policy
    excludes it, it cannot move safely, it is moving in or out, or it has moved
    and is awaiting confirmation. Below the table: the state of nova-compute
    and the run that holds the host. Without a host: one row for each compute
    host.

    Runs are identified by the disabled reason of the service and by the
    journals on this machine. Nothing is changed.

    Exit codes: 0 the host is empty: no server is on it, and none is moving in
    or out; 4 something is left; 1 error; 2 wrong usage. Without a host: 0.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "host",
            metavar="<host>",
            nargs="?",
            help="Compute host to show (default: one row for each)",
        )
        options.add_long(
            parser,
            "Also show the migration of each server; without a host, the"
            " state of each run and why services are disabled",
        )
        run_base.add_directory(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        base.begin(f"reading what is on {parsed_args.host or 'each host'}")
        cloud = self.mover.cloud
        journal_dir = parsed_args.journal_dir or journals.directory()
        if not parsed_args.host:
            names: Sequence[str] = HostStatus.COLUMNS
            if parsed_args.long:
                names = HostStatus.LONG
            hosts = host_status.of_all(cloud, journal_dir)
            return names, [
                base.blank(parsed_args, base.fields(parsed_args, host, names))
                for host in hosts
            ]
        status, rows = host_status.of_host(
            cloud, parsed_args.host, journal_dir
        )
        if rows or not status.empty:
            self.exit_code = base.NOT_MOVED
        self._last_lines = list(_lines(status, rows))
        names = ServerLeft.LONG if parsed_args.long else ServerLeft.COLUMNS
        return names, [
            base.blank(parsed_args, base.fields(parsed_args, row, names))
            for row in rows
        ]

    _last_lines: Sequence[str] = ()

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[Sequence[object]],
    ) -> int:
        rows = list(data)
        code = 0
        # For an empty host, print no table; programs get an empty list.
        if rows or parsed_args.formatter != "table":
            code = super().produce_output(parsed_args, column_names, rows)
        # Print the answer last, where it is easy to find.
        for line in self._last_lines:
            base.say(line)
        return code


def _lines(status: HostStatus, rows: Sequence[ServerLeft]) -> Iterator[str]:
    """Yield lines on the service, the run, and whether it is empty."""
    host = printable(status.host)
    service = f"{status.service or '?'} and {status.state or '?'}"
    # A reason that names the run is shown with the run.
    reason = "" if status.hold else status.disabled_reason
    yield (
        f"nova-compute on {host} is {service}"
        + (f" ({printable(reason)})" if reason else "")
    )
    yield from _hold_lines(status)
    if not rows and status.empty:
        enabled = status.service != "disabled"
        yield f"{host} is empty" + (
            "; new servers may be scheduled there: openstack compute service"
            f" set --disable {paste(status.host)} nova-compute"
            if enabled
            else ""
        )
        return
    yield (
        f"{host} is not empty: {some(len(rows), 'server')}:"
        f" {host_status.counts(rows)}"
    )


def _hold_lines(status: HostStatus) -> Iterator[str]:
    hold = status.hold
    if hold is None:
        return
    run = printable(hold.run)
    purpose = f"{hold.purpose} " if hold.purpose else ""
    machine = f" on {printable(hold.machine)}" if hold.machine else ""
    if hold.stage is Stage.AT_WORK:
        yield (
            f"{purpose}{run} is at work{machine}, process {hold.pid}; to"
            f" follow it: openstack migrate run attach {run}"
        )
    elif hold.stage is Stage.DIED:
        yield (
            f"{purpose}{run} has not ended, but its process{machine} has; to"
            f" continue it: openstack migrate drain --resume {run}"
        )
    elif hold.stage is Stage.UNKNOWN:
        yield (
            f"{purpose}{run} is at work{machine}, or its process has ended:"
            " that cannot be seen from here"
        )
    else:
        back = (
            "; to enable the host and bring its servers back: openstack"
            f" migrate return {paste(status.host)}"
        )
        yield (
            f"{purpose}{run} was the last to have it"
            + (back if hold.local and hold.purpose == "drain" else "")
        )
