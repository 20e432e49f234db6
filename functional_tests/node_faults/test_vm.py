"""The same on machines with NFS in their kernels.

They are emulated, and a survey takes many seconds: that a fault was fixed
is seen when the next one alone is found. Most are for 'tools/test long': one
takes a minute.
"""

import pytest

from functional_tests.node_faults import faults
from functional_tests.node_faults.lab import odd, play


@pytest.fixture(scope="module")
def nodes(machines):
    return machines


def test_healthy_nodes_have_no_findings(nodes):
    assert odd(nodes) == []


# One of a mount, of a pair of nodes, and of an export.
SHORT = {
    "instances-nfs-is-mounted",
    "mount-options-agree",
    "export-names-every-compute",
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            fault,
            id=fault.key,
            marks=() if fault.key in SHORT else pytest.mark.long,
        )
        for fault in faults.of("vm")
    ],
)
def test_that_fault_and_no_other(nodes, fault):
    played = play(nodes, fault, again=False)
    try:
        assert {f.status.name for f in played.mine} == {fault.status}
        assert played.others == set(fault.beside)
        assert all(finding.remedy for finding in played.mine)
        assert fault.by_hand or played.scripts
    except AssertionError:
        nodes.reset(fault.node)
        raise


def test_the_last_one_was_mended_too(nodes):
    assert odd(nodes) == []
