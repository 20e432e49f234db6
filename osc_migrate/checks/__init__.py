"""What must hold before a server may move, judged on facts alone."""

from collections.abc import Collection

from osc_migrate.checks import destination, server
from osc_migrate.checks.check import Check, judge
from osc_migrate.model.facts import MoveFacts
from osc_migrate.model.findings import Kind, Report

# Of one server and one destination, in the order in which they are shown.
MOVE: tuple[Check, ...] = (
    server.server_is_running,
    server.server_is_idle,
    server.server_is_unlocked,
    server.server_host_is_known,
    destination.destination_exists,
    destination.destination_is_elsewhere,
    destination.destination_is_not_forced_down,
    destination.destination_is_up,
    destination.destination_is_enabled,
    destination.destination_has_room,
)


def judge_move(
    facts: MoveFacts, kind: Kind, ignored: Collection[str] = ()
) -> Report:
    """Every check that matters for moving one server in that way."""
    return judge(MOVE, facts, kind, ignored)
