"""Each check of nodes: its fault is found, and nothing else; its fix
repairs it.

The default run plays one fault in six, 'tools/test long' all of them.
"""

import pytest

from functional_tests.node_faults import faults
from functional_tests.node_faults.lab import odd, play
from functional_tests.sampling import sampled
from testbed.nodes import Lab


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    state = tmp_path_factory.mktemp("nodes") / "state"
    with Lab.up(state, kind="nspawn") as up:
        yield up


def test_healthy_nodes_have_no_findings(nodes):
    assert odd(nodes) == []


@pytest.mark.parametrize(
    "fault", sampled(faults.of("nspawn"), 6), ids=lambda fault: fault.key
)
def test_that_fault_and_no_other(nodes, fault):
    played = play(nodes, fault)
    assert {f.status.name for f in played.mine} == {fault.status}
    assert played.others == set(fault.beside)
    assert all(finding.remedy for finding in played.mine)
    assert fault.by_hand or played.scripts
    assert played.left == []
