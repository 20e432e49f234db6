"""What is said to do about a move of many that failed."""

import pytest

from osc_migrate.explain.joiner import explain
from osc_migrate.maintenance.planning.plan import Purpose
from osc_migrate.maintenance.running.context import Work
from osc_migrate.maintenance.running.engine import Engine
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.tests.unit.maintenance.running.lab import (
    Lab,
    Quick,
    never_again,
    plan,
)
from osc_migrate.tests.unit.past import attempt, history, refused

MISSING = "HostB is not on shared storage: Shared storage live-migration"
SHARED = "HostB is not on local storage: Block migration can not be used"
DENIED = "[Errno 13] Permission denied: '/var/lib/nova/instances/x'"
ONE = "openstack migrate"


def told(tmp_path, message, purpose):
    """The last column of a server whose move Nova refused so."""
    lab = Lab()
    step = lab.boot("vm1")
    lab.fate[step.id] = ["error"]
    lab.explanation = explain(history(), attempt(*refused(message)), True)
    work = Work(lab, Journal.create(tmp_path), Quick(), never_again, purpose)
    engine = Engine(work, plan(step))
    list(engine.looks())
    (row,) = engine.rows.values()
    return row.next


@pytest.mark.parametrize("purpose", [Purpose.DRAIN, Purpose.REBALANCE])
@pytest.mark.parametrize(
    ("message", "option"),
    [(MISSING, "with --block"), (SHARED, "without --block")],
)
def test_an_option_of_the_run_and_no_command_for_one(
    tmp_path, message, option, purpose
):
    said = told(tmp_path, message, purpose)
    assert f"replan {option}" in said
    assert f"{ONE} block" not in said and f"{ONE} live" not in said


def test_a_return_has_no_such_option(tmp_path):
    said = told(tmp_path, MISSING, Purpose.RETURN)
    assert f"{ONE} block" in said and "--block" not in said


def test_what_is_the_same_for_one_and_many_stays(tmp_path):
    said = told(tmp_path, DENIED, Purpose.DRAIN)
    assert said == explain(history(), attempt(*refused(DENIED)), True).next
    assert "id nova" in said
