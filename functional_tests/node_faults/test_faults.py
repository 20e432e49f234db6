"""Each check of nodes: its fault is found, and nothing else; its remedy
mends it."""

import pytest

from functional_tests.node_faults import faults, lab
from functional_tests.nodes import Lab


@pytest.fixture(scope="module", params=["nspawn", "vm"])
def nodes(request, tmp_path_factory):
    state = tmp_path_factory.mktemp("nodes") / "state"
    with Lab.up(state, kind=request.param) as up:
        up.kind = request.param
        yield up


def test_healthy_nodes_have_no_findings(nodes):
    assert lab.odd(lab.report(nodes)) == []


@pytest.mark.parametrize("fault", faults.ALL, ids=lambda fault: fault.key)
def test_that_fault_and_no_other(nodes, fault):
    if fault.lab != nodes.kind:
        return
    try:
        lab.do(nodes, fault.node, fault.inject)
        found = lab.odd(lab.report(nodes))
        mine = [f for f in found if f.check == fault.check]
        assert {f.status.name for f in mine} == {fault.status}
        others = {f.check for f in found} - {fault.check}
        assert others == set(fault.beside)
        if fault.by_hand:
            assert all(f.remedy for f in mine)
            lab.do(nodes, fault.node, fault.by_hand)
        else:
            assert lab.mend(nodes, found)
        lab.do(nodes, fault.node, fault.undo)
        assert lab.odd(lab.report(nodes)) == []
    except BaseException:
        # The next one shall find a healthy node.
        nodes.reset(fault.node)
        raise
