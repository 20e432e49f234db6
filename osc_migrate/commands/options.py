"""Arguments that several commands share."""

import argparse
import difflib

from osc_migrate import checks


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


def _check_id(text: str) -> str:
    known = [check.id for check in (*checks.MOVE, *checks.CLOUD)]
    if text in known:
        return text
    near = difflib.get_close_matches(text, known, 1)
    hint = f"did you mean '{near[0]}'?" if near else ", ".join(known)
    raise argparse.ArgumentTypeError(f"no check is called '{text}'; {hint}")
