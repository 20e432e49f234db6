"""Checks of what the user may do.

No API tells the policy of a cloud. Judged are Nova's defaults
(nova/policies/migrate_server.py) by the roles in the user's token.
"""

from osc_migrate.checks.check import Problem, check
from osc_migrate.checks.server import COLD, LIVE, server
from osc_migrate.cloud.move_facts import MoveFacts

RULE = "os_compute_api:os-migrate-server:"


def _allowed(move: MoveFacts, rule: str, check_id: str) -> str:
    if "admin" in move.roles:
        return "admin"
    if move.wanted is not None:
        rule += ":host"
    elif "manager" in move.roles:
        return "manager of the project, no host named"
    roles = ", ".join(sorted(move.roles)) or "none"
    manager = (
        "a user with role admin"
        if move.wanted is None or "manager" not in move.roles
        else "a user with role admin, or no host: then the role manager does"
    )
    raise Problem(
        f"{RULE}{rule} allows it to admins"
        + ("" if rule.endswith(":host") else " and managers of the project")
        + f"; roles of this user: {roles}",
        f"{manager}; if this cloud's policy differs: --ignore {check_id}",
    )


@check(server, LIVE)
def user_may_move_it_live(move: MoveFacts) -> str:
    """Nova's policy lets the user live-migrate the server.

    Without a host that is os_compute_api:os-migrate-server:migrate_live,
    with one os_compute_api:os-migrate-server:migrate_live:host.
    """
    return _allowed(move, "migrate_live", "user-may-move-it-live")


@check(server, COLD)
def user_may_move_it_cold(move: MoveFacts) -> str:
    """Nova's policy lets the user move the server cold.

    Without a host that is os_compute_api:os-migrate-server:migrate, with one
    os_compute_api:os-migrate-server:migrate:host.
    """
    return _allowed(move, "migrate", "user-may-move-it-cold")
