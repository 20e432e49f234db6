"""Checks of the user's rights.

No API shows the policy of a cloud. Nova's default policy
(nova/policies/migrate_server.py) is applied to the roles in the user's
token. From Nova 32 (2025.2) on, the role manager may request moves that name
no host.
"""

from osc_migrate.checks.check import Concern, Problem, check
from osc_migrate.checks.requested import FLAMINGO
from osc_migrate.checks.server import COLD, LIVE, server
from osc_migrate.cloud.move_facts import MoveFacts

RULE = "os_compute_api:os-migrate-server:"


def _allowed(move: MoveFacts, rule: str, check_id: str) -> str:
    if "admin" in move.roles:
        return "admin"
    if move.wanted is not None:
        rule += ":host"
    elif "manager" in move.roles and move.nova > FLAMINGO:
        return "manager of the project, no host named"
    elif "manager" in move.roles and move.nova == FLAMINGO:
        raise Concern(
            f"{RULE}{rule} allows it to managers of the project from 2025.2"
            " on, and to admins alone in 2025.1; the API does not show which"
            " of the two this is",
            "try it: Nova refuses before anything moves",
        )
    roles = ", ".join(sorted(move.roles)) or "none"
    by_manager = move.nova >= FLAMINGO
    manager = (
        "a user with role admin"
        if move.wanted is None or "manager" not in move.roles or not by_manager
        else "a user with role admin, or no host: then the role manager does"
    )
    raise Problem(
        f"{RULE}{rule} allows it to admins"
        + (
            " and managers of the project"
            if by_manager and not rule.endswith(":host")
            else ""
        )
        + f"; roles of this user: {roles}",
        f"{manager}; if this cloud's policy differs: --ignore {check_id}",
    )


@check(server, LIVE)
def user_may_move_it_live(move: MoveFacts) -> str:
    """Nova's policy lets the user live-migrate the server.

    The rule is os_compute_api:os-migrate-server:migrate_live without a host,
    and os_compute_api:os-migrate-server:migrate_live:host with one.
    """
    return _allowed(move, "migrate_live", "user-may-move-it-live")


@check(server, COLD)
def user_may_move_it_cold(move: MoveFacts) -> str:
    """Nova's policy lets the user move the server cold.

    The rule is os_compute_api:os-migrate-server:migrate without a host, and
    os_compute_api:os-migrate-server:migrate:host with one.
    """
    return _allowed(move, "migrate", "user-may-move-it-cold")
