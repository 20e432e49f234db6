"""openstack migrate describe-resource"""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from osc_lib.command import command

from osc_migrate.cloud.usage import Amount, Usage, host_usage, project_names
from osc_migrate.commands import base, options
from osc_migrate.text import listed

COLUMNS = ("host", "project", "cpu", "memory_mb", "disk_gb")


class DescribeResource(base.Base, command.Lister):
    """Show the resources of a compute host, and each project's share

    The rows match 'nova-manage service describe_resource': (total) is what the
    host has, before allocation ratios; (used_now) is what Nova accounts for on
    it, including reserved resources and servers that are moving in; (used_max)
    is the sum of the sizes of all servers on the host, running or not. One row
    for each project follows. Memory is in MiB, disk in GiB.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "host",
            metavar="<host>",
            help="Compute host (name, or hypervisor name or ID)",
        )
        options.add_long(parser, "Also show project IDs")
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        cloud = self.mover.cloud
        host, usage = host_usage(cloud, parsed_args.host)
        if usage.uncounted:
            base.say(
                f"{len(usage.uncounted)} servers are not counted: Nova does"
                " not show their size (cell down, or flavor deleted):"
                f" {listed(usage.uncounted)}"
            )
        names = project_names(cloud, usage.projects)
        columns = (*COLUMNS, "project_id") if parsed_args.long else COLUMNS
        return columns, [
            base.cells(parsed_args, row[: len(columns)])
            for row in _rows(host, usage, names)
        ]


def _rows(
    host: str, usage: Usage, names: Mapping[str, str]
) -> Iterable[Sequence[object]]:
    def row(label: str, amount: Amount, project: str = "") -> Sequence[object]:
        return (
            host,
            label,
            amount.cpu,
            amount.memory_mb,
            amount.disk_gb,
            project,
        )

    yield row("(total)", usage.total)
    yield row("(used_now)", usage.used_now)
    yield row("(used_max)", usage.used_max)
    # Projects of different domains may share a name: add the ID.
    times = Counter(names.values())
    labels = {
        project: name if times[name] < 2 else f"{name} ({project})"
        for project in usage.projects
        for name in [names.get(project, project)]
    }
    for project in sorted(usage.projects, key=labels.__getitem__):
        yield row(labels[project], usage.projects[project], project)
