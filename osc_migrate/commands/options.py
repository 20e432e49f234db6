"""Options that several commands share."""

import argparse
import datetime
import difflib
import re

from osc_migrate.migration import on_stall
from osc_migrate.migration.pace import STALL_AFTER
from osc_migrate.nodes import node_checks
from osc_migrate.nodes.node_checks import all_checks

# Maximum of --node-timeout in seconds.
LONGEST_WAIT = 3600
# A parser, or a group of its arguments.
Parser = argparse._ActionsContainer


def add_server(
    parser: argparse.ArgumentParser, help: str = "Server to move"
) -> None:
    parser.add_argument(
        "server", metavar="<server>", help=f"{help} (name or ID)"
    )


def add_which(
    parser: argparse.ArgumentParser, help: str, *, all_allowed: bool = False
) -> None:
    """Add a server and --host; with `all_allowed` neither means all."""
    scope = parser.add_mutually_exclusive_group(required=not all_allowed)
    scope.add_argument(
        "server",
        metavar="<server>",
        nargs="?",
        help=f"{help} (name or ID)",
    )
    scope.add_argument(
        "--host",
        metavar="<host>",
        help="Select all migrations from or to this compute host instead",
    )
    if all_allowed:
        scope.add_argument(
            "--all",
            action="store_true",
            help="All migrations of the cloud (default)",
        )


def add_timeout(
    parser: argparse.ArgumentParser,
    help: str = (
        "Stop following after this many seconds; the move itself continues"
    ),
) -> None:
    parser.add_argument(
        "--timeout", metavar="<seconds>", type=positive, help=help
    )


def add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--yes",
        "--auto-approve",
        action="store_true",
        help="Do not ask for confirmation",
    )


def add_auto_approve(parser: Parser) -> None:
    parser.add_argument(
        "--auto-approve",
        action="store_true",
        help=(
            "Do not ask before the first change (without a terminal, it"
            " never asks)"
        ),
    )


def add_long(parser: Parser, help: str) -> None:
    parser.add_argument("--long", action="store_true", help=help)


def add_stall(parser: Parser) -> None:
    parser.add_argument(
        "--on-stall",
        choices=on_stall.RUNGS,
        default="wait",
        help=(
            "What to do when the remaining data no longer decreases because"
            " the guest writes too fast: wait (default); force, which pauses"
            " the guest or switches to post-copy (see 'migrate"
            " force-complete'); or abort (exit code 4)"
        ),
    )
    parser.add_argument(
        "--stall-after",
        metavar="<seconds>",
        type=positive,
        default=STALL_AFTER,
        help=(
            "Report a stall if the remaining data stops decreasing for this"
            " many seconds (default: 15; Nova updates its counters every 5 s)"
        ),
    )


def add_ignore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ignore",
        metavar="<check>",
        action="append",
        default=[],
        type=_check_id,
        help=("Treat this failing check as a warning (repeatable)"),
    )


def add_nodes(parser: argparse.ArgumentParser) -> None:
    """Add options to connect to nodes: see nodes.inventory."""
    group = parser.add_argument_group(
        "nodes",
        "How --nodes connects: over SSH, non-interactively, with host keys"
        " verified. A host is looked up in the inventory, then by name in"
        " the SSH configuration, then by the hypervisor address in Nova.",
    )
    group.add_argument(
        "--nodes",
        action="store_true",
        help="Also check the hosts themselves, not only the APIs",
    )
    group.add_argument(
        "--inventory",
        metavar="<file>",
        help=(
            "Inventory of the nodes: lines such as 'HostB"
            " ssh://root@192.0.2.7', the same as YAML, or an Ansible"
            " inventory"
        ),
    )
    group.add_argument(
        "--ssh-config",
        metavar="<file>",
        help="SSH client configuration with an entry for each host name",
    )
    group.add_argument(
        "--ssh-user", metavar="<user>", help="User to log in as"
    )
    group.add_argument(
        "--sudo",
        action="store_true",
        help="Become root with sudo (must not require a password)",
    )
    group.add_argument(
        "--forks",
        metavar="<n>",
        type=count,
        default=20,
        help="Maximum number of nodes to check in parallel (default: 20)",
    )
    group.add_argument(
        "--connect-timeout",
        metavar="<seconds>",
        type=node_seconds,
        help="Wait this many seconds for a shell on each node (default: 20)",
    )
    group.add_argument(
        "--node-timeout",
        metavar="<seconds>",
        type=node_seconds,
        help=(
            "Wait this many seconds for all answers of a node (default:"
            " 120); a larger value also extends the limit of each command"
        ),
    )


def count(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 1000:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"'{text}' is not an integer from 1 to 1000"
    )


def positive(text: str) -> float:
    """Parse a positive number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a positive number of seconds"
        )
    return seconds


def node_seconds(text: str) -> float:
    """Parse a timeout for a node, in seconds."""
    seconds = positive(text)
    if seconds > LONGEST_WAIT:
        raise argparse.ArgumentTypeError(
            f"'{text}' is more than {LONGEST_WAIT} seconds"
        )
    return seconds


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def period(text: str) -> datetime.timedelta:
    """Parse a duration: 90s, 30m, 8h, 2d."""
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    # The limit is longer than the age of any cloud.
    if not 0 < seconds < 100 * 365 * _UNITS["d"]:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a length of time such as 30m, 8h or 2d"
        )
    return datetime.timedelta(seconds=seconds)


def period_text(period: datetime.timedelta) -> str:
    """Format a duration in the largest exact unit: '8 h'."""
    seconds = int(period.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def percent(text: str) -> float:
    """Parse a percentage above 0, up to 100."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number <= 100:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a percentage from 0 to 100"
        )
    return number


def _check_id(text: str) -> str:
    known = [check.id for check in all_checks()] + [node_checks.ANSWERS]
    if text in known:
        return text
    similar = difflib.get_close_matches(text, known, 1)
    hint = (
        f"did you mean '{similar[0]}'?"
        if similar
        # The more than two hundred names would hide the message.
        else "openstack migrate preflight --long lists all names"
    )
    raise argparse.ArgumentTypeError(f"no check is called '{text}'; {hint}")
