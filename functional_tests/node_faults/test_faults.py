"""Each check of nodes: its fault is found, and nothing else; its remedy
mends it."""

import pytest

from functional_tests.node_faults import faults
from functional_tests.node_faults.lab import odd, play
from functional_tests.nodes import Lab

LABS = ("nspawn", "vm")
CASES = [
    pytest.param(kind, fault, id=f"{kind}-{fault.key}")
    for kind in LABS
    for fault in faults.ALL
    if fault.lab == kind
]


@pytest.fixture(scope="module")
def nodes(request, tmp_path_factory):
    state = tmp_path_factory.mktemp("nodes") / "state"
    with Lab.up(state, kind=request.param) as up:
        yield up


@pytest.mark.parametrize("nodes", LABS, indirect=True, scope="module")
def test_healthy_nodes_have_no_findings(nodes):
    assert odd(nodes) == []


@pytest.mark.parametrize(
    ("nodes", "fault"), CASES, indirect=["nodes"], scope="module"
)
def test_that_fault_and_no_other(nodes, fault):
    played = play(nodes, fault)
    assert {f.status.name for f in played.mine} == {fault.status}
    assert played.others == set(fault.beside)
    assert all(finding.remedy for finding in played.mine)
    assert fault.by_hand or played.scripts
    assert played.left == []
