"""Arguments that several commands share."""

import argparse
import difflib
from collections.abc import Mapping

from osc_migrate import checks
from osc_migrate.nodes import inventory, visit


def add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "server", metavar="<server>", help="Server to move (name or ID)"
    )


def add_ignore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ignore",
        metavar="<check>",
        action="append",
        default=[],
        type=_check_id,
        help=(
            "Take a failing check for a warning, by its name as preflight"
            " shows it (repeat the option for several checks)"
        ),
    )


def add_nodes(parser: argparse.ArgumentParser) -> None:
    """How nodes are reached, for those commands that visit them."""
    nodes = parser.add_argument_group(
        "nodes",
        "How the compute nodes are reached, with --nodes: over ssh as you"
        " use it by hand, with its configuration, agent and known_hosts; no"
        " password is ever asked for. By default each node is reached at the"
        " address that Nova shows of its hypervisor.",
    )
    nodes.add_argument(
        "--inventory",
        metavar="<file>",
        help=(
            "File that says how nodes are reached: lines such as 'HostB"
            " ssh://root@192.0.2.7', where HostB is Nova's name of the host;"
            " or an inventory of Ansible"
        ),
    )
    nodes.add_argument(
        "--ssh-config",
        metavar="<file>",
        help=(
            "Configuration of ssh to use instead of ~/.ssh/config; it has"
            " to know the nodes by the names that Nova has for them"
        ),
    )
    nodes.add_argument(
        "--ssh-user",
        metavar="<user>",
        help="User to log in as (default: as ssh is configured)",
    )
    nodes.add_argument(
        "--sudo",
        action="store_true",
        help=(
            "Become root on the nodes with sudo, which must not ask for a"
            " password"
        ),
    )
    nodes.add_argument(
        "--forks",
        metavar="<number>",
        type=_whole,
        default=20,
        help="Visit no more nodes than this at once (default: %(default)s)",
    )


def sessions(
    parsed_args: argparse.Namespace, hosts: Mapping[str, str | None]
) -> visit.Sessions:
    """Shells on nodes, as :func:`add_nodes` has them reached.

    :param hosts: Nova's name of the host -> its hypervisor's address.
    :raises MigrateError: nobody can say how one is reached.
    """
    targets = inventory.resolve(
        hosts,
        inventory=parsed_args.inventory,
        ssh_config=parsed_args.ssh_config,
        ssh_user=parsed_args.ssh_user,
        sudo=parsed_args.sudo,
    )
    return visit.Sessions(targets, parsed_args.forks)


def positive(text: str) -> float:
    """A number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no number of seconds above 0"
        )
    return seconds


def _whole(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no whole number above 0"
        )
    return number


def _check_id(text: str) -> str:
    known = [check.id for check in (*checks.MOVE, *checks.CLOUD)]
    if text in known:
        return text
    near = difflib.get_close_matches(text, known, 1)
    hint = f"did you mean '{near[0]}'?" if near else ", ".join(known)
    raise argparse.ArgumentTypeError(f"no check is called '{text}'; {hint}")
