"""Checks of the aggregates of a host."""

import pytest

from osc_migrate.cloud.hosts import Aggregate
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    PASS,
    UNKNOWN,
    WARN,
    Case,
    findings,
    prove,
)

PROJECT = shapes.server().project_id
ASKS = {"aggregate_instance_extra_specs__ssd": "true"}


def among(metadata, hosts=("HostC",), **extra_specs):
    server = shapes.server(flavor=shapes.flavor(**extra_specs))
    aggregate = Aggregate("a1", frozenset(hosts), metadata)
    return shapes.move(server=server, aggregates=(aggregate,))


CASES = [
    Case(
        "destination-is-open-to-the-project",
        among({"filter_tenant_id": "one, two"}),
        WARN,
        "reserved for other projects",
        "aggregate list",
    ),
    Case(
        "destination-is-open-to-the-project",
        among({"filter_tenant_id_2": f"one, {PROJECT}"}),
        PASS,
        "open to its project",
    ),
    Case(
        "destination-is-open-to-the-project",
        among({"filter_tenant_id": "one"}, hosts=("HostD",)),
        PASS,
        "open to all",
    ),
    Case(
        "destination-aggregates-suit-the-flavor",
        among({"ssd": "false"}, **ASKS),
        WARN,
        "asks for aggregates with ssd=true",
        "for HostC",
    ),
    Case("destination-aggregates-suit-the-flavor", among({}, **ASKS), WARN),
    Case(
        "destination-aggregates-suit-the-flavor",
        among({"ssd": "maybe,true"}, **ASKS),
        PASS,
        "ssd",
    ),
    Case(
        "destination-aggregates-suit-the-flavor",
        among({"n": "5"}, aggregate_instance_extra_specs__n=">= 3"),
        PASS,
        "n",
    ),
    Case(
        "destination-is-not-set-apart",
        among({"trait:CUSTOM_WIN": "required"}),
        WARN,
        "reserved for flavors and images with trait:CUSTOM_WIN",
        "another host",
    ),
    Case(
        "destination-is-not-set-apart",
        among({"trait:CUSTOM_WIN": "required"}, trait__CUSTOM_WIN="required"),
        PASS,
        "CUSTOM_WIN",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


def test_aggregates_that_nobody_may_list_are_unknown():
    found = findings(shapes.move(aggregates=Unread("403")))
    minded = [f for f in found.values() if f.status is UNKNOWN]
    assert {f.detail for f in minded} == {"403"}
