"""Checks of what the user may do."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    COLD,
    FAIL,
    PASS,
    UNKNOWN,
    WARN,
    Case,
    prove,
)

RULE = "os_compute_api:os-migrate-server:"


def by(*roles, **changes):
    return shapes.move(roles=frozenset(roles), **changes)


ANYWHERE = {"wanted": None, "destination": None}


CASES = [
    Case(
        "user-may-move-it-live",
        by("member", "reader"),
        FAIL,
        f"{RULE}migrate_live:host allows it to admins; roles of this user:"
        " member, reader",
        "a user with role admin; if this cloud's policy differs: --ignore"
        " user-may-move-it-live",
    ),
    Case(
        "user-may-move-it-live",
        by("manager", "member"),
        FAIL,
        "migrate_live:host",
        "or no host",
    ),
    Case(
        "user-may-move-it-live",
        by("manager", "member", **ANYWHERE),
        PASS,
        "manager",
    ),
    Case(
        "user-may-move-it-live",
        by("manager", "member", nova=(2, 100), **ANYWHERE),
        WARN,
        "to admins alone in 2025.1",
        "Nova refuses before anything moves",
    ),
    Case(
        "user-may-move-it-live",
        by("manager", "member", nova=(2, 96), **ANYWHERE),
        FAIL,
        "migrate_live allows it to admins; roles",
        "a user with role admin; if this",
    ),
    Case(
        "user-may-move-it-live",
        by("manager", "member", nova=(2, 96)),
        FAIL,
        "migrate_live:host allows it to admins; roles",
        "a user with role admin; if this",
    ),
    Case(
        "user-may-move-it-live",
        by("member", **ANYWHERE),
        FAIL,
        f"{RULE}migrate_live allows it to admins and managers",
        "role admin",
    ),
    Case("user-may-move-it-live", by(**ANYWHERE), FAIL, "user: none"),
    Case("user-may-move-it-live", by("admin"), PASS, "admin"),
    Case("user-may-move-it-live", shapes.move(roles=Unread("x")), UNKNOWN),
    Case(
        "user-may-move-it-cold",
        by("member"),
        FAIL,
        f"{RULE}migrate:host",
        "--ignore user-may-move-it-cold",
        COLD,
    ),
    Case(
        "user-may-move-it-cold",
        by("member", **ANYWHERE),
        FAIL,
        f"{RULE}migrate allows it",
        "role admin",
        COLD,
    ),
    Case(
        "user-may-move-it-cold",
        by("manager", **ANYWHERE),
        PASS,
        "manager",
        kind=COLD,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)
