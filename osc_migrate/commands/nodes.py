"""The node options: collect facts, save them, and write fix scripts."""

import argparse
import pathlib
import typing
import urllib.parse
from collections.abc import Collection, Iterable, Mapping, Sequence

from osc_migrate import errors, private_files
from osc_migrate.checks import move_scope
from osc_migrate.checks.findings import Finding
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import base, options
from osc_migrate.facts import or_none
from osc_migrate.nodes import remedies, survey_file
from osc_migrate.nodes.collect import Survey, survey
from osc_migrate.nodes.node_report import NodeReport
from osc_migrate.nodes.role import Role

if typing.TYPE_CHECKING:
    from osc_migrate.nodes.transport import sessions as visit
    from osc_migrate.nodes.transport import target


def add_visit(parser: argparse.ArgumentParser) -> None:
    """Add options to check the two nodes of a move first."""
    options.add_nodes(parser)
    parser.add_argument(
        "--read-only",
        action="store_true",
        help=(
            "Change nothing on the nodes: no temporary files, no test"
            " listeners, no guest measurements"
        ),
    )
    parser.set_defaults(
        facts=None, remedy_script=None, save_facts=None, storage_host=()
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add options to check any nodes, and to use the results."""
    add_visit(parser)
    parser.add_argument(
        "--storage-host",
        metavar="<host>",
        action="append",
        default=[],
        help=(
            "Also check this file server of the instances directory; only"
            " for the whole cloud (repeatable)"
        ),
    )
    parser.add_argument(
        "--remedy-script",
        metavar="<directory>",
        help=(
            "Write a fix script for each node to this directory; read it,"
            " then run it on the node as root"
        ),
    )
    parser.add_argument(
        "--save-facts",
        metavar="<file>",
        help="Save the facts of the nodes to this file, without secrets",
    )
    parser.add_argument(
        "--facts",
        metavar="<file>",
        help="Check the facts in this file instead of connecting to the nodes",
    )


def visited(
    parsed_args: argparse.Namespace,
    hosts: Mapping[str, str | None],
    servers: Collection[str] = (),
) -> NodeReport | None:
    """Return the report on the nodes; None without --nodes.

    :param hosts: compute host -> address of its hypervisor, if known.
    :param servers: UUIDs of the servers to be moved.
    """
    if parsed_args.facts and parsed_args.remedy_script:
        raise errors.UsageError(
            "--remedy-script cannot be used with --facts: the file is not"
            " trusted; use --nodes instead"
        )
    if parsed_args.facts:
        node_survey = survey_file.read(parsed_args.facts)
    elif parsed_args.nodes:
        node_survey = _visit(parsed_args, hosts, servers)
    else:
        refuse_alone(
            parsed_args,
            *("remedy_script", "save_facts", "inventory", "storage_host"),
        )
        return None
    if parsed_args.save_facts:
        survey_file.write(parsed_args.save_facts, node_survey)
    return NodeReport(node_survey, parsed_args.ignore)


def _visit(
    parsed_args: argparse.Namespace,
    hosts: Mapping[str, str | None],
    servers: Collection[str],
) -> Survey:
    roles = dict.fromkeys(hosts, Role.COMPUTE)
    addresses = dict(hosts)
    for name in parsed_args.storage_host:
        roles[name] = Role.STORAGE
        addresses.setdefault(name, None)
    with sessions(parsed_args, addresses) as opened:
        return survey(
            opened,
            roles,
            servers=tuple(dict.fromkeys(servers)),
            read_only=parsed_args.read_only,
        )


def sessions(
    parsed_args: argparse.Namespace, hosts: Mapping[str, str | None]
) -> "visit.Sessions":
    """Shells on nodes, reached as the options say.

    :param hosts: node -> address of its hypervisor, if known.
    :raises MigrateError: it is not known how to connect to one.
    """
    # Imported here, as it is only needed with --nodes.
    from osc_migrate.nodes.transport import sessions as visit
    from osc_migrate.nodes.transport.shell import NodeLimits

    limits = NodeLimits(
        connect=parsed_args.connect_timeout or NodeLimits.connect,
        node=parsed_args.node_timeout or NodeLimits.node,
    )
    return visit.Sessions(
        targets(parsed_args, hosts), parsed_args.forks, limits
    )


def targets(
    parsed_args: argparse.Namespace, hosts: Mapping[str, str | None]
) -> "Mapping[str, target.Target]":
    """Return how to connect to the nodes, according to the options.

    :raises MigrateError: it is not known for a node.
    """
    from osc_migrate.nodes.transport import inventory

    return inventory.resolve(
        hosts,
        inventory=parsed_args.inventory,
        ssh_config=parsed_args.ssh_config,
        ssh_user=parsed_args.ssh_user,
        sudo=parsed_args.sudo,
        connect_timeout=parsed_args.connect_timeout,
    )


def refuse_alone(parsed_args: argparse.Namespace, *names: str) -> None:
    """Refuse options that would be silently ignored.

    :raises MigrateError: one of them was given.
    """
    for name in names:
        if getattr(parsed_args, name):
            raise errors.MigrateError(
                f"--{name.replace('_', '-')} requires --nodes"
            )


def write_scripts(
    parsed_args: argparse.Namespace, findings: Iterable[Finding]
) -> None:
    """Write the fix scripts of the nodes.

    :raises MigrateError: they cannot be written.
    """
    if not parsed_args.remedy_script:
        return
    directory = pathlib.Path(parsed_args.remedy_script)
    scripts = remedies.scripts(findings)
    try:
        private_files.make_directory(directory)
        for node, script in scripts.items():
            # A node's name is untrusted: it must remain a file name.
            name = urllib.parse.quote(node, safe="").replace("..", "%2E%2E")
            path = directory / f"{name}.sh"
            private_files.write(path, script, 0o700)
            base.say(f"Wrote a fix script for {node}: {path}")
    except OSError as error:
        raise errors.MigrateError(
            f"the scripts cannot be written: {error}"
        ) from error
    if not scripts:
        base.say("No problem was found that a script could fix.")


def node_findings(
    parsed_args: argparse.Namespace, moves: Sequence[MoveFacts]
) -> move_scope.ExtraFindings:
    """Return a function for the node findings of a move."""
    servers = [move.server.id for move in moves]
    node_report = visited(parsed_args, _hosts(moves), servers)
    return node_report.of_move if node_report else move_scope.no_findings


def _hosts(moves: Iterable[MoveFacts]) -> dict[str, str | None]:
    """Return the hosts of some moves, with their addresses."""
    addresses: dict[str, str | None] = {}
    for move in moves:
        for host in _hosts_of_move(move):
            addresses[host.name] = address(host)
    return addresses


def _hosts_of_move(move: MoveFacts) -> list[Host]:
    ends = or_none(lambda: move.source), or_none(lambda: move.destination)
    return [host for host in ends if host is not None]


def address(host: Host) -> str | None:
    """Return the address of its hypervisor, as recorded by Nova."""
    hypervisor = or_none(lambda: host.hypervisor)
    return or_none(lambda: hypervisor.ip) if hypervisor else None
