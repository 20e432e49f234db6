"""Each check of nodes: its fault is found, and nothing else; its fix
repairs it.

The default run plays one fault in six, 'tools/test long' all of them.
"""

import pytest

from functional_tests.node_faults import faults, witness
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
    assert witness.failures(nodes) == set()


def test_what_the_second_witness_sees_are_faults():
    seen = [key for keys in witness.SEEN_BY.values() for key in keys]
    assert len(seen) == len(set(seen)) > 60
    assert set(seen) <= {fault.key for fault in faults.of("nspawn")}


@pytest.mark.parametrize(
    "fault", sampled(faults.of("nspawn"), 6), ids=lambda fault: fault.key
)
def test_that_fault_and_no_other(nodes, fault):
    seen_by = witness.expected(fault)
    played = (
        play(nodes, fault, meanwhile=witness.failures)
        if seen_by
        else play(nodes, fault)
    )
    assert {f.status.name for f in played.mine} == {fault.status}
    assert played.others == set(fault.beside)
    assert all(finding.remedy for finding in played.mine)
    assert fault.by_hand or played.scripts
    assert played.left == []
    # Both witnesses agree.
    assert not seen_by or seen_by in played.witnessed
