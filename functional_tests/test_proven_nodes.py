"""Each fault of a node was played on a lab, and was found as it should be."""

import json

import pytest

from functional_tests.joint_faults import faults as joint_faults
from functional_tests.joint_faults import table as joint_table
from functional_tests.node_faults import faults as node_faults
from functional_tests.node_faults import table as node_table


@pytest.mark.parametrize(
    ("package", "table", "faults"),
    [
        ("node_faults", node_table, node_faults.ALL),
        ("joint_faults", joint_table, joint_faults.ALL),
    ],
)
def test_every_fault_was_played(package, table, faults):
    seen = set(json.loads(table.SEEN.read_text()))
    assert seen == {fault.key for fault in faults}, (
        f"play them: python -m functional_tests.{package} --page FAULT ..."
    )
